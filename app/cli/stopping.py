"""Being asked to stop, by SIGINT or SIGTERM."""

import signal
import time
from collections.abc import Callable
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Remembers a stop signal instead of dying of it.

    A plain flag and short sleeps, no event: a signal handler must not take a lock, for the code it interrupts may hold
    that very lock.
    """

    def __init__(self, tell: Callable[[], None] = lambda: None) -> None:
        """`tell` is called in the signal handler, so it must not take a lock either."""
        self.asked = False
        self._tell = tell

    def listen(self) -> None:
        """Take the signals from now on. To be called in the main thread."""
        for stop in STOP_SIGNALS:
            signal.signal(stop, self._note)

    def pause(self, seconds: float) -> bool:
        """Sleep, then say whether a stop was asked for."""
        time.sleep(seconds)
        return self.asked

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True
        self._tell()
