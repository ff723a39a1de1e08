"""Questions asked of senders as such: who has an address, what waits for one, what an answer to one proves."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db.models import Attempt, Message, Sender
from app.messaging.senders import SILENT, State


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


def answered(
    session: Session, organisation_id: UUID, phone_index: bytes, address: str, at: datetime
) -> Attempt | None:
    """The newest attempt that an answer to `address` shows to have arrived: one that went to that phone from a sender no
    report comes for, before `at`, and of which nobody knows more. Not held."""
    bare = address.removeprefix("+")
    query = (
        select(Attempt)
        .join(Message, col(Message.id) == col(Attempt.message_id))
        .join(Sender, col(Sender.id) == col(Attempt.sender_id))
        .where(
            Message.organisation_id == organisation_id,
            Message.to_index == phone_index,
            col(Sender.kind).in_(SILENT),
            col(Sender.address).in_((bare, f"+{bare}")),
            Attempt.started_at <= at,
        )
        .order_by(col(Attempt.started_at).desc(), col(Attempt.number).desc())
    )
    newest = session.exec(query.limit(1)).first()
    return newest if newest is not None and newest.state in ("submitting", "submitted", "unknown") else None
