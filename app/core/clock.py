"""The only place that reads the wall clock. Everything else takes `now` as an argument, or a `Timepiece` to wait by."""

import time
from datetime import UTC, datetime
from typing import Protocol


def now() -> datetime:
    """The present instant, aware and in UTC."""
    return datetime.now(UTC)


class Timepiece(Protocol):
    """What paces sending: seconds since 1970, and waiting."""

    def now(self) -> float:
        """The present instant."""

    def sleep(self, seconds: float) -> None:
        """Return after so long, never before."""


class SystemTime:
    """The clock of this machine."""

    def now(self) -> float:
        """The present instant."""
        return now().timestamp()

    def sleep(self, seconds: float) -> None:
        """Return after so long."""
        time.sleep(seconds)
