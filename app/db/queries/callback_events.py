"""What carriers told us and could not be placed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db.models import Attempt, CallbackEvent, CarrierConnection, Message

KEPT = timedelta(days=30)
EARLY_FOR = timedelta(days=1)


def exists(session: Session, carrier: str, event_key: str) -> bool:
    """Whether this very event was kept before."""
    query = select(CallbackEvent.id).where(
        CallbackEvent.carrier == carrier, CallbackEvent.event_key == event_key
    )
    return session.exec(query).first() is not None


def attempt_by_id(session: Session, attempt_id: UUID, carrier: str) -> Attempt | None:
    """An attempt, if it was made on that carrier: nobody reports on the messages of another."""
    query = select(Attempt).where(Attempt.id == attempt_id, Attempt.carrier == carrier)
    return session.exec(query).one_or_none()


def attempt_by_reference(session: Session, reference: str, carrier: str) -> Attempt | None:
    """The newest attempt that the carrier knows by this reference."""
    query = select(Attempt).where(Attempt.carrier_reference == reference, Attempt.carrier == carrier)
    return session.exec(query.order_by(col(Attempt.started_at).desc()).limit(1)).first()


def matched(session: Session, now: datetime, limit: int) -> list[tuple[CallbackEvent, UUID]]:
    """Early reports whose message has its reference by now, with the attempt they are about."""
    query = (
        select(CallbackEvent, Attempt.id)
        .join(
            Attempt,
            sa.and_(
                col(Attempt.carrier) == col(CallbackEvent.carrier),
                col(Attempt.carrier_reference) == col(CallbackEvent.reference),
            ),
        )
        .where(CallbackEvent.kind == "early", col(CallbackEvent.received_at) > now - EARLY_FOR)
        .order_by(col(CallbackEvent.received_at), col(CallbackEvent.id))
    )
    return [(event, attempt_id) for event, attempt_id in session.exec(query.limit(limit))]


def delete(session: Session, ids: Sequence[UUID]) -> None:
    """Those that found their place."""
    session.execute(sa.delete(CallbackEvent).where(col(CallbackEvent.id).in_(ids)))


def forget_before(session: Session, before: datetime) -> None:
    """What nobody asked about for so long."""
    session.execute(sa.delete(CallbackEvent).where(col(CallbackEvent.received_at) <= before))


def last_texted(session: Session, connection: CarrierConnection, indexes: Sequence[bytes]) -> UUID | None:
    """Of the organisations that know a phone by one of these indexes, the one that wrote to it last by a connection."""
    query = (
        select(Message.organisation_id)
        .join(Attempt, col(Attempt.message_id) == col(Message.id))
        .where(col(Message.to_index).in_(indexes), Attempt.carrier == connection.name)
        .order_by(col(Attempt.started_at).desc())
    )
    return session.exec(query.limit(1)).first()
