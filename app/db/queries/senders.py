"""Questions asked of senders as such: who has an address, and what waits for one."""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db.models import Message, Sender
from app.messaging.sending.senders import State


def one(session: Session, organisation_id: UUID, sender_id: UUID) -> Sender | None:
    """One sender of an organisation."""
    query = select(Sender).where(Sender.id == sender_id, Sender.organisation_id == organisation_id)
    return session.exec(query).one_or_none()


def of_address(session: Session, organisation_id: UUID, address: str) -> list[Sender]:
    """Those of an organisation with this address, whatever their kind; capitals do not tell names apart."""
    query = select(Sender).where(
        Sender.organisation_id == organisation_id, sa.func.lower(Sender.address) == address.lower()
    )
    return list(session.exec(query.order_by(col(Sender.created_at), col(Sender.id))))


def is_elsewhere(session: Session, organisation_id: UUID, address: str) -> bool:
    """Whether another organisation has this address, or waits for it."""
    query = select(Sender.id).where(
        Sender.organisation_id != organisation_id,
        Sender.address == address,
        col(Sender.state).not_in((State.REFUSED, State.DISABLED)),
    )
    return session.exec(query.limit(1)).first() is not None


def with_waiting(session: Session, organisation_id: UUID) -> frozenset[UUID]:
    """Those of an organisation's senders for which a message waits."""
    waits = (
        sa.select(sa.literal(1))
        .where(col(Message.sender_id) == col(Sender.id), col(Message.state) == sa.literal_column("'queued'"))
        .exists()
    )
    return frozenset(session.exec(select(Sender.id).where(Sender.organisation_id == organisation_id, waits)))
