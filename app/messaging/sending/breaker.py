"""How well a connection works, from counts alone: when to leave it alone for a while, and when to try it again.

Two troubles are told apart. A connection that fails is paused, and one message at a time may find out whether the
pause was long enough; each failed probe doubles it. A connection that is slow still works: it is only passed by while
another is not slow. Whether a pause or a detour is obeyed at all is decided by `roads.choose`, which sees all
connections: when every one is in trouble, none is avoided.

The share of slow answers and the five minutes between two detours are those GOV.UK Notify works with; the other
figures are ours. Nothing here reads a clock.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

WINDOW = timedelta(seconds=60)
LEAST_CALLS = 5
FAILED_SHARE = 0.5
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
PROBE_EVERY = timedelta(seconds=15)
SLOW_AFTER = timedelta(seconds=3)
LEAST_TIMED = 20
SLOW_SHARE = 0.15
DETOUR = timedelta(minutes=5)


class Standing(StrEnum):
    """PROBING: the pause is over, and nobody knows yet whether the connection works again."""

    WORKING = "working"
    SLOW = "slow"
    PAUSED = "paused"
    PROBING = "probing"


@dataclass(frozen=True, slots=True)
class Tally:
    """Calls that ended since the last count. `failed` are those the connection itself failed, in doubt or not; a
    message that was refused for its own sake is no failure. `slow` took longer than SLOW_AFTER."""

    calls: int
    failed: int = 0
    slow: int = 0


class Tallies:
    """Counts calls by carrier until somebody writes them down. For one thread."""

    def __init__(self) -> None:
        self._counts: dict[str, Tally] = {}

    def add(self, carrier: str, took: timedelta, *, failed: bool) -> None:
        """One call that ended."""
        so_far = self._counts.get(carrier, Tally(0))
        self._counts[carrier] = Tally(
            so_far.calls + 1, so_far.failed + failed, so_far.slow + (took > SLOW_AFTER)
        )

    def take(self) -> dict[str, Tally]:
        """What was counted since the last time."""
        counted, self._counts = self._counts, {}
        return counted


@dataclass(frozen=True, slots=True)
class Health:
    """Counts of the window that began at `since`, and what they led to. `pauses` counts those since it last worked."""

    since: datetime | None = None
    calls: int = 0
    failed: int = 0
    slow: int = 0
    pauses: int = 0
    paused_until: datetime | None = None
    slow_until: datetime | None = None


def standing(health: Health, now: datetime) -> Standing:
    """How the connection is to be treated at this moment."""
    if health.paused_until is not None:
        return Standing.PAUSED if now < health.paused_until else Standing.PROBING
    if health.slow_until is not None and now < health.slow_until:
        return Standing.SLOW
    return Standing.WORKING


def observe(health: Health, tally: Tally, now: datetime) -> Health:
    """The health after some more calls."""
    if tally.calls == 0:
        return health
    at = standing(health, now)
    if at is Standing.PAUSED:
        # Calls that had begun before the pause prove nothing new.
        return health
    if at is Standing.PROBING:
        if tally.failed < tally.calls:
            return Health(since=now, calls=tally.calls, failed=tally.failed, slow=tally.slow)
        return _paused(health, now)
    counted = _count(health, tally, now)
    if counted.calls >= LEAST_CALLS and counted.failed >= FAILED_SHARE * counted.calls:
        return _paused(counted, now)
    sluggish = counted.calls >= LEAST_TIMED and counted.slow >= SLOW_SHARE * counted.calls
    if sluggish and at is not Standing.SLOW:
        return replace(counted, slow_until=now + DETOUR)
    return counted


def pause_after(pauses: int) -> timedelta:
    """How long the connection is left alone the `pauses`-th time in a row, from 1."""
    doublings: int = min(pauses - 1, 10)
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << doublings))


def _count(health: Health, tally: Tally, now: datetime) -> Health:
    if health.since is None or now - health.since >= WINDOW:
        return replace(health, since=now, calls=tally.calls, failed=tally.failed, slow=tally.slow)
    return replace(
        health,
        calls=health.calls + tally.calls,
        failed=health.failed + tally.failed,
        slow=health.slow + tally.slow,
    )


def _paused(health: Health, now: datetime) -> Health:
    pauses = health.pauses + 1
    return Health(pauses=pauses, paused_until=now + pause_after(pauses))
