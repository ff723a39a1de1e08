"""Hands messages to their carriers, each in its slot, several at once, and collects what the carriers answer.

A carrier takes a while to answer, and the next slot does not wait for it: the calls run on threads. What misses its
slot is not sent but given back for another one. What is due at once goes to a carrier together, if that carrier has
`submit_all`: over SMPP many messages are then on their way before the first is answered.
"""

import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from app.carriers.base import Accepted, Carrier, CarrierError, Refused, Submission
from app.core.clock import Timepiece
from app.messaging.throttle import is_late

TOGETHER = 50
SHORT_CALL = 0.03
Outcome = Accepted | Refused | CarrierError


@runtime_checkable
class TakesMany(Protocol):
    """A carrier that takes several messages in one call."""

    def submit_all(self, submissions: Sequence[Submission], now: datetime) -> Sequence[Outcome]:
        """Hand all of them over; their answers in the same order. A CarrierError is an answer here."""


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
        with self._changed:
            self._changed.wait_for(lambda: self._in_hand == 0, seconds)

    def _hand_over(self) -> None:
        with self._changed:
            if not self._waiting:
                return  # another thread took it together with its own
            slot, _, first = heapq.heappop(self._waiting)
        if (wait := slot - self._timepiece.now()) > 0:
            self._timepiece.sleep(wait)
        try:
            self._confirm()
        except Exception as error:
            self._end([], [first], [], error)
            return
        due = [first, *self._due_too(first)]
        now = self._timepiece.now()
        missed = [parcel for parcel in due if is_late(parcel.slot, now)]
        due = [parcel for parcel in due if not is_late(parcel.slot, now)]
        answers, broken = self._call(first.carrier, due)
        self._end(missed, due, answers, broken)

    def _end(
        self,
        missed: Sequence[Parcel],
        called: Sequence[Parcel],
        answers: Sequence[Answer],
        broken: Exception | None,
    ) -> None:
        with self._changed:
            self._missed.extend(missed)
            self._answers.extend(answers)
            self._broken = broken or self._broken
            self._in_hand -= len(missed) + len(called)
            self._changed.notify_all()

    def _due_too(self, first: Parcel) -> list[Parcel]:
        """What else is due for the same carrier by now, if it takes several at once."""
        if not isinstance(self._carriers.get(first.carrier), TakesMany):
            return []
        due: list[Parcel] = []
        with self._changed:
            while self._waiting and len(due) < TOGETHER:
                slot, _, parcel = self._waiting[0]
                if slot > self._timepiece.now() or parcel.carrier != first.carrier:
                    break
                due.append(heapq.heappop(self._waiting)[2])
        return due

    def _call(self, name: str, due: Sequence[Parcel]) -> tuple[list[Answer], Exception | None]:
        carrier = self._carriers.get(name)
        began = self._timepiece.now()
        try:
            outcomes: Sequence[Outcome]
            if carrier is None:  # switched off since it was chosen, or its settings cannot be used
                outcomes = [_no_carrier()] * len(due)
            elif len(due) > 1 and isinstance(carrier, TakesMany):
                submissions = [parcel.submission for parcel in due]
                outcomes = carrier.submit_all(submissions, self._now())
            else:
                outcomes = [_one(carrier, parcel.submission, self._now()) for parcel in due]
        except Exception as error:
            return [], error
        at, ended = self._now(), self._timepiece.now()
        # This thread may have stood still between its look at the clock and the call. In a short call that is all.
        left = ended if ended - began < SHORT_CALL else began
        took = timedelta(seconds=ended - began)
        return [
            Answer(parcel, outcome, at, left, took) for parcel, outcome in zip(due, outcomes, strict=True)
        ], None


def _no_carrier() -> CarrierError:
    return CarrierError("carrier_misconfigured", "the carrier is not there", retryable=True, in_doubt=False)


def _one(carrier: Carrier, submission: Submission, now: datetime) -> Outcome:
    try:
        return carrier.submit(submission, now)
    except CarrierError as error:
        return error
