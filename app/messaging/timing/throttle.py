"""The pace of a sender, or of a connection to a carrier, counted in segments: a log of the last second.

A slot is the instant at which one message may be handed over, with all its segments at once. Every grant is written
into the log, and a new one is made only where every second around it stays within the limit, so the promise does not
depend on how many workers ask, in which order, how long their messages are, or what a crash leaves unused. A log holds
what was granted: whoever misses a slot by more than LATE gives it back and takes another, and whoever notices only
afterwards that a message left late moves its entry.

The second that is counted is longer than a second by what an actual instant may differ from its slot, so a limit of
100 is used to 99. Times are seconds on one clock that all workers share; the caller stores the log.
"""

import math
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

LATE = 0.008  # a slot missed by more is given back
CLOCK_ERROR = 0.002  # how far two workers may read the shared clock apart
SPAN = 1 + LATE + CLOCK_ERROR
AHEAD = 0.3  # how far ahead slots are granted: nothing more urgent waits longer for one
EXPRESS_AHEAD = 0.4  # alerts and access codes find room behind what the others hold
CATCH_UP = 0.9  # slots may lie this much closer than the limit asks, to make up for a pause
FORGET_AFTER = SPAN + 0.5
LONGEST = 300  # segments; a message has at most 255
STEPPED_BACK = 60.0  # a grant further ahead than the longest message explains: the clock was set back
_ENTRY = struct.Struct("<dH")
_MOST = 0xFFFF


@dataclass(frozen=True, slots=True)
class Wait:
    """Enough is granted; ask again in so many seconds."""

    seconds: float


class Pace:
    """The log of one sender or connection, and what it still allows.

    `rate` is the limit in segments a second; below 1, one segment in `1 / rate` seconds. A `spaced` pace also keeps
    its slots apart, as a sender does; the messages of several senders meet on a connection as they come. Raises
    ValueError for a rate that is not above zero.
    """

    def __init__(self, rate: float, *, spaced: bool = True) -> None:
        if not rate > 0:
            raise ValueError("a rate is above zero segments a second")
        self._most = max(1, math.floor(rate))
        self._span = SPAN / min(1.0, rate)
        self._gap = CATCH_UP * self._span / self._most if spaced else 0.0
        self._at: list[float] = []
        self._segments: list[int] = []

    @classmethod
    def read(cls, log: bytes, rate: float, now: float, *, spaced: bool = True) -> Self:
        """The log as it was written, without what is too old to matter. Raises ValueError as above."""
        pace = cls(rate, spaced=spaced)
        oldest = now - pace._span - FORGET_AFTER + SPAN
        for at, segments in _entries(log):
            if at > oldest:
                pace._at.append(at)
                pace._segments.append(segments)
        if pace._at and pace._at[-1] > now + max(STEPPED_BACK, LONGEST * pace._span / pace._most):
            # Nothing is known of the last second on this clock, so it counts as full.
            pace._at, pace._segments = [now], [min(pace._most, _MOST)]
        return pace

    def write(self) -> bytes:
        """The log in a form to store, 10 bytes for each message of the last second."""
        return b"".join(map(_ENTRY.pack, self._at, self._segments))

    def within(self, now: float, seconds: float = 1.0) -> tuple[int, int]:
        """Messages and segments whose slots lay in the last `seconds`."""
        first, last = bisect_right(self._at, now - seconds), bisect_right(self._at, now)
        return last - first, sum(self._segments[first:last])

    def earliest(self, start: float, segments: int) -> float:
        """The first instant from `start` on at which a message of so many segments keeps the limit.

        One that is longer than the limit itself goes where a whole second is empty. Raises ValueError for less than
        one segment.
        """
        if segments < 1:
            raise ValueError("a message has at least one segment")
        asked = min(segments, self._most)
        at = start
        while (later := self._pushed(at, asked)) > at:
            at = later
        return at

    def take(self, at: float, segments: int) -> None:
        """Write down a grant at an instant that `earliest` named. What is above the limit fills the seconds after."""
        while segments > 0:
            part = min(segments, self._most, _MOST)
            place = bisect_right(self._at, at)
            self._at.insert(place, at)
            self._segments.insert(place, part)
            segments -= part
            at += self._span

    def give_back(self, at: float, segments: int) -> bool:
        """Take a grant out of the log that was certainly not used; whether it was still there."""
        found = False
        while segments > 0:
            part = min(segments, self._most, _MOST)
            place = bisect_left(self._at, at)
            while place < len(self._at) and self._at[place] == at:
                if self._segments[place] == part:
                    del self._at[place], self._segments[place]
                    found = True
                    break
                place += 1
            segments -= part
            at += self._span
        return found

    def move(self, at: float, to: float, segments: int) -> None:
        """A message left later than its slot. Told within half a second, this keeps the limit exact for any delay: the
        seconds that it changes lie further ahead than any grant."""
        if self.give_back(at, segments):
            self.take(to, segments)

    def room(self, start: float, until: float, most: int) -> int:
        """How many messages of one segment could still be granted between the two instants, counting up to `most`."""
        trial = Pace.__new__(type(self))
        trial._most, trial._span, trial._gap = self._most, self._span, self._gap
        trial._at, trial._segments = list(self._at), list(self._segments)
        count, at = 0, start
        while count < most and (at := trial.earliest(at, 1)) <= until:
            trial.take(at, 1)
            count += 1
        return count

    def _pushed(self, at: float, segments: int) -> float:
        """`at`, or a later instant before which the message cannot leave."""
        place = bisect_right(self._at, at)
        if place and at < (free := self._at[place - 1] + self._gap * self._segments[place - 1]):
            return free
        if place < len(self._at) and self._gap and at + self._gap * segments > self._at[place]:
            return self._at[place] + self._gap * self._segments[place]
        first = bisect_right(self._at, at - self._span)
        total = sum(self._segments[first:place]) + segments
        if total > self._most:
            return self._until_free(first, total - self._most)
        for later in range(place, len(self._at)):
            if self._at[later] - self._span >= at:
                break
            total += self._segments[later]
            while self._at[first] <= self._at[later] - self._span:
                total -= self._segments[first]
                first += 1
            if total > self._most:
                return self._at[later]
        return at

    def _until_free(self, first: int, excess: int) -> float:
        """When so many segments have left the second that begins with entry `first`."""
        while excess > 0:
            excess -= self._segments[first]
            first += 1
        return self._at[first - 1] + self._span


def reserve(paces: Sequence[Pace], start: float, segments: int, until: float) -> float | Wait:
    """Take the first slot from `start` on that every pace allows, unless it lies after `until`.

    A message leaves through a sender and a connection: the slot is written into both.
    """
    at = start
    while (later := max(pace.earliest(at, segments) for pace in paces)) > at:
        at = later
    if at > until:
        return Wait(at - until)
    for pace in paces:
        pace.take(at, segments)
    return at


def left_late(slot: float, left: float) -> bool:
    """Whether a message left so long after its slot that the log should say so."""
    return left - slot > LATE / 2


def is_late(slot: float, now: float) -> bool:
    """Whether a slot was missed and must be given back."""
    return now - slot > LATE


def _entries(log: bytes) -> Iterator[tuple[float, int]]:
    return _ENTRY.iter_unpack(log)
