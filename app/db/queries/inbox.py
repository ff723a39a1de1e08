"""Every question asked of the answers that came in, as the inbox shows them."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db.models import InboundMessage, InboxDecision

DOUBTFUL = "doubtful"


@dataclass(frozen=True)
class Answer:
    """An answer with what a person decided about it."""

    message: InboundMessage
    decision: InboxDecision | None


def page(
    session: Session, organisation_id: UUID, *, waiting: bool, offset: int, limit: int
) -> tuple[list[Answer], int]:
    """Answers, newest first, and how many there are; `waiting` leaves out what was decided or needs nobody."""
    base = (
        select(InboundMessage, InboxDecision)
        .outerjoin(InboxDecision, col(InboxDecision.inbound_id) == col(InboundMessage.id))
        .where(InboundMessage.organisation_id == organisation_id)
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
        )
    )
    return int(session.execute(query).scalar_one())


def doubts_of(session: Session, message: InboundMessage) -> int:
    """How many other doubtful answers of the same number nobody has settled."""
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
        InboundMessage.organisation_id == organisation_id, InboundMessage.id == inbound_id
    )
    message = session.exec(query.with_for_update()).one_or_none()
    return Answer(message, session.get(InboxDecision, inbound_id)) if message is not None else None


def _waits() -> sa.ColumnElement[bool]:
    undecided = col(InboxDecision.inbound_id).is_(None)
    return sa.and_(undecided, col(InboundMessage.intent).in_((DOUBTFUL, "", "not_for_me")))
