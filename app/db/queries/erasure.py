"""What an organisation holds of one number beside its consent and its payslips, and erasing it.

What is erased is empty: the rows stay, so that what was counted stays counted. The fingerprint of the number stays with
them, as it does in the consent ledger.
"""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.bulk import UNSYNCHRONISED
from app.db.models import InboundMessage, InboxDecision, Message, StaffReply
from app.db.queries.inbox import DOUBTFUL, ERASED
from app.db.queries.messages import TAPPED


@dataclass(frozen=True)
class Held:
    """`answers` came from the number, `undecided` of them are doubtful and wait for a person; `replies` staff wrote to it.
    `waiting` messages have not left for it yet."""

    answers: int
    undecided: int
    replies: int
    waiting: int


def held(session: Session, organisation_id: UUID, subject: bytes) -> Held:
    """What erasing the number takes, or would lose."""
    answers = _answers(organisation_id, subject)
    undecided = sa.and_(
        col(InboundMessage.intent) == DOUBTFUL,
        ~sa.exists().where(col(InboxDecision.inbound_id) == col(InboundMessage.id)),
    )
    to_it = (col(Message.organisation_id) == organisation_id, col(Message.to_index) == subject)
    return Held(
        answers=_count(session, *answers, col(InboundMessage.intent) != TAPPED),
        undecided=_count(session, *answers, undecided),
        replies=_count(session, *_replies(organisation_id, subject)),
        waiting=_count(session, *to_it, col(Message.state).in_(("queued", "held"))),
    )


def erase(session: Session, organisation_id: UUID, subject: bytes) -> int:
    """Empty the words and the number of every answer, the words of every reply, and the number of the finished messages
    that brought no document. How many answers."""
    emptied = session.execute(
        sa.update(InboundMessage)
        .where(*_answers(organisation_id, subject))
        .values(from_sealed=ERASED, text_sealed=ERASED),
        execution_options=UNSYNCHRONISED,
    )
    session.execute(
        sa.update(StaffReply).where(*_replies(organisation_id, subject)).values(text_sealed=ERASED),
        execution_options=UNSYNCHRONISED,
    )
    session.execute(
        sa.update(Message)
        .where(
            col(Message.organisation_id) == organisation_id,
            col(Message.to_index) == subject,
            col(Message.document_id).is_(None),
            col(Message.finished_at).is_not(None),
            col(Message.text_sealed).is_(None),
        )
        .values(to_sealed=ERASED),
        execution_options=UNSYNCHRONISED,
    )
    return int(getattr(emptied, "rowcount", 0))


def _answers(organisation_id: UUID, subject: bytes) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(InboundMessage.organisation_id) == organisation_id,
        col(InboundMessage.from_index) == subject,
        col(InboundMessage.from_sealed) != ERASED,
    )


def _replies(organisation_id: UUID, subject: bytes) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(StaffReply.organisation_id) == organisation_id,
        col(StaffReply.to_index) == subject,
        col(StaffReply.text_sealed) != ERASED,
    )


def _count(session: Session, *conditions: sa.ColumnElement[bool]) -> int:
    return int(session.execute(sa.select(sa.func.count()).where(*conditions)).scalar_one())
