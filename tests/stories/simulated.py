"""Time that passes only when somebody waits: a day of sending in seconds, the same every time."""

import heapq
import itertools
import math
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from app.carriers.base import Accepted, CarrierError, Channel, Refused, RevokeOutcome, Submission
from app.carriers.handover import Handover


class SimulatedTime:
    """`app.core.clock.Timepiece`, and `now` of a runtime. What is planned happens when its instant has come, within
    whatever waits for a later one."""

    def __init__(self, start: datetime) -> None:
        self._at = start.timestamp()
        self._plans: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._acts: deque[tuple[Handover, Callable[[], None]]] = deque()
        self._acting = False

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self._at, UTC)

    def now(self) -> float:
        return self._at

    def sleep(self, seconds: float) -> None:
        until = self._at + max(0.0, seconds)
        while self._run_next(until):
            pass
        self._at = max(self._at, until)

    def wait_for(self, changed: threading.Condition, true: Callable[[], bool], seconds: float | None) -> None:
        until = math.inf if seconds is None else self._at + seconds
        while not true():
            if not self._run_next(until):
                assert seconds is not None, "nothing is left that could make it true"
                self._at = until
                return

    def later(self, hand: Handover, act: Callable[[], None]) -> None:
        """What a thread would do when the next slot of the handover comes: while somebody waits for a later instant."""
        self._acts.append((hand, act))

    def _run_next(self, until: float) -> bool:
        """Do what is next before that instant; False when there is nothing, or a thread is what waits."""
        if self._acting or not self._acts:
            return False
        hand, act = self._acts[0]
        if hand._waiting and hand._waiting[0][0] > until:
            return False
        self._acts.popleft()
        self._acting = True
        act()
        self._acting = False
        return True

    def plan(self, at: datetime | float, act: Callable[[], None]) -> None:
        """Have this happen then, when somebody looks (`happen`)."""
        instant = at.timestamp() if isinstance(at, datetime) else at
        heapq.heappush(self._plans, (instant, next(self._numbers), act))

    def happen(self) -> bool:
        """Let everything happen whose instant has come; whether there was something."""
        found = False
        while self._plans and self._plans[0][0] <= self._at:
            heapq.heappop(self._plans)[2]()
            found = True
        return found

    def go_to(self, instant: float) -> None:
        """Nothing to do: on to that instant, or to the next thing that is planned before it."""
        self._at = max(self._at, min(instant, self._plans[0][0] if self._plans else instant))


class Threads(Executor):
    """The threads of a handover: what is given to them is done one thing after another, each in its slot."""

    def __init__(self, time: SimulatedTime) -> None:
        self._time = time

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._time.later(fn.__self__, partial(fn, *args, **kwargs))  # type: ignore[attr-defined]
        return Future()


@dataclass(frozen=True)
class Sent:
    """One message as the network took it; a text begins with its segments, says what it is, and is filled up with dots."""

    at: float
    segments: int
    what: str
    to: str
    attempt_id: UUID


@dataclass
class Network:
    """Takes everything, unless it is `down`; `after` is told of each."""

    time: SimulatedTime
    after: Callable[[Sent], None] = lambda _sent: None
    down: bool = False
    name: str = "simulator"
    channels: frozenset[Channel] = frozenset({"sms", "rcs"})
    idempotent: bool = True
    sent: list[Sent] = field(default_factory=list)
    refused: int = 0

    def submit(self, submission: Submission, now: datetime) -> Accepted | Refused:
        self.time.happen()
        if self.down:
            self.refused += 1
            raise CarrierError("carrier_busy", "not now", retryable=True, in_doubt=False)
        segments, _, what = submission.text.partition(" ")
        if not segments.isdecimal():  # a text of the service itself
            segments, what = "1", "answer"
        one = Sent(self.time.now(), int(segments), what.rstrip("."), submission.to, submission.attempt_id)
        self.sent.append(one)
        self.after(one)
        return Accepted(submission.attempt_id.hex)

    def revoke(self, attempt_id: UUID, to: str, now: datetime) -> RevokeOutcome:
        return "unknown"

    def reaches_rcs(self, organisation_id: UUID, to: str) -> bool | None:
        return None
