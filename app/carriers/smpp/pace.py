"""How fast one link is used. Pure: instants are seconds of the caller's clock."""

from collections import deque
from math import ceil
from typing import Final

SECOND: Final = 1.02  # the SMSC's second may begin a little later than ours
TENTHS: Final = 10
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 10.0


class Pace:
    """At most `rate` submissions in any second, and a tenth of that in any tenth, so that they come evenly. A rate of 0
    is no limit."""

    def __init__(self, rate: float) -> None:
        self._rate = int(rate)
        self._tenth = ceil(self._rate / TENTHS)
        self._sent: deque[float] = deque(maxlen=self._rate or 1)

    def wait(self, now: float) -> float:
        """Seconds until the next may leave; 0 or less when it may leave now."""
        if not self._rate:
            return 0.0
        may = now
        if len(self._sent) == self._rate:
            may = max(may, self._sent[0] + SECOND)
        if len(self._sent) >= self._tenth:
            may = max(may, self._sent[-self._tenth] + SECOND / TENTHS)
        return may - now

    def note(self, now: float) -> None:
        """One has left."""
        if self._rate:
            self._sent.append(now)


class Throttling:
    """The SMSC asks to slow down: the whole link pauses, longer each time, and shorter again with each success."""

    def __init__(self) -> None:
        self._pause = 0.0
        self._until = 0.0

    @property
    def slow(self) -> bool:
        """Whether one submission at a time finds out if the SMSC takes more."""
        return self._pause > 0

    def slow_down(self, now: float) -> None:
        """It refused one for being too much. What was on its way with that one does not count again."""
        if now >= self._until:
            self._pause = min(max(2 * self._pause, FIRST_PAUSE), LONGEST_PAUSE)
            self._until = now + self._pause

    def worked(self) -> None:
        """It took one."""
        self._pause = self._pause / 2 if self._pause > FIRST_PAUSE else 0.0

    def wait(self, now: float) -> float:
        """Seconds of the pause that are left."""
        return max(0.0, self._until - now)
