"""How many wrong passwords, and how long to wait. Every count is one statement, exact under any concurrency.

A try is counted before Argon2 runs and given back when the password was right, so parallel tries cannot slip past a
limit and a crash can only leave one try too many. Waits double as the tries go on.

    per link and network   5 wrong in 10 minutes   wait 30 s, then 1, 2, 4, 8, 15 min
    per link              10 wrong in 24 hours     15 min between tries
    per link              20 wrong in its life     frozen
    per recipient         40 wrong in 30 days      1 h between tries
    strangers             20 per minute and network without the link's secret; never blocks who holds it
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from links.bulk import table_of
from links.tables import INSTANT, Link, LinkThrottle

LIFE_LIMIT: Final = 20
DAY_LIMIT: Final = 10
DAY: Final = timedelta(hours=24)
DAY_WAIT: Final = timedelta(minutes=15)
LEASE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Rule:
    """`limit` tries in `window`, then each further one waits for the next of `waits`, the last one for ever after."""

    name: str
    limit: int
    window: timedelta
    waits: tuple[timedelta, ...]


PER_NETWORK: Final = Rule(
    "network", 5, timedelta(minutes=10), tuple(timedelta(seconds=s) for s in (30, 60, 120, 240, 480, 900))
)
PER_RECIPIENT: Final = Rule("recipient", 40, timedelta(days=30), (timedelta(hours=1),))
STRANGERS: Final = Rule("strangers", 20, timedelta(minutes=1), (timedelta(minutes=1),))


@dataclass(frozen=True, slots=True)
class Wait:
    """Too many tries: nothing was counted. `retry_after` is in whole seconds."""

    retry_after: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """One counted try. `number` is how many the link has with it."""

    number: int
    link_id: UUID
    buckets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Exhausted:
    """The link's last try was used and nothing came of it; it must be frozen."""


# A statement takes longer to put together than to run, so those of every opening are put together once.
_link = table_of(Link)
_throttle = table_of(LinkThrottle)
_BLOCKED_UNTIL: Final = sa.select(_throttle.c.blocked_until).where(
    _throttle.c.bucket == sa.bindparam("subject")
)
_GIVE_BACK_LINK: Final = (
    sa.update(_link)
    .where(_link.c.id == sa.bindparam("link_id"), _link.c.bad > 0)
    .values(
        bad=_link.c.bad - 1,
        day_bad=sa.case((_link.c.day_bad > 0, _link.c.day_bad - 1), else_=0),
        blocked_until=None,
    )
)
_GIVE_BACK_BUCKETS: Final = (
    sa.update(_throttle)
    .where(_throttle.c.bucket.in_(sa.bindparam("buckets", expanding=True)), _throttle.c.wrong > 0)
    .values(wrong=_throttle.c.wrong - 1, blocked_until=None)
)


def stranger_must_wait(session: Session, net: bytes, now: datetime) -> Wait | None:
    """Whether a network without any proven link asked too often. Reads only."""
    blocked = _blocked_until(session, _bucket(STRANGERS, net))
    return _wait(blocked, now) if blocked is not None and blocked > now else None


def count_stranger(session: Session, net: bytes, now: datetime) -> None:
    """Count one try without the secret."""
    _take(session, STRANGERS, _bucket(STRANGERS, net), now)


def reserve(
    session: Session, link_id: UUID, recipient: bytes | None, net: bytes, now: datetime
) -> Reservation | Wait | Exhausted:
    """Count one try against link, network and recipient together, or none of them. `net` is a hash of the network."""
    moments = {"now": now, "next_day": now + DAY, "day_wait": now + DAY_WAIT, "lease": now + LEASE}
    row = session.connection().execute(_COUNT_ON_LINK, {"link_id": link_id, **moments}).one_or_none()
    if row is None:
        return _why_link_refused(session, link_id, now)
    taken: list[bytes] = []
    limited = [(PER_NETWORK, _bucket(PER_NETWORK, link_id.bytes + net))]
    if recipient is not None:
        limited.append((PER_RECIPIENT, _bucket(PER_RECIPIENT, recipient)))
    for rule, bucket in limited:
        if (wait := _take(session, rule, bucket, now)) is not None:
            give_back(session, Reservation(row.bad, link_id, tuple(taken)))
            return wait
        taken.append(bucket)
    return Reservation(row.bad, link_id, tuple(taken))


def give_back(session: Session, reservation: Reservation) -> None:
    """The try did not fail, or was never made.

    Waits may be lifted with it: past a limit only one try is under way at a time, so a wait that stands is its own.
    """
    connection = session.connection()
    connection.execute(_GIVE_BACK_LINK, {"link_id": reservation.link_id})
    if reservation.buckets:
        connection.execute(_GIVE_BACK_BUCKETS, {"buckets": reservation.buckets})


def wait_after(session: Session, reservation: Reservation, now: datetime) -> Wait | None:
    """How long the next try must wait, now that this one failed."""
    marks = list(
        session.execute(
            sa.select(col(LinkThrottle.blocked_until)).where(
                col(LinkThrottle.bucket).in_(reservation.buckets)
            )
        ).scalars()
    )
    marks.append(
        session.execute(
            sa.select(col(Link.blocked_until)).where(col(Link.id) == reservation.link_id)
        ).scalar_one()
    )
    latest = max((mark for mark in marks if mark is not None and mark > now), default=None)
    return _wait(latest, now) if latest is not None else None


def is_exhausted(session: Session, link_id: UUID) -> bool:
    """Whether the link has no try left."""
    bad = session.execute(sa.select(col(Link.bad)).where(col(Link.id) == link_id)).scalar_one()
    return int(bad) >= LIFE_LIMIT


def forget_old(session: Session, now: datetime) -> None:
    """Drop counts whose window is over."""
    session.execute(
        sa.delete(LinkThrottle).where(
            col(LinkThrottle.window_ends_at) <= now,
            sa.or_(col(LinkThrottle.blocked_until).is_(None), col(LinkThrottle.blocked_until) <= now),
        )
    )


def _count_on_link() -> Any:
    now = _instant("now")
    new_day = sa.or_(_link.c.day_ends_at.is_(None), _link.c.day_ends_at <= now)
    day_bad = sa.case((new_day, 1), else_=_link.c.day_bad + 1)
    return (
        sa.update(_link)
        .where(
            _link.c.id == sa.bindparam("link_id"),
            _link.c.bad < LIFE_LIMIT,
            sa.or_(_link.c.blocked_until.is_(None), _link.c.blocked_until <= now),
        )
        .values(
            bad=_link.c.bad + 1,
            day_bad=day_bad,
            day_ends_at=sa.case((new_day, _instant("next_day")), else_=_link.c.day_ends_at),
            blocked_until=sa.case(
                (day_bad >= DAY_LIMIT, _instant("day_wait")),
                (_link.c.bad + 1 >= LIFE_LIMIT, _instant("lease")),
                else_=None,
            ),
        )
        .returning(_link.c.bad)
    )


def _instant(name: str) -> Any:
    return sa.bindparam(name, type_=INSTANT)


_COUNT_ON_LINK: Final = _count_on_link()


def _why_link_refused(session: Session, link_id: UUID, now: datetime) -> Wait | Exhausted:
    bad, blocked = session.execute(
        sa.select(col(Link.bad), col(Link.blocked_until)).where(col(Link.id) == link_id)
    ).one()
    if blocked is not None and blocked > now:
        return _wait(blocked, now)
    return Exhausted() if bad >= LIFE_LIMIT else Wait(1)


def _take(session: Session, rule: Rule, bucket: bytes, now: datetime) -> Wait | None:
    """Count one try in a bucket, or tell how long to wait."""
    values: dict[str, Any] = {"subject": bucket, "now": now, "window_end": now + rule.window}
    for step, wait in enumerate(rule.waits):
        values |= {f"blocked_{step}": now + wait, f"window_{step}": now + wait + rule.window}
    connection = session.connection()
    if connection.execute(_count_in_bucket(rule, connection.dialect.name), values).one_or_none() is not None:
        return None
    return _wait(_blocked_until(session, bucket), now)


@cache
def _count_in_bucket(rule: Rule, dialect: str) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    now, table = _instant("now"), _throttle.c
    free = sa.or_(table.blocked_until.is_(None), table.blocked_until <= now)
    over = sa.and_(table.window_ends_at <= now, free)
    count = sa.case((over, 1), else_=table.wrong + 1)
    # The highest step first: CASE takes the first that holds.
    steps = [(count >= rule.limit + step, step) for step in reversed(range(len(rule.waits)))]
    return (
        insert(_throttle)
        .values(
            bucket=sa.bindparam("subject"), wrong=1, window_ends_at=_instant("window_end"), blocked_until=None
        )
        .on_conflict_do_update(
            index_elements=[table.bucket],
            set_={
                "wrong": count,
                "window_ends_at": sa.case(
                    (over, _instant("window_end")),
                    *((reached, _instant(f"window_{step}")) for reached, step in steps),
                    else_=table.window_ends_at,
                ),
                "blocked_until": sa.case(
                    *((reached, _instant(f"blocked_{step}")) for reached, step in steps), else_=None
                ),
            },
            where=free,
        )
        .returning(table.wrong)
    )


def _blocked_until(session: Session, bucket: bytes) -> datetime | None:
    blocked: datetime | None = (
        session.connection().execute(_BLOCKED_UNTIL, {"subject": bucket}).scalar_one_or_none()
    )
    return blocked


def _bucket(rule: Rule, subject: bytes) -> bytes:
    return hashlib.sha256(rule.name.encode("ascii") + b"\x00" + subject).digest()[:16]


def _wait(until: datetime | None, now: datetime) -> Wait:
    return Wait(1 if until is None else max(1, math.ceil((until - now).total_seconds())))
