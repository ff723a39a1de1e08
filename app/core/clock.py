"""The only place that reads the wall clock. Everything else takes `now` as an argument, or a `Timepiece` to wait by."""

import threading
import time
from collections.abc import Callable
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

    def wait_for(self, changed: threading.Condition, true: Callable[[], bool], seconds: float | None) -> None:
        """Return when something is true, of which `changed` tells, or after so long; None is as long as it takes."""


class SystemTime:
    """The clock of this machine."""

    def now(self) -> float:
        """The present instant."""
        return now().timestamp()

    def sleep(self, seconds: float) -> None:
        """Return after so long."""
        time.sleep(seconds)

    def wait_for(self, changed: threading.Condition, true: Callable[[], bool], seconds: float | None) -> None:
        """Return when it is true, or after so long."""
        with changed:
            changed.wait_for(true, seconds)
