"""The pace of a sender, counted in segments: GCRA arithmetic on one number, the theoretical arrival time.

A worker reserves a few slots ahead and sends each segment in its own slot. Two margins keep every sliding second
within the limit: the rate is lowered a little, and a slot that is missed is dropped, never caught up by a burst.
With slots 1 / (0.985 rate) apart and at most 10 ms late, any second holds at most ceil(1.01 x 0.985 x rate)
segments, which is at most `rate` when that is a whole number. Figures: measured and settled by the design.
Times are seconds on one clock, as floats; the row that holds `tat` is the caller's.
"""

import math
from dataclasses import dataclass

RATE_MARGIN = 0.985
LATE_AFTER = 0.010
AHEAD = 0.3


@dataclass(frozen=True, slots=True)
class Reserved:
    """`segments` slots are ours: the first at `first_slot`, then one every `step` seconds. Store `new_tat`."""

    first_slot: float
    step: float
    new_tat: float
    segments: int

    def slots(self) -> tuple[float, ...]:
        """The instants at which one segment each may leave."""
        return tuple(self.first_slot + index * self.step for index in range(self.segments))


@dataclass(frozen=True, slots=True)
class Wait:
    """Enough is reserved; ask again in so many seconds."""

    seconds: float


def paced_rate(rate: float, burst: int = 1) -> float:
    """The rate slots are laid at, for a limit of `rate` segments a second.

    `burst` is the most segments that leave at once: 1 when each has its own slot, and the longest message where
    the carrier cuts texts itself, which puts up to `burst` - 1 segments above the pace into one second.
    Raises ValueError when the limit leaves no room.
    """
    room = rate - (burst - 1)
    if room <= 0 or burst < 1:
        raise ValueError("the rate must be above the segments that leave at once")
    return room * RATE_MARGIN


def reserve(
    tat: float, rate: float, now: float, segments: int, ahead: float = AHEAD, burst: int = 1
) -> Reserved | Wait:
    """Take `segments` slots, unless that would lie more than `ahead` seconds in the future.

    A message longer than `ahead` allows is granted once nothing else is reserved, so it always gets through.
    Raises ValueError when `segments` is not positive or the rate leaves no room.
    """
    if segments < 1:
        raise ValueError("a reservation is for at least one segment")
    step = 1 / paced_rate(rate, burst)
    may_start = tat - max(0.0, ahead - segments * step)
    if now < may_start:
        return Wait(may_start - now)
    first = max(tat, now)
    return Reserved(first, step, first + segments * step, segments)


def block(rate: float, ahead: float = AHEAD, burst: int = 1) -> int:
    """How many segments to ask for at once: what fits `ahead`, and at least one."""
    return max(1, math.floor(ahead * paced_rate(rate, burst)))


def is_late(slot: float, now: float) -> bool:
    """Whether a slot was missed and must be dropped."""
    return now - slot > LATE_AFTER
