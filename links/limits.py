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
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

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
    waits: Sequence[timedelta]


PER_NETWORK: Final = Rule(
    "network", 5, timedelta(minutes=10), [timedelta(seconds=s) for s in (30, 60, 120, 240, 480, 900)]
)
PER_RECIPIENT: Final = Rule("recipient", 40, timedelta(days=30), [timedelta(hours=1)])
STRANGERS: Final = Rule("strangers", 20, timedelta(minutes=1), [timedelta(minutes=1)])


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


def stranger_must_wait(session: Session, net: bytes, now: datetime) -> Wait | None:
    """Whether a network without any proven link asked too often. Reads only."""
    blocked = session.execute(
        sa.select(col(LinkThrottle.blocked_until)).where(col(LinkThrottle.bucket) == _bucket(STRANGERS, net))
    ).scalar_one_or_none()
    return _wait(blocked, now) if blocked is not None and blocked > now else None


def count_stranger(session: Session, net: bytes, now: datetime) -> None:
    """Count one try without the secret."""
    _take(session, STRANGERS, _bucket(STRANGERS, net), now)


def reserve(
    session: Session, link_id: UUID, recipient: bytes | None, net: bytes, now: datetime
) -> Reservation | Wait | Exhausted:
    """Count one try against link, network and recipient together, or none of them. `net` is a hash of the network."""
    row = session.execute(_count_on_link(link_id, now)).one_or_none()
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
    session.execute(
        sa.update(Link)
        .where(col(Link.id) == reservation.link_id, col(Link.bad) > 0)
        .values(
            bad=col(Link.bad) - 1,
            day_bad=sa.case((col(Link.day_bad) > 0, col(Link.day_bad) - 1), else_=0),
            blocked_until=None,
        )
    )
    if reservation.buckets:
        session.execute(
            sa.update(LinkThrottle)
            .where(col(LinkThrottle.bucket).in_(reservation.buckets), col(LinkThrottle.wrong) > 0)
            .values(wrong=col(LinkThrottle.wrong) - 1, blocked_until=None)
        )


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


def _count_on_link(link_id: UUID, now: datetime) -> Any:
    new_day = sa.or_(col(Link.day_ends_at).is_(None), col(Link.day_ends_at) <= now)
    day_bad = sa.case((new_day, 1), else_=col(Link.day_bad) + 1)
    return (
        sa.update(Link)
        .where(
            col(Link.id) == link_id,
            col(Link.bad) < LIFE_LIMIT,
            sa.or_(col(Link.blocked_until).is_(None), col(Link.blocked_until) <= now),
        )
        .values(
            bad=col(Link.bad) + 1,
            day_bad=day_bad,
            day_ends_at=sa.case((new_day, sa.literal(now + DAY, INSTANT)), else_=col(Link.day_ends_at)),
            blocked_until=sa.case(
                (day_bad >= DAY_LIMIT, sa.literal(now + DAY_WAIT, INSTANT)),
                (col(Link.bad) + 1 >= LIFE_LIMIT, sa.literal(now + LEASE, INSTANT)),
                else_=None,
            ),
        )
        .returning(col(Link.bad))
        .execution_options(synchronize_session=False)
    )


def _why_link_refused(session: Session, link_id: UUID, now: datetime) -> Wait | Exhausted:
    bad, blocked = session.execute(
        sa.select(col(Link.bad), col(Link.blocked_until)).where(col(Link.id) == link_id)
    ).one()
    if blocked is not None and blocked > now:
        return _wait(blocked, now)
    return Exhausted() if bad >= LIFE_LIMIT else Wait(1)


def _take(session: Session, rule: Rule, bucket: bytes, now: datetime) -> Wait | None:
    """Count one try in a bucket, or tell how long to wait."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    over = sa.and_(
        col(LinkThrottle.window_ends_at) <= now,
        sa.or_(col(LinkThrottle.blocked_until).is_(None), col(LinkThrottle.blocked_until) <= now),
    )
    count = sa.case((over, 1), else_=col(LinkThrottle.wrong) + 1)
    steps = [
        (count >= rule.limit + step, wait) for step, wait in reversed(list(enumerate(rule.waits)))
    ]  # the highest step first: CASE takes the first that holds
    statement = insert(LinkThrottle).values(
        bucket=bucket, wrong=1, window_ends_at=now + rule.window, blocked_until=None
    )
    taken = session.execute(
        statement.on_conflict_do_update(
            index_elements=[col(LinkThrottle.bucket)],
            set_={
                "wrong": count,
                "window_ends_at": sa.case(
                    (over, sa.literal(now + rule.window, INSTANT)),
                    *((reached, sa.literal(now + wait + rule.window, INSTANT)) for reached, wait in steps),
                    else_=col(LinkThrottle.window_ends_at),
                ),
                "blocked_until": sa.case(
                    *((reached, sa.literal(now + wait, INSTANT)) for reached, wait in steps), else_=None
                ),
            },
            where=sa.or_(col(LinkThrottle.blocked_until).is_(None), col(LinkThrottle.blocked_until) <= now),
        ).returning(col(LinkThrottle.wrong))
    ).one_or_none()
    if taken is not None:
        return None
    blocked = session.execute(
        sa.select(col(LinkThrottle.blocked_until)).where(col(LinkThrottle.bucket) == bucket)
    ).scalar_one()
    return _wait(blocked, now)


def _bucket(rule: Rule, subject: bytes) -> bytes:
    return hashlib.sha256(rule.name.encode("ascii") + b"\x00" + subject).digest()[:16]


def _wait(until: datetime | None, now: datetime) -> Wait:
    return Wait(1 if until is None else max(1, math.ceil((until - now).total_seconds())))
