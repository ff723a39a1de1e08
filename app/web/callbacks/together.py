"""What several requests bring at the same moment, done in one go.

A transaction that is written durably takes as long for one report as for fifty, and carriers call once for each. While
one thread writes, the others of the same line gather; the next one writes for all of them, and each request is answered
only when what it brought is stored. Nobody waits for a request that has not come, or for another line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from app.runtime import Runtime

T = TypeVar("T")


@dataclass
class _Brought(Generic[T]):
    rt: Runtime
    line: str
    what: T
    done: bool = False
    # Until it is stored: a writing thread may end in the middle.
    error: Exception | None = field(
        default_factory=lambda: RuntimeError("what a carrier told was not stored")
    )


class Together(Generic[T]):
    """Calls `act` with one thing or many. When it fails for many it is called for each alone, so that one which cannot
    be stored fails by itself."""

    def __init__(self, act: Callable[[Runtime, Sequence[T]], None]) -> None:
        self._act = act
        self._waiting: list[_Brought[T]] = []
        self._lock = Lock()
        self._turns: dict[str, Lock] = {}

    def __call__(self, rt: Runtime, line: str, what: T) -> None:
        """Return when it is done; raises what `act` raises for it. Lines are few: each is remembered."""
        mine = _Brought(rt, line, what)
        with self._lock:
            self._waiting.append(mine)
            turn = self._turns.setdefault(line, Lock())
        with turn:
            if not mine.done and (taken := self._take(mine)):
                self._do(taken, rt)
        if mine.error is not None:
            raise mine.error

    def _take(self, first: _Brought[T]) -> list[_Brought[T]]:
        with self._lock:
            taken: list[_Brought[T]] = []
            left: list[_Brought[T]] = []
            for one in self._waiting:
                (taken if one.rt is first.rt and one.line == first.line else left).append(one)
            self._waiting = left
        return taken

    def _do(self, brought: Sequence[_Brought[T]], rt: Runtime) -> None:
        try:
            self._act(rt, [one.what for one in brought])
        except Exception as error:
            if len(brought) == 1:
                brought[0].error = error
            else:
                for one in brought:
                    self._do([one], rt)
        else:
            for one in brought:
                one.error = None
        for one in brought:
            one.done = True
