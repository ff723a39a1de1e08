"""Statements over the simulated network."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.db.models.simulator import SimulatedHandset, SimulatedMessage, SimulatedReport

Handset, Message, Report = SimulatedHandset, SimulatedMessage, SimulatedReport
SHOWN = col(Message.state).in_(("delivered", "received"))
SHOWN_AT = sa.func.coalesce(col(Message.delivered_at), col(Message.created_at))


def add_handset_once(session: Session, handset: SimulatedHandset) -> None:
    """Insert a phone unless its organisation has one with that number."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(Handset).values(handset.model_dump())
    session.execute(statement.on_conflict_do_nothing(index_elements=["organisation_id", "phone_index"]))


def handset_by_index(
    session: Session, organisation_id: UUID, phone_index: bytes, *, hold: bool
) -> SimulatedHandset | None:
    """The phone with that number."""
    query = select(Handset).where(
        Handset.organisation_id == organisation_id, Handset.phone_index == phone_index
    )
    return session.exec(query.with_for_update(key_share=True) if hold else query).one_or_none()


def handset(
    session: Session, organisation_id: UUID, handset_id: UUID, *, hold: bool
) -> SimulatedHandset | None:
    """One phone of an organisation."""
    query = select(Handset).where(Handset.organisation_id == organisation_id, Handset.id == handset_id)
    return session.exec(query.with_for_update(key_share=True) if hold else query).one_or_none()


def message_by_attempt(session: Session, attempt_id: UUID, *, hold: bool) -> SimulatedMessage | None:
    """The message submitted as that attempt."""
    query = select(Message).where(Message.attempt_id == attempt_id)
    return session.exec(query.with_for_update(key_share=True) if hold else query).one_or_none()


def message_in_outage(session: Session, handset_id: UUID, channel: str) -> SimulatedMessage | None:
    """The oldest message of a phone and channel that met an outage, held."""
    query = select(Message).where(
        Message.handset_id == handset_id, Message.channel == channel, Message.state == "outage"
    )
    return session.exec(
        query.order_by(col(Message.created_at)).limit(1).with_for_update(key_share=True)
    ).first()


def message(session: Session, organisation_id: UUID, message_id: UUID) -> SimulatedMessage | None:
    """One message of an organisation, held."""
    query = select(Message).where(Message.organisation_id == organisation_id, Message.id == message_id)
    return session.exec(query.with_for_update(key_share=True)).one_or_none()


def due_messages(session: Session, now: datetime, limit: int) -> Sequence[SimulatedMessage]:
    """Messages that a phone can take now or whose lifetime ended, held, without those that another worker holds."""
    query = (
        select(Message)
        .join(Handset, col(Handset.id) == col(Message.handset_id))
        .where(_message_is_due(now))
        .order_by(col(Message.created_at))
        .limit(limit)
        .with_for_update(key_share=True, of=Message, skip_locked=True)
    )
    return session.exec(query).all()


def due_reports(session: Session, now: datetime, limit: int) -> Sequence[SimulatedReport]:
    """What is to be told now, oldest first, held, without what another worker holds."""
    query = (
        select(Report)
        .where(col(Report.due_at) <= now)
        .order_by(col(Report.due_at), col(Report.occurred_at))
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return session.exec(query).all()


def anything_due(session: Session, now: datetime) -> bool:
    """Whether one of the two above would find something."""
    report = sa.select(sa.literal(1)).where(col(Report.due_at) <= now).exists()
    moving = (
        sa.select(sa.literal(1))
        .select_from(Message)
        .join(Handset, col(Handset.id) == col(Message.handset_id))
        .where(_message_is_due(now))
        .exists()
    )
    return bool(session.scalar(sa.select(sa.or_(report, moving))))


def remove_reports(session: Session, report_ids: Collection[UUID]) -> None:
    """Delete reports."""
    session.execute(sa.delete(Report).where(col(Report.id).in_(report_ids)))


def erase_bodies(session: Session, before: datetime) -> int:
    """Erase the texts of messages older than this that nothing is owed about."""
    owed = sa.select(sa.literal(1)).where(col(Report.message_id) == col(Message.id)).exists()
    old = (col(Message.created_at) < before, col(Message.body_sealed).is_not(None), ~owed)
    return _rows(session.execute(sa.update(Message).where(*old).values(body_sealed=None)))


def handsets(session: Session, organisation_id: UUID, limit: int, offset: int) -> Sequence[SimulatedHandset]:
    """Phones of an organisation, latest activity first."""
    active = (
        sa.select(col(Message.handset_id).label("handset_id"), sa.func.max(SHOWN_AT).label("at"))
        .where(col(Message.organisation_id) == organisation_id)
        .group_by(col(Message.handset_id))
        .subquery()
    )
    query = (
        select(Handset)
        .outerjoin(active, active.c.handset_id == col(Handset.id))
        .where(Handset.organisation_id == organisation_id)
        .order_by(sa.func.coalesce(active.c.at, col(Handset.created_at)).desc(), col(Handset.id))
        .limit(limit)
        .offset(offset)
    )
    return session.exec(query).all()


def count_handsets(session: Session, organisation_id: UUID) -> int:
    """How many phones an organisation has."""
    query = sa.select(sa.func.count()).where(col(Handset.organisation_id) == organisation_id)
    return int(session.scalar(query) or 0)


def shown_messages(session: Session, handset_id: UUID, limit: int) -> Sequence[SimulatedMessage]:
    """What a phone shows, latest first."""
    query = (
        select(Message)
        .where(Message.handset_id == handset_id, SHOWN)
        .order_by(SHOWN_AT.desc(), col(Message.id))
        .limit(limit)
    )
    return session.exec(query).all()


def latest_shown(session: Session, handset_ids: Collection[UUID]) -> Mapping[UUID, SimulatedMessage]:
    """The latest message each phone shows."""
    place = sa.func.row_number().over(
        partition_by=col(Message.handset_id), order_by=(SHOWN_AT.desc(), col(Message.id))
    )
    ranked = (
        sa.select(col(Message.id).label("id"), place.label("place"))
        .where(col(Message.handset_id).in_(handset_ids), SHOWN)
        .subquery()
    )
    query = select(Message).join(ranked, ranked.c.id == col(Message.id)).where(ranked.c.place == 1)
    return {row.handset_id: row for row in session.exec(query)}


def count_unread(session: Session, handset_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Delivered messages nobody looked at, by phone."""
    return _count(session, handset_ids, col(Message.state) == "delivered", col(Message.read_at).is_(None))


def count_waiting(session: Session, handset_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Messages that wait in the network, by phone."""
    return _count(session, handset_ids, col(Message.state) == "queued")


def _count(
    session: Session, handset_ids: Collection[UUID], *conditions: sa.ColumnElement[bool]
) -> Mapping[UUID, int]:
    query = (
        sa.select(col(Message.handset_id), sa.func.count())
        .where(col(Message.handset_id).in_(handset_ids), *conditions)
        .group_by(col(Message.handset_id))
    )
    return {handset_id: int(count) for handset_id, count in session.execute(query)}


def _message_is_due(now: datetime) -> sa.ColumnElement[bool]:
    reachable = sa.and_(
        col(Message.due_at) <= now,
        col(Handset.powered),
        sa.or_(col(Message.channel) != "rcs", col(Handset.rcs)),
    )
    ended = sa.and_(col(Message.state) == "queued", col(Message.expires_at) <= now)
    return sa.or_(reachable, ended)


def _rows(result: Any) -> int:
    return int(result.rowcount)
