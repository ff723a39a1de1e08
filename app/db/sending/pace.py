"""Slots for the messages of a sender, taken in the caller's transaction: exact over all workers, for the rows that hold
the pace are held until it ends."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.core.clock import Timepiece
from app.db.models import Pace
from app.messaging.timing import throttle

CLOCK_TRIES = 3
_SERVER_CLOCK = sa.select(sa.extract("epoch", sa.func.clock_timestamp()))


def read_clocks(session: Session, timepiece: Timepiece) -> tuple[float, float]:
    """The one clock of all workers, in seconds since 1970, and how far it is ahead of ours.

    It is the server's where there is one; a SQLite file has one host. What the answer takes to come makes it uncertain,
    so a slow answer is asked for again.
    """
    if session.get_bind().dialect.name == "sqlite":
        return timepiece.now(), 0.0
    best = math.inf, 0.0
    for _ in range(CLOCK_TRIES):
        before = timepiece.now()
        shared = float(session.execute(_SERVER_CLOCK).scalar_one())
        after = timepiece.now()
        best = min(best, (after - before, shared - (before + after) / 2))
        if best[0] <= throttle.CLOCK_ERROR:
            break
    return timepiece.now() + best[1], best[1]


@dataclass
class HeldPace:
    """The logs of some owners, held. `now` is the shared clock, `ahead` how far it is ahead of ours; `store` writes down
    what was granted."""

    now: float
    ahead: float
    rows: Mapping[UUID, Pace]
    logs: Mapping[UUID, throttle.Pace]

    def store(self, session: Session) -> None:
        """Before the transaction ends."""
        for owner_id, log in self.logs.items():
            self.rows[owner_id].log = log.write()
            session.add(self.rows[owner_id])


def hold(
    session: Session, sender: Mapping[UUID, float], lines: Mapping[UUID, float], timepiece: Timepiece
) -> HeldPace:
    """Hold the pace of one sender and of the connections its messages may take, each with its rate in segments a second.

    Always the sender first and then the connections in order, so that two workers never wait for one another.
    """
    rows: dict[UUID, Pace] = {}
    for owner_id in (*sender, *sorted(lines)):
        rows[owner_id] = _row(session, owner_id)
    now, ahead = read_clocks(session, timepiece)
    logs = {owner: throttle.Pace.read(rows[owner].log, rate, now) for owner, rate in sender.items()}
    logs |= {
        owner: throttle.Pace.read(rows[owner].log, rate, now, spaced=False) for owner, rate in lines.items()
    }
    return HeldPace(now, ahead, rows, logs)


def last_second(
    session: Session, rates: Mapping[UUID, float], timepiece: Timepiece
) -> dict[UUID, tuple[int, int]]:
    """Messages and segments of each owner in the last second."""
    now, _ = read_clocks(session, timepiece)
    rows = session.exec(select(Pace).where(col(Pace.owner_id).in_(rates)))
    return {row.owner_id: throttle.Pace.read(row.log, rates[row.owner_id], now).within(now) for row in rows}


def _row(session: Session, owner_id: UUID) -> Pace:
    query = select(Pace).where(Pace.owner_id == owner_id).with_for_update(key_share=True)
    found = session.exec(query).one_or_none()
    if found is None:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        session.execute(insert(Pace).values(owner_id=owner_id, log=b"").on_conflict_do_nothing())
        found = session.exec(query).one()
    return found
