"""How well each carrier works. One row a carrier, read once a turn and written once a flush, never once a message."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.db.bulk import UNSYNCHRONISED
from app.db.models import CarrierHealth
from app.messaging.sending.breaker import PROBE_EVERY, Health, Tally, observe


def every(session: Session) -> dict[str, Health]:
    """What is known of each carrier, by name."""
    return {row.carrier: _health(row) for row in session.exec(select(CarrierHealth))}


def resting(session: Session, now: datetime) -> dict[str, tuple[datetime, str]]:
    """The carriers that asked to be left alone, whichever worker they told: until when, and the code they said it with."""
    query = select(CarrierHealth).where(col(CarrierHealth.rests_until) > now)
    return {row.carrier: (row.rests_until, row.rest_reason) for row in session.exec(query) if row.rests_until}


def count(
    session: Session,
    tallies: Mapping[str, Tally],
    now: datetime,
    rests: Mapping[str, tuple[datetime, str]] = MappingProxyType({}),
) -> None:
    """Add the calls that ended since the last time, and the `rests` that were asked for in their answers; of two for one
    carrier the longer holds. Carriers are taken in order of their names, so that two workers never wait for each other.
    """
    for carrier, tally in sorted(tallies.items()):
        row = session.exec(
            select(CarrierHealth).where(CarrierHealth.carrier == carrier).with_for_update(key_share=True)
        ).one_or_none()
        if row is None:
            row = _new(session, carrier, now)
        after = observe(_health(row), tally, now)
        row.since, row.calls, row.failed, row.slow = after.since, after.calls, after.failed, after.slow
        row.pauses, row.paused_until, row.slow_until = after.pauses, after.paused_until, after.slow_until
        row.seen_at = now
        rest = rests.get(carrier)
        if rest is not None and (row.rests_until is None or rest[0] > row.rests_until):
            row.rests_until, row.rest_reason = rest
        session.add(row)


def claim_probe(session: Session, carrier: str, now: datetime) -> bool:
    """Whether the caller's message is the one that finds out: one in PROBE_EVERY, over all workers."""
    claimed = session.execute(
        sa.update(CarrierHealth)
        .where(
            col(CarrierHealth.carrier) == carrier,
            sa.or_(col(CarrierHealth.probed_at).is_(None), col(CarrierHealth.probed_at) <= now - PROBE_EVERY),
        )
        .values(probed_at=now),
        execution_options=UNSYNCHRONISED,
    )
    return bool(claimed.rowcount)  # type: ignore[attr-defined]


def _new(session: Session, carrier: str, now: datetime) -> CarrierHealth:
    """The row of a carrier that was never counted; another worker may make it at the same moment."""
    table = CarrierHealth.__table__  # type: ignore[attr-defined]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    empty = {"carrier": carrier, "calls": 0, "failed": 0, "slow": 0, "pauses": 0, "seen_at": now}
    session.execute(dialect.insert(table).values(**empty).on_conflict_do_nothing())
    return session.exec(
        select(CarrierHealth).where(CarrierHealth.carrier == carrier).with_for_update(key_share=True)
    ).one()


def _health(row: CarrierHealth) -> Health:
    return Health(
        since=row.since,
        calls=row.calls,
        failed=row.failed,
        slow=row.slow,
        pauses=row.pauses,
        paused_until=row.paused_until,
        slow_until=row.slow_until,
    )
