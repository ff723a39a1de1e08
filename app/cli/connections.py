"""How long the HTTP server waits for a client, and for how many clients at once.

uvicorn itself waits for ever for a request that was begun, so that whoever opens connections and says nothing takes
every file the process may open. Here a client owes something at each moment, and a connection is closed when it does
not come: the whole head of a request within `HEAD_SECONDS`, the next piece of a body or the next read of an answer
within `STALL_SECONDS`. A server that is itself the slower one closes nothing.
"""

import asyncio
import resource
from typing import Any, Final, Literal

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 10.0
STALL_SECONDS: Final = 60.0
KEEP_ALIVE_SECONDS: Final = 5
CONNECTIONS: Final = 1000
# Files that are no connection: database, blobs, pipes of child processes.
OTHER_FILES: Final = 200
MOST_FILES: Final = 65_536

Owed = Literal["head", "body", "nothing"]


def raise_file_limit() -> int:
    """Let this process open as many files as the system grants it; returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return MOST_FILES if soft == resource.RLIM_INFINITY else soft


def connection_limit(files: int) -> int:
    """Connections at which further requests are answered with 503. Twice as many are held; what comes then is closed
    unread, so that `files` are never used up."""
    return max(1, min(CONNECTIONS, (files - OTHER_FILES) // 2))


class TimedProtocol(HttpToolsProtocol):
    """One connection, closed as the module says."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._owed: Owed = "nothing"
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) > 2 * self.limit_concurrency:
            transport.abort()
        else:
            self._owe("head", HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._owe("nothing")
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing():
            self._owe("nothing")
        elif self._owed == "body":
            self._owe("body", STALL_SECONDS)
        elif self._owed == "nothing" and (self.cycle is None or self.cycle.response_complete):
            # The beginning of another request ended the wait for it; now the rest is owed.
            self._owe("head", HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._owe("body", STALL_SECONDS)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._owe("nothing")

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def _owe(self, owed: Owed, seconds: float = 0) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._owed = owed
        if owed != "nothing":
            self._deadline = self.loop.call_later(seconds, self._too_late)

    def _too_late(self) -> None:
        if self._owed == "body" and self.flow.read_paused:
            self._owe("body", STALL_SECONDS)
        else:
            self.transport.abort()
