"""Every question asked of messages, attempts and reports."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
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
# Alerts and access codes, by `Message.priority`: they have runs of their own beside those of the whole queue.
EXPRESS: Final = 1


def insert_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Bulk insert."""
    insert_rows(session, Message, rows)


def submit_all(session: Session, attempts: Sequence[Mapping[str, Any]], block_id: UUID) -> None:
    """Add these attempts, rows of their table; their messages are on their way, by that run."""
    insert_rows(session, Attempt, attempts)
    _set(session, [row["message_id"] for row in attempts], state="submitting", block_id=block_id)


def set_submitted(session: Session, message_ids: Sequence[UUID]) -> None:
    """A carrier has them."""
    _set(session, message_ids, state="submitted")


def add_reports(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """What carriers said of attempts, rows of the table."""
    insert_rows(session, DeliveryReport, rows)


def _set(session: Session, message_ids: Sequence[UUID], **values: Any) -> None:
    if message_ids:
        session.execute(
            sa.update(Message).where(col(Message.id).in_(message_ids)).values(**values),
            execution_options=UNSYNCHRONISED,
        )


def get(session: Session, message_id: UUID) -> Message | None:
    """One message, held until the transaction ends."""
    return session.exec(
        select(Message).where(Message.id == message_id).with_for_update(key_share=True)
    ).one_or_none()


def hold(session: Session, message_ids: Sequence[UUID]) -> dict[UUID, Message]:
    """These messages, held until the transaction ends.

    Whoever changes several messages holds them all before anything else, the head of the journal above all: one who
    holds the journal and waits for a message can meet one who holds that message and waits for the journal.
    """
    query = select(Message).where(col(Message.id).in_(message_ids)).order_by(col(Message.id))
    return {message.id: message for message in session.exec(query.with_for_update(key_share=True))}


def hold_of_attempts(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, Message]:
    """The messages of these attempts, held as `hold` does."""
    theirs = sa.select(col(Attempt.message_id)).where(col(Attempt.id).in_(attempt_ids))
    return hold(session, list(session.execute(theirs).scalars()))


def submitting(session: Session, attempt_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of the attempts of which nobody knows yet what became of them."""
    query = select(Attempt.id).where(col(Attempt.id).in_(attempt_ids), Attempt.state == "submitting")
    return frozenset(session.exec(query))


def of_document(session: Session, document_id: UUID) -> list[Message]:
    """Messages about a document, oldest first."""
    query = select(Message).where(Message.document_id == document_id)
    return list(session.exec(query.order_by(col(Message.created_at))))


def claim_next(session: Session, sender_id: UUID, *, express: bool, limit: int) -> list[Message]:
    """The most urgent messages that wait for a sender, held until the transaction ends, without those that another
    worker holds; alerts and access codes only when `express`."""
    query = (
        select(Message)
        .where(_queued_for(sender_id, express=express))
        .order_by(col(Message.priority), col(Message.created_at), col(Message.id))
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return list(session.exec(query))


def any_queued(session: Session, sender_id: UUID, *, express: bool) -> bool:
    """Whether something waits for a sender, whoever holds it."""
    # In the order of the index, or a server may find it quicker to look through the table from its beginning.
    query = (
        select(Message.id)
        .where(_queued_for(sender_id, express=express))
        .order_by(col(Message.priority), col(Message.created_at), col(Message.id))
    )
    return session.exec(query.limit(1)).first() is not None


def _in_state(state: str) -> sa.ColumnElement[bool]:
    """Written out, not bound: only so do both databases see that the index of that state alone is enough."""
    return sa.and_(col(Message.state) == sa.literal_column(f"'{state}'"))


def _queued_for(sender_id: UUID, *, express: bool) -> sa.ColumnElement[bool]:
    mine = sa.and_(_in_state("queued"), col(Message.sender_id) == sender_id)
    return sa.and_(mine, col(Message.priority) <= EXPRESS) if express else mine


class LinkStanding(NamedTuple):
    """Why a link was closed, empty when it was not, and when its document was opened last."""

    closed: str
    opened_at: datetime | None


def links_of(session: Session, waiting: Sequence[Message]) -> dict[UUID, LinkStanding]:
    """Of the links these messages announce those that were closed or opened."""
    ids = [message.link_id for message in waiting if message.link_id]
    query = select(Link.id, Link.revoked_reason, Link.last_opened_at).where(
        col(Link.id).in_(ids), sa.or_(col(Link.revoked_at).is_not(None), col(Link.openings) > 0)
    )
    return {link_id: LinkStanding(reason, opened_at) for link_id, reason, opened_at in session.exec(query)}


def in_doubt(session: Session, block_id: UUID) -> list[Message]:
    """Messages that an interrupted run left between our commit and the carrier's answer; held."""
    query = select(Message).where(_in_state("submitting"), Message.block_id == block_id)
    return list(session.exec(query.order_by(col(Message.id)).with_for_update(key_share=True)))


def any_in_doubt(session: Session, block_id: UUID) -> bool:
    """Whether `in_doubt` would find something."""
    query = select(Message.id).where(_in_state("submitting"), Message.block_id == block_id)
    return session.exec(query.limit(1)).first() is not None


class Lane(NamedTuple):
    """Messages of one sender, all of them or its alerts and access codes alone."""

    sender_id: UUID
    express: bool


def queue_due(session: Session, now: datetime, limit: int) -> list[Lane]:
    """Put held messages whose hour has come back into the queue, at most `limit`; the lane of each."""
    due = (
        sa.select(col(Message.id))
        .where(_in_state("held"), col(Message.not_before) <= now)
        .order_by(col(Message.not_before))
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    queued = (
        sa.update(Message)
        .where(col(Message.id).in_(due.scalar_subquery()))
        .values(state="queued", reason="")
        .returning(col(Message.sender_id), col(Message.priority))
    )
    rows = session.execute(queued, execution_options=UNSYNCHRONISED)
    return [Lane(sender_id, priority <= EXPRESS) for sender_id, priority in rows]


def attempt(session: Session, attempt_id: UUID) -> Attempt | None:
    """One attempt."""
    return session.get(Attempt, attempt_id)


def attempts_of(session: Session, message_id: UUID) -> list[Attempt]:
    """Attempts of a message, in order."""
    query = select(Attempt).where(Attempt.message_id == message_id).order_by(col(Attempt.number))
    return list(session.exec(query))


def attempts_of_each(session: Session, message_ids: Sequence[UUID]) -> dict[UUID, list[Attempt]]:
    """Attempts of each of these messages, in order; messages without are missing."""
    query = select(Attempt).where(col(Attempt.message_id).in_(message_ids)).order_by(col(Attempt.number))
    found: dict[UUID, list[Attempt]] = {}
    for attempt in session.exec(query):
        found.setdefault(attempt.message_id, []).append(attempt)
    return found


def sender_of_attempt(session: Session, attempt: Attempt) -> Sender:
    """The sender an attempt left from."""
    return session.get_one(Sender, attempt.sender_id)


def reports_of(session: Session, attempt_ids: Sequence[UUID]) -> list[DeliveryReport]:
    """Reports on those attempts, in the order they came."""
    query = select(DeliveryReport).where(col(DeliveryReport.attempt_id).in_(attempt_ids))
    return list(session.exec(query.order_by(col(DeliveryReport.received_at))))


def reports_known(session: Session, attempt_ids: Sequence[UUID]) -> set[tuple[UUID, str]]:
    """Attempt and key of every report on those attempts that was recorded before."""
    query = select(DeliveryReport.attempt_id, DeliveryReport.event_key).where(
        col(DeliveryReport.attempt_id).in_(attempt_ids)
    )
    return {(attempt_id, key) for attempt_id, key in session.exec(query)}


def past_deadline(session: Session, now: datetime, limit: int, among: Collection[UUID] = ()) -> list[Attempt]:
    """Attempts whose answer is overdue, or those of `among`."""
    query = (
        select(Attempt)
        .where(
            col(Attempt.state).in_(("submitted", "unknown")),
            col(Attempt.deadline_at).is_not(None),
            col(Attempt.deadline_at) <= now,
        )
        .order_by(col(Attempt.deadline_at))
        .limit(limit)
    )
    return list(session.exec(query.where(col(Attempt.id).in_(among)) if among else query))


def to_wipe(session: Session, now: datetime, limit: int) -> list[Message]:
    """Messages that still hold their text past its time."""
    query = select(Message).where(
        sa.or_(col(Message.text_sealed).is_not(None), col(Message.card_sealed).is_not(None)),
        Message.expires_at <= now,
    )
    return list(session.exec(query.limit(limit).with_for_update(key_share=True, skip_locked=True)))


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


def block(session: Session, block_id: UUID) -> Block | None:
    """One block."""
    return session.get(Block, block_id)


def lock_block(session: Session, block_id: UUID) -> Block | None:
    """One block, held until the transaction ends."""
    return session.exec(
        select(Block).where(Block.id == block_id).with_for_update(key_share=True)
    ).one_or_none()


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
