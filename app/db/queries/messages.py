"""Every question asked of messages, attempts and reports."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db.bulk import UNSYNCHRONISED, insert_rows
from app.db.models import Attempt, Block, DeliveryReport, InboundMessage, Message, Sender
from links.tables import Link

# The intent of an answer that was a tap on that button of a card.
NOT_FOR_ME: Final = "not_for_me"
# The intent of a tap that answers nothing: the link, a call, a reminder.
TAPPED: Final = "tapped"


def insert_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Bulk insert."""
    insert_rows(session, Message, rows)


def get(session: Session, message_id: UUID) -> Message | None:
    """One message, held until the transaction ends."""
    return session.exec(select(Message).where(Message.id == message_id).with_for_update()).one_or_none()


def hold(session: Session, message_ids: Sequence[UUID]) -> dict[UUID, Message]:
    """These messages, held until the transaction ends.

    Whoever changes several messages holds them all before anything else, the head of the journal above all: one who
    holds the journal and waits for a message can meet one who holds that message and waits for the journal.
    """
    query = select(Message).where(col(Message.id).in_(message_ids)).order_by(col(Message.id))
    return {message.id: message for message in session.exec(query.with_for_update())}


def of_document(session: Session, document_id: UUID) -> list[Message]:
    """Messages about a document, oldest first."""
    query = select(Message).where(Message.document_id == document_id)
    return list(session.exec(query.order_by(col(Message.created_at))))


def claim_next(session: Session, block_id: UUID, now: datetime, limit: int) -> list[Message]:
    """Messages of a block that may leave now, held until the transaction ends."""
    query = (
        select(Message)
        .where(Message.block_id == block_id, Message.state == "queued", Message.not_before <= now)
        .order_by(col(Message.created_at), col(Message.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(session.exec(query))


def closed_links(session: Session, waiting: Sequence[Message]) -> dict[UUID, str]:
    """Of the links these messages announce those that were closed, with the reason."""
    ids = [message.link_id for message in waiting if message.link_id]
    query = select(Link.id, Link.revoked_reason).where(
        col(Link.id).in_(ids), col(Link.revoked_at).is_not(None)
    )
    return dict(session.exec(query).all())


def in_doubt(session: Session, block_id: UUID) -> list[Message]:
    """Messages of a block that an interrupted run left between our commit and the carrier's answer; held."""
    query = select(Message).where(Message.block_id == block_id, Message.state == "submitting")
    return list(session.exec(query.order_by(col(Message.id)).with_for_update()))


def any_in_doubt(session: Session, block_id: UUID) -> bool:
    """Whether `in_doubt` would find something."""
    query = select(Message.id).where(Message.block_id == block_id, Message.state == "submitting")
    return session.exec(query.limit(1)).first() is not None


def held_until(session: Session, now: datetime, limit: int) -> list[Message]:
    """Held messages whose hour has come."""
    query = (
        select(Message)
        .where(Message.state == "held", Message.not_before <= now)
        .order_by(col(Message.not_before))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(session.exec(query))


def attempt(session: Session, attempt_id: UUID) -> Attempt | None:
    """One attempt."""
    return session.get(Attempt, attempt_id)


def attempts_of(session: Session, message_id: UUID) -> list[Attempt]:
    """Attempts of a message, in order."""
    query = select(Attempt).where(Attempt.message_id == message_id).order_by(col(Attempt.number))
    return list(session.exec(query))


def count_attempts(session: Session, message_id: UUID) -> int:
    """How many attempts a message has."""
    return int(
        session.execute(sa.select(sa.func.count()).where(col(Attempt.message_id) == message_id)).scalar_one()
    )


def sender_of_attempt(session: Session, message: Message, attempt: Attempt) -> Sender:
    """The sender an attempt left from."""
    kinds = ("rcs_agent",) if attempt.channel == "rcs" else ("name", "short_code", "long_code")
    query = select(Sender).where(
        Sender.organisation_id == message.organisation_id,
        col(Sender.kind).in_(kinds),
    )
    return session.exec(query.order_by(col(Sender.created_at)).limit(1)).one()


def reports_of(session: Session, attempt_ids: Sequence[UUID]) -> list[DeliveryReport]:
    """Reports on those attempts, in the order they came."""
    query = select(DeliveryReport).where(col(DeliveryReport.attempt_id).in_(attempt_ids))
    return list(session.exec(query.order_by(col(DeliveryReport.received_at))))


def report_exists(session: Session, attempt_id: UUID, event_key: str) -> bool:
    """Whether this very report was recorded before."""
    query = select(DeliveryReport.id).where(
        DeliveryReport.attempt_id == attempt_id, DeliveryReport.event_key == event_key
    )
    return session.exec(query).first() is not None


def past_deadline(session: Session, now: datetime, limit: int) -> list[Attempt]:
    """Attempts whose answer is overdue."""
    query = (
        select(Attempt)
        .where(
            Attempt.state == "submitted",
            col(Attempt.deadline_at).is_not(None),
            col(Attempt.deadline_at) <= now,
        )
        .order_by(col(Attempt.deadline_at))
        .limit(limit)
    )
    return list(session.exec(query))


def to_wipe(session: Session, now: datetime, limit: int) -> list[Message]:
    """Messages that still hold their text past its time."""
    query = select(Message).where(
        sa.or_(col(Message.text_sealed).is_not(None), col(Message.card_sealed).is_not(None)),
        Message.expires_at <= now,
    )
    return list(session.exec(query.limit(limit).with_for_update(skip_locked=True)))


def unfinished(session: Session, batch_id: UUID) -> int:
    """Messages of a batch that may still change. A doubt counts as finished: it is shown as it is."""
    query = sa.select(sa.func.count()).where(
        col(Message.batch_id) == batch_id,
        col(Message.state).in_(("queued", "held", "submitting", "submitted")),
    )
    return int(session.execute(query).scalar_one())


def cancel_waiting(session: Session, batch_id: UUID, now: datetime, reason: str) -> int:
    """Stop what has not left yet; returns how many."""
    return _cancel(session, col(Message.batch_id) == batch_id, now, reason)


def cancel_of_documents(session: Session, document_ids: Sequence[UUID], now: datetime, reason: str) -> int:
    """Stop what was to be said about documents and has not left yet; returns how many."""
    return _cancel(session, col(Message.document_id).in_(document_ids), now, reason) if document_ids else 0


def _cancel(session: Session, which: Any, now: datetime, reason: str) -> int:
    result = session.execute(
        sa.update(Message)
        .where(which, col(Message.state).in_(("queued", "held")))
        .values(
            state="cancelled",
            reason=reason,
            finished_at=now,
            wiped_at=now,
            text_sealed=None,
            card_sealed=None,
        ),
        execution_options=UNSYNCHRONISED,
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def sender(session: Session, sender_id: UUID) -> Sender | None:
    """One sender."""
    return session.get(Sender, sender_id)


def sender_for_update(session: Session, sender_id: UUID) -> Sender | None:
    """One sender, held until the transaction ends: its arrival time is about to move."""
    return session.exec(select(Sender).where(Sender.id == sender_id).with_for_update()).one_or_none()


def block(session: Session, block_id: UUID) -> Block | None:
    """One block."""
    return session.get(Block, block_id)


def lock_block(session: Session, block_id: UUID) -> Block | None:
    """One block, held until the transaction ends."""
    return session.exec(select(Block).where(Block.id == block_id).with_for_update()).one_or_none()


def open_blocks(session: Session, batch_id: UUID, kind: str) -> int:
    """Blocks of a batch that are not done."""
    query = sa.select(sa.func.count()).where(
        col(Block.batch_id) == batch_id, col(Block.kind) == kind, col(Block.done_at).is_(None)
    )
    return int(session.execute(query).scalar_one())


def answered_about(
    session: Session, organisation_id: UUID, phone_index: bytes, ref: str
) -> tuple[UUID, UUID] | None:
    """Document and batch that an answer from a phone is about: those of the link `ref` when it was announced to that
    phone, else those of the newest message it got."""
    query = (
        sa.select(col(Message.document_id), col(Message.batch_id))
        .outerjoin(Link, col(Link.id) == col(Message.link_id))
        .where(
            col(Message.organisation_id) == organisation_id,
            col(Message.to_index) == phone_index,
            col(Message.document_id).is_not(None),
            col(Message.batch_id).is_not(None),
        )
        .order_by(sa.case((col(Link.ref) == ref, 0), else_=1), col(Message.created_at).desc())
    )
    row = session.execute(query.limit(1)).first()
    return (row[0], row[1]) if row else None


def answers_of(session: Session, document_id: UUID) -> list[InboundMessage]:
    """What was answered about a document, oldest first. A tap that answers nothing is none."""
    query = select(InboundMessage).where(
        InboundMessage.document_id == document_id, InboundMessage.intent != TAPPED
    )
    return list(session.exec(query.order_by(col(InboundMessage.received_at))))


def answers_in(session: Session, batch_id: UUID) -> dict[UUID, str]:
    """Intent of the newest answer about each document of a batch that was answered."""
    rows = session.execute(
        sa.select(col(InboundMessage.document_id), col(InboundMessage.intent))
        .where(col(InboundMessage.batch_id) == batch_id, col(InboundMessage.intent) != TAPPED)
        .order_by(col(InboundMessage.received_at))
    )
    return {document_id: intent for document_id, intent in rows if document_id is not None}


def inbound_exists(session: Session, organisation_id: UUID, event_key: str) -> bool:
    """Whether this very answer was recorded before."""
    query = select(InboundMessage.id).where(
        InboundMessage.organisation_id == organisation_id, InboundMessage.event_key == event_key
    )
    return session.exec(query).first() is not None
