"""What several requests bring at the same moment, done in one go.

A transaction that is written durably takes as long for one report as for fifty, and carriers call once for each. While
one thread writes, the others gather; the next one writes for all of them, and each request is answered only when what it
brought is stored. Nobody waits for a request that has not come.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from app.runtime import Runtime

T = TypeVar("T")


@dataclass
class _Brought(Generic[T]):
    rt: Runtime
    what: T
    done: bool = False
    error: Exception | None = None


class Together(Generic[T]):
    """Calls `act` with one thing or many. When it fails for many it is called for each alone, so that one which cannot
    be stored fails by itself."""

    def __init__(self, act: Callable[[Runtime, Sequence[T]], None]) -> None:
        self._act = act
        self._waiting: list[_Brought[T]] = []
        self._lock, self._turn = Lock(), Lock()

    def __call__(self, rt: Runtime, what: T) -> None:
        """Return when it is done; raises what `act` raises for it."""
        mine = _Brought(rt, what)
        with self._lock:
            self._waiting.append(mine)
        with self._turn:
            if not mine.done:
                self._do(self._take(rt), rt)
        if mine.error is not None:
            raise mine.error

    def _take(self, rt: Runtime) -> list[_Brought[T]]:
        with self._lock:
            taken = [one for one in self._waiting if one.rt is rt]
            self._waiting = [one for one in self._waiting if one.rt is not rt]
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
        for one in brought:
            one.done = True
