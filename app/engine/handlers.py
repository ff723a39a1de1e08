"""How a handler is run: tried again after a failure, given up after too many, left alone when the process stops.

What the engine stores and logs of a failure is readable by whoever reads the database or the log, so only the code of
an error, its way through our source and the job's ids are ever written (`app.core.log`), never the text of an exception.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.core.errors import InvalidInput, PliError
from app.core.jobs import Handler
from app.core.log import about, fields

WORKER_DIED = "worker_died"

logger = logging.getLogger(__name__)


class Interrupted(BaseException):
    """The process is stopping; the job keeps its place and runs again at the next start.

    Not an Exception, so that nothing between the handler and the engine takes it for a failure.
    """


class JobFailed(Exception):
    """A job was given up. The engine stores this text, from which `app.engine.backlog` reads the code."""

    def __init__(self, kind: str, code: str) -> None:
        super().__init__(f"{kind}: {code}")


@dataclass(frozen=True)
class Policy:
    """`retry_delays`: seconds before each further try of a failed handler; the job is dead after the last one.
    `max_recoveries`: how often a job may be running while its process ends before it is suspected of ending it."""

    retry_delays: tuple[float, ...] = (1.0, 5.0, 20.0, 60.0)
    max_recoveries: int = 5


class HandlerRunner:
    """Runs handlers on the engine's threads."""

    def __init__(self, policy: Policy) -> None:
        self.stopping = threading.Event()
        self.policy = policy
        self._running = 0
        self._guard = threading.Lock()
        self._ticking: set[str] = set()

    @property
    def running(self) -> int:
        """How many handlers are running now."""
        return self._running

    def run(self, kind: str, handler: Handler, ids: tuple[str, ...], starts: int) -> None:
        """Run one job, which has been started `starts` times in all, until it succeeds or is dead.

        Raises JobFailed when it is dead.
        """
        with self._counted():
            code = WORKER_DIED if starts > self.policy.max_recoveries + 1 else self._try(kind, handler, ids)
        if not code:
            return
        logger.error("a job was given up", extra=fields(job=kind, ids=ids, code=code))
        raise JobFailed(kind, code)

    def tick(self, kind: str, handler: Handler) -> None:
        """Run a scheduled handler, unless its previous tick still runs here. The next tick is its retry."""
        with self._guard:
            if kind in self._ticking:
                return
            self._ticking.add(kind)
        try:
            with self._counted():
                handler()
        except Exception as error:
            logger.error("a timer failed", extra=_told(error, kind, ()))
            raise JobFailed(kind, error_code(error)) from None
        finally:
            with self._guard:
                self._ticking.discard(kind)

    def _try(self, kind: str, handler: Handler, ids: tuple[str, ...]) -> str:
        """The code of the error that remained after every try, or nothing."""
        code = ""
        for delay in (0.0, *self.policy.retry_delays):
            if self.stopping.wait(delay):
                raise Interrupted
            try:
                handler(*ids)
                return ""
            except Exception as error:
                code = error_code(error)
                logger.warning("a job failed", extra=_told(error, kind, ids))
                if isinstance(error, InvalidInput):
                    break
        return code

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._guard:
            self._running += 1
        try:
            yield
        finally:
            with self._guard:
                self._running -= 1


def error_code(error: Exception) -> str:
    """Our own code, or the name of the exception's class."""
    return error.code if isinstance(error, PliError) else type(error).__name__


def _told(error: Exception, kind: str, ids: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    return fields(job=kind, ids=ids, code=error_code(error)) | about(error)
