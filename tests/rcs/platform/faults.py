"""What goes wrong at the platform, one call after another."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

Operation = Literal["token", "send", "revoke", "capability", "batch", "event", "file", "upload", "tester"]
NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


@dataclass(frozen=True)
class Fault:
    """One call goes wrong: `status` is answered instead, or the connection is cut (0), or the answer waits `after` seconds
    (with a status of 200 it is only late). `taken`: the platform does what it was asked for all the same."""

    status: int = 200
    taken: bool = False
    after: float = 0.0
    retry_after: str = ""
    plain: bool = False


@dataclass
class Faults:
    """The faults still to come, by operation."""

    _planned: defaultdict[Operation, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    _lock: Lock = field(default_factory=Lock)

    def plan(self, operation: Operation, *faults: Fault) -> None:
        """The next calls of this kind go wrong so."""
        with self._lock:
            self._planned[operation].extend(faults)

    def next(self, operation: Operation) -> Fault | None:
        """The fault of this call."""
        with self._lock:
            return self._planned[operation].popleft() if self._planned[operation] else None

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._planned.clear()
