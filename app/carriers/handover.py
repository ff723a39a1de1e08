"""Hands messages to their carriers, each in its slot, several at once, and collects what the carriers answer.

A carrier takes a while to answer, and the next slot does not wait for it: the calls run on threads. What misses its
slot is not sent but given back for another one. A carrier that keeps slots itself, as SMPP does, is given all that is
known at once: what it writes down before and after sending is then written for many messages together, and many are on
their way before the first is answered.
"""

import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, runtime_checkable

from app.carriers.base import Accepted, Carrier, CarrierError, Departed, Refused, Submission
from app.core.clock import Timepiece
from app.messaging.timing.throttle import is_late

TOGETHER = 100
SHORT_CALL = 0.03
Outcome = Accepted | Refused | CarrierError


@runtime_checkable
class KeepsSlots(Protocol):
    """A carrier that takes several messages in one call, before they are due, and lets each leave in its slot."""

    def submit_at(
        self, submissions: Sequence[Submission], waits: Sequence[float], now: datetime
    ) -> Sequence[Departed]:
        """Hand all of them over, each to leave so many seconds from now or not at all; what became of each, in order. A
        CarrierError is an answer here."""


@dataclass(frozen=True)
class Parcel:
    """A message to hand over to the carrier named `carrier` at `slot`, in seconds of the timepiece. `granted` is the same
    instant as the log of the pace has it."""

    submission: Submission
    carrier: str
    segments: int
    slot: float = 0.0
    granted: float | None = None


@dataclass(frozen=True)
class Answer:
    """What a carrier made of a message, and when. `left` is when it left, in seconds of the timepiece; the call `took` so
    long."""

    parcel: Parcel
    outcome: Outcome
    at: datetime
    left: float
    took: timedelta


_Done = tuple[list[Parcel], list[Answer]]  # what missed its slot, and what was answered


class Handover:
    """One lane's messages on their way to the carriers. One thread gives and collects; `threads` make the calls."""

    def __init__(
        self,
        carriers: Mapping[str, Carrier],
        threads: Executor,
        timepiece: Timepiece,
        now: Callable[[], datetime],
        confirm: Callable[[], None],
    ) -> None:
        """`confirm` raises when this lane may not call a carrier any more; it is asked before each call."""
        self._confirm = confirm
        self._carriers = carriers
        self._threads = threads
        self._timepiece = timepiece
        self._now = now
        self._changed = threading.Condition()
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, Parcel]] = []
        self._answers: deque[Answer] = deque()
        self._missed: deque[Parcel] = deque()
        self._broken: Exception | None = None
        self._in_hand = 0

    @property
    def empty(self) -> bool:
        """Nothing was given that was not collected, as far as it comes back at all."""
        with self._changed:
            return not (self._in_hand or self._answers or self._missed)

    @property
    def in_hand(self) -> int:
        """How many were given and neither answered nor missed."""
        return self._in_hand

    def give(self, parcels: Sequence[Parcel]) -> None:
        """Hand these over, each in its slot."""
        with self._changed:
            self._in_hand += len(parcels)
            for parcel in parcels:
                heapq.heappush(self._waiting, (parcel.slot, next(self._order), parcel))
        for _ in parcels:
            self._threads.submit(self._hand_over)

    def collect(self) -> tuple[list[Answer], list[Parcel]]:
        """What was answered, and what missed its slot, since the last time."""
        with self._changed:
            answers, missed = list(self._answers), list(self._missed)
            self._answers.clear()
            self._missed.clear()
        return answers, missed

    def check(self) -> None:
        """Raises what a carrier raised beside CarrierError: a fault of ours, whose message stays in doubt."""
        if self._broken is not None:
            raise self._broken

    def wait(self, seconds: float | None = None) -> None:
        """Until nothing is in hand, or so long at most."""
        self._timepiece.wait_for(self._changed, lambda: self._in_hand == 0, seconds)

    def _hand_over(self) -> None:
        with self._changed:
            if not self._waiting:
                return  # another thread took it together with its own
            slot, _, first = heapq.heappop(self._waiting)
        carrier = self._carriers.get(first.carrier)
        given = [first]
        act: Callable[[], _Done] = partial(self._call, carrier, first)
        if carrier is not None and isinstance(carrier, KeepsSlots):
            given += self._others_for(first.carrier)
            act = partial(self._call_ahead, carrier, given)
        elif (wait := slot - self._timepiece.now()) > 0:
            self._timepiece.sleep(wait)
        try:
            self._confirm()
            missed, answers = act()
        except Exception as error:
            self._end([], given, [], error)
        else:
            self._end(missed, given, answers, None)

    def _end(
        self,
        missed: Sequence[Parcel],
        given: Sequence[Parcel],
        answers: Sequence[Answer],
        broken: Exception | None,
    ) -> None:
        with self._changed:
            self._missed.extend(missed)
            self._answers.extend(answers)
            self._broken = broken or self._broken
            self._in_hand -= len(given)
            self._changed.notify_all()

    def _others_for(self, carrier: str) -> list[Parcel]:
        """What else waits for the same carrier, in the order of the slots."""
        others: list[Parcel] = []
        with self._changed:
            while self._waiting and len(others) < TOGETHER - 1 and self._waiting[0][2].carrier == carrier:
                others.append(heapq.heappop(self._waiting)[2])
        return others

    def _call_ahead(self, carrier: KeepsSlots, given: Sequence[Parcel]) -> _Done:
        began = self._timepiece.now()
        waits = [parcel.slot - began for parcel in given]
        departed = carrier.submit_at([parcel.submission for parcel in given], waits, self._now())
        at, took = self._now(), self._timepiece.now() - began
        last = max((one.after for one in departed), default=0.0)
        missed, answers = [], []
        for parcel, one in zip(given, departed, strict=True):
            if one.outcome is None:
                missed.append(parcel)
            else:
                left = began + one.after if one.after else parcel.slot
                answers.append(
                    Answer(parcel, one.outcome, at, left, timedelta(seconds=max(0.0, took - last)))
                )
        return missed, answers

    def _call(self, carrier: Carrier | None, parcel: Parcel) -> _Done:
        began = self._timepiece.now()
        if is_late(parcel.slot, began):
            return [parcel], []
        outcome = _no_carrier() if carrier is None else _one(carrier, parcel.submission, self._now())
        at, ended = self._now(), self._timepiece.now()
        # This thread may have stood still between its look at the clock and the call. In a short call that is all.
        left = ended if ended - began < SHORT_CALL else began
        return [], [Answer(parcel, outcome, at, left, timedelta(seconds=ended - began))]


def _no_carrier() -> CarrierError:
    return CarrierError("carrier_misconfigured", "the carrier is not there", retryable=True, in_doubt=False)


def _one(carrier: Carrier, submission: Submission, now: datetime) -> Outcome:
    try:
        return carrier.submit(submission, now)
    except CarrierError as error:
        return error
