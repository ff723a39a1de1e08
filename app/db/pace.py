"""Slots for the messages of a sender, taken in the caller's transaction: exact over all workers, for the rows that hold
the pace are held until it ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.db.models import Pace
from app.messaging import throttle


def shared_clock(session: Session, local: float) -> float:
    """Seconds since 1970 on the one clock of all workers: the server's, where there is one. A SQLite file has one host."""
    if session.get_bind().dialect.name == "sqlite":
        return local
    return float(session.execute(sa.select(sa.extract("epoch", sa.func.clock_timestamp()))).scalar_one())


@dataclass
class HeldPace:
    """The logs of some owners, held. `now` is the shared clock; `store` writes down what was granted."""

    now: float
    rows: Mapping[UUID, Pace]
    logs: Mapping[UUID, throttle.Pace]

    def store(self, session: Session) -> None:
        """Before the transaction ends."""
        for owner_id, log in self.logs.items():
            self.rows[owner_id].log = log.write()
            session.add(self.rows[owner_id])


def hold(
    session: Session, sender: Mapping[UUID, float], lines: Mapping[UUID, float], local: float
) -> HeldPace:
    """Hold the pace of one sender and of the connections its messages may take, each with its rate in segments a second.

    Always the sender first and then the connections in order, so that two workers never wait for one another.
    """
    rows: dict[UUID, Pace] = {}
    for owner_id in (*sender, *sorted(lines)):
        rows[owner_id] = _row(session, owner_id)
    now = shared_clock(session, local)
    logs = {owner: throttle.Pace.read(rows[owner].log, rate, now) for owner, rate in sender.items()}
    logs |= {
        owner: throttle.Pace.read(rows[owner].log, rate, now, spaced=False) for owner, rate in lines.items()
    }
    return HeldPace(now, rows, logs)


def last_second(session: Session, rates: Mapping[UUID, float], local: float) -> dict[UUID, tuple[int, int]]:
    """Messages and segments of each owner in the last second."""
    now = shared_clock(session, local)
    rows = session.exec(select(Pace).where(col(Pace.owner_id).in_(rates)))
    return {row.owner_id: throttle.Pace.read(row.log, rates[row.owner_id], now).within(now) for row in rows}


def _row(session: Session, owner_id: UUID) -> Pace:
    query = select(Pace).where(Pace.owner_id == owner_id).with_for_update()
    found = session.exec(query).one_or_none()
    if found is None:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        session.execute(insert(Pace).values(owner_id=owner_id, log=b"").on_conflict_do_nothing())
        found = session.exec(query).one()
    return found
