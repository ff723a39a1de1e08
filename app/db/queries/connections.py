"""Every question asked of the carrier connections an operator set up."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db.models import Attempt, CarrierConnection, ConnectionLease, Sender


def every(session: Session) -> list[CarrierConnection]:
    """All of them, by name."""
    return list(session.exec(select(CarrierConnection).order_by(col(CarrierConnection.name))))


def by_name(session: Session, name: str) -> CarrierConnection | None:
    """One of them."""
    return session.exec(select(CarrierConnection).where(CarrierConnection.name == name)).one_or_none()


def by_id(session: Session, connection_id: UUID) -> CarrierConnection | None:
    """One of them."""
    return session.get(CarrierConnection, connection_id)


def of_organisation(session: Session, organisation_id: UUID) -> list[CarrierConnection]:
    """Those that may carry messages of an organisation, by name."""
    query = select(CarrierConnection).where(
        col(CarrierConnection.enabled),
        sa.or_(
            col(CarrierConnection.organisation_id).is_(None),
            col(CarrierConnection.organisation_id) == organisation_id,
        ),
    )
    return list(session.exec(query.order_by(col(CarrierConnection.name))))


def in_use(session: Session, name: str) -> bool:
    """Whether a sender still leaves by it, or an attempt on it waits for its end."""
    senders = select(Sender.id).where(Sender.carrier == name).limit(1)
    attempts = (
        select(Attempt.id)
        .where(
            Attempt.carrier == name,
            sa.or_(
                col(Attempt.state).in_(("submitting", "submitted")),
                sa.and_(col(Attempt.state) == "unknown", col(Attempt.deadline_at).is_not(None)),
            ),
        )
        .limit(1)
    )
    return session.exec(senders).first() is not None or session.exec(attempts).first() is not None


def organisation_of_sender(session: Session, address: str, connection: CarrierConnection) -> UUID | None:
    """Whose sender has this address: where an answer to it belongs. Of several the oldest that leaves by the
    connection, then the oldest; when nobody has it, the one organisation that uses the connection, if it is one."""
    if connection.organisation_id is not None:
        return connection.organisation_id
    ours = col(Sender.carrier) == connection.name
    bare = address.removeprefix("+")
    query = (
        select(Sender.organisation_id)
        .where(col(Sender.address).in_((bare, f"+{bare}")))
        .order_by(sa.case((ours, 0), else_=1), col(Sender.created_at))
    )
    found = session.exec(query.limit(1)).first()
    if found is not None:
        return found
    users = session.exec(select(Sender.organisation_id).where(ours).distinct().limit(2)).all()
    return users[0] if len(users) == 1 else None


def agent_of(session: Session, organisation_id: UUID, name: str) -> str:
    """What people read as the sender of an organisation's cards that leave by this connection; empty when it has none."""
    query = select(Sender.address).where(
        Sender.organisation_id == organisation_id, Sender.kind == "rcs_agent", Sender.carrier == name
    )
    return session.exec(query.limit(1)).first() or ""


def sms_senders(session: Session, organisation_id: UUID) -> list[Sender]:
    """What an organisation's texts may come from, oldest first."""
    query = select(Sender).where(Sender.organisation_id == organisation_id, Sender.kind != "rcs_agent")
    return list(session.exec(query.order_by(col(Sender.created_at))))


def lease(session: Session, connection_id: UUID) -> ConnectionLease | None:
    """Who holds a connection."""
    return session.get(ConnectionLease, connection_id)


def take_lease(
    session: Session, connection_id: UUID, owner: str, now: datetime, expires_at: datetime
) -> bool:
    """Become its holder, or stay it. False while another process holds it."""
    session.exec(
        select(CarrierConnection.id)
        .where(CarrierConnection.id == connection_id)
        .with_for_update(key_share=True)
    ).one()
    held = session.get(ConnectionLease, connection_id)
    if held is None:
        session.add(
            ConnectionLease(connection_id=connection_id, owner=owner, expires_at=expires_at, state_at=now)
        )
        return True
    session.refresh(held)
    if held.owner != owner and held.expires_at > now:
        return False
    held.owner, held.expires_at = owner, expires_at
    session.add(held)
    return True


def give_lease_back(session: Session, connection_id: UUID, owner: str, now: datetime) -> None:
    """Let others have it at once. How the link stood stays written, for the next holder."""
    held = session.get(ConnectionLease, connection_id)
    if held is not None and held.owner == owner:
        held.expires_at = now
        session.add(held)


def note_link(
    session: Session, connection_id: UUID, owner: str, state: str, reason: str, now: datetime
) -> None:
    """Write down how the link stands, if this process still holds it."""
    held = session.get(ConnectionLease, connection_id)
    if held is not None and held.owner == owner:
        held.state, held.reason, held.state_at = state, reason, now
        session.add(held)
