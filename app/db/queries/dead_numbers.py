"""Which numbers are known to take no text."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from app.db.models import DeadNumber, Message, Organisation

CHUNK = 500
# Operators give a number to somebody else after some months; a warning that old would be about another person.
REMEMBERED = timedelta(days=365)


def remember(session: Session, organisation_id: UUID, phone_index: bytes, code: str, now: datetime) -> None:
    """Count one failure for good, in one statement."""
    table = DeadNumber.__table__  # type: ignore[attr-defined]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(table).values(
        id=uuid4(),
        organisation_id=organisation_id,
        phone_index=phone_index,
        code=code,
        failures=1,
        last_failed_at=now,
    )
    session.execute(
        insert.on_conflict_do_update(
            index_elements=[table.c.organisation_id, table.c.phone_index],
            set_={"code": code, "failures": table.c.failures + 1, "last_failed_at": now},
        )
    )


def among(
    session: Session, organisation: Organisation, phone_indexes: Sequence[bytes], now: datetime
) -> dict[bytes, str]:
    """The month (2026-10) in which each of these numbers failed last, in the organisation's zone. A number that took a
    text since then is alive and not among them."""
    zone = ZoneInfo(organisation.timezone)
    arrived = sa.exists().where(
        col(Message.organisation_id) == col(DeadNumber.organisation_id),
        col(Message.to_index) == col(DeadNumber.phone_index),
        col(Message.state).in_(("delivered", "read")),
        col(Message.finished_at) > col(DeadNumber.last_failed_at),
    )
    found: dict[bytes, str] = {}
    for start in range(0, len(phone_indexes), CHUNK):
        query = sa.select(col(DeadNumber.phone_index), col(DeadNumber.last_failed_at)).where(
            col(DeadNumber.organisation_id) == organisation.id,
            col(DeadNumber.phone_index).in_(phone_indexes[start : start + CHUNK]),
            col(DeadNumber.last_failed_at) > now - REMEMBERED,
            ~arrived,
        )
        found |= {
            index: f"{failed_at.astimezone(zone):%Y-%m}" for index, failed_at in session.execute(query).all()
        }
    return found


def forget_before(session: Session, before: datetime) -> int:
    """Delete what is too old to be warned about; returns how many."""
    gone = session.execute(sa.delete(DeadNumber).where(col(DeadNumber.last_failed_at) <= before))
    return int(gone.rowcount)  # type: ignore[attr-defined]
