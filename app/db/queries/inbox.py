"""Every question asked of the answers that came in, as the inbox shows them. Of an erased number there are none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db.models import Attempt, InboundMessage, InboxDecision, Message, StaffReply
from app.db.queries.messages import TAPPED

DOUBTFUL = "doubtful"
# What a column holds once its number was erased.
ERASED = b""
# What staff has to read, beside doubts: words of no special meaning, and the tap "not for me".
_TO_READ = ("", "not_for_me")


@dataclass(frozen=True)
class Answer:
    """An answer with what a person decided about it."""

    message: InboundMessage
    decision: InboxDecision | None


def page(
    session: Session, organisation_id: UUID, *, waiting: bool, offset: int, limit: int
) -> tuple[list[Answer], int]:
    """Answers, newest first, and how many there are; `waiting` leaves out what was decided or needs nobody. A tap that
    answers nothing is none."""
    base = (
        select(InboundMessage, InboxDecision)
        .outerjoin(InboxDecision, col(InboxDecision.inbound_id) == col(InboundMessage.id))
        .where(InboundMessage.organisation_id == organisation_id, InboundMessage.intent != TAPPED, _kept())
    )
    if waiting:
        base = base.where(_waits())
    total = session.execute(sa.select(sa.func.count()).select_from(base.subquery())).scalar_one()
    # What is doubtful holds marketing back, so it comes first.
    order = (sa.case((col(InboundMessage.intent) == DOUBTFUL, 0), else_=1),) if waiting else ()
    ordered = base.order_by(*order, col(InboundMessage.received_at).desc(), col(InboundMessage.id))
    rows = session.exec(ordered.offset(offset).limit(limit))
    return [Answer(message, decision) for message, decision in rows], int(total)


def waiting(session: Session, organisation_id: UUID) -> int:
    """How many answers wait for a person."""
    query = (
        sa.select(sa.func.count())
        .select_from(InboundMessage)
        .outerjoin(InboxDecision, col(InboxDecision.inbound_id) == col(InboundMessage.id))
        .where(col(InboundMessage.organisation_id) == organisation_id, _waits())
    )
    return int(session.execute(query).scalar_one())


def doubtful(session: Session, organisation_id: UUID) -> int:
    """How many doubtful answers nobody has settled."""
    query = (
        sa.select(sa.func.count())
        .select_from(InboundMessage)
        .outerjoin(InboxDecision, col(InboxDecision.inbound_id) == col(InboundMessage.id))
        .where(
            col(InboundMessage.organisation_id) == organisation_id,
            col(InboundMessage.intent) == DOUBTFUL,
            col(InboxDecision.inbound_id).is_(None),
            _kept(),
        )
    )
    return int(session.execute(query).scalar_one())


def doubts_of(session: Session, message: InboundMessage) -> int:
    """How many other doubtful answers of the same number nobody has settled. An erased one counts: nobody can read any more
    that it was no refusal."""
    query = (
        sa.select(sa.func.count())
        .select_from(InboundMessage)
        .outerjoin(InboxDecision, col(InboxDecision.inbound_id) == col(InboundMessage.id))
        .where(
            col(InboundMessage.organisation_id) == message.organisation_id,
            col(InboundMessage.from_index) == message.from_index,
            col(InboundMessage.intent) == DOUBTFUL,
            col(InboundMessage.id) != message.id,
            col(InboxDecision.inbound_id).is_(None),
        )
    )
    return int(session.execute(query).scalar_one())


def hold(session: Session, organisation_id: UUID, inbound_id: UUID) -> Answer | None:
    """One answer, held until the transaction ends."""
    query = select(InboundMessage).where(
        InboundMessage.organisation_id == organisation_id, InboundMessage.id == inbound_id, _kept()
    )
    message = session.exec(query.with_for_update(key_share=True)).one_or_none()
    return Answer(message, session.get(InboxDecision, inbound_id)) if message is not None else None


def one(session: Session, organisation_id: UUID, inbound_id: UUID) -> Answer | None:
    """One answer."""
    message = session.get(InboundMessage, inbound_id)
    if message is None or message.organisation_id != organisation_id or not message.from_sealed:
        return None
    return Answer(message, session.get(InboxDecision, inbound_id))


def to_read(session: Session, answered: InboundMessage) -> list[UUID]:
    """Answers of the same number that only wait to be read."""
    query = (
        select(InboundMessage.id)
        .outerjoin(InboxDecision, col(InboxDecision.inbound_id) == col(InboundMessage.id))
        .where(
            InboundMessage.organisation_id == answered.organisation_id,
            InboundMessage.from_index == answered.from_index,
            col(InboundMessage.intent).in_(_TO_READ),
            col(InboxDecision.inbound_id).is_(None),
            _kept(),
        )
    )
    return list(session.exec(query))


def said(session: Session, organisation_id: UUID, number: bytes, limit: int) -> list[Answer]:
    """The latest answers of a number, newest first. A tap that answers nothing is none."""
    query = (
        select(InboundMessage, InboxDecision)
        .outerjoin(InboxDecision, col(InboxDecision.inbound_id) == col(InboundMessage.id))
        .where(
            InboundMessage.organisation_id == organisation_id,
            InboundMessage.from_index == number,
            InboundMessage.intent != TAPPED,
            _kept(),
        )
        .order_by(col(InboundMessage.received_at).desc(), col(InboundMessage.id))
    )
    return [Answer(message, decision) for message, decision in session.exec(query.limit(limit))]


def sent(
    session: Session, organisation_id: UUID, number: bytes, limit: int
) -> list[tuple[Message, StaffReply | None]]:
    """The latest messages to a number, newest first, each with the words staff wrote when it is a reply."""
    query = (
        select(Message, StaffReply)
        .outerjoin(StaffReply, col(StaffReply.message_id) == col(Message.id))
        .where(
            Message.organisation_id == organisation_id,
            Message.to_index == number,
            Message.to_sealed != ERASED,
            sa.func.coalesce(col(StaffReply.text_sealed), b"-") != ERASED,
        )
        .order_by(col(Message.created_at).desc(), col(Message.id))
    )
    return [(message, reply) for message, reply in session.exec(query.limit(limit))]


def unreported(
    session: Session, organisation_id: UUID, number: bytes, sender_ids: Sequence[UUID], before: datetime
) -> list[tuple[Message, Attempt]]:
    """What was handed over for a number before an instant, from senders of which the network reports nothing; the
    messages held until the transaction ends."""
    query = (
        select(Message, Attempt)
        .join(Attempt, col(Attempt.message_id) == col(Message.id))
        .where(
            Message.organisation_id == organisation_id,
            Message.to_index == number,
            col(Attempt.sender_id).in_(sender_ids),
            Attempt.state == "submitted",
            col(Attempt.submitted_at) <= before,
        )
        .order_by(col(Message.id))
    )
    return [(message, attempt) for message, attempt in session.exec(query.with_for_update(key_share=True))]


def reply_of_form(session: Session, organisation_id: UUID, form_key: UUID) -> StaffReply | None:
    """What this form sent before."""
    query = select(StaffReply).where(
        StaffReply.organisation_id == organisation_id, StaffReply.form_key == form_key
    )
    return session.exec(query).one_or_none()


def _kept() -> sa.ColumnElement[bool]:
    return col(InboundMessage.from_sealed) != ERASED


def _waits() -> sa.ColumnElement[bool]:
    undecided = col(InboxDecision.inbound_id).is_(None)
    return sa.and_(_kept(), undecided, col(InboundMessage.intent).in_((DOUBTFUL, *_TO_READ)))
