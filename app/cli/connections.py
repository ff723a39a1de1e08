"""How long the HTTP server waits for a client, and for how many clients at once.

uvicorn itself waits for ever for a request that was begun, so that whoever opens connections and says nothing takes
every file the process may open. Here a client owes something at each moment, and its connection is closed when that
does not come: the whole head of a request within `HEAD_SECONDS`, a body at `SLOWEST_BODY` after a start of
`STALL_SECONDS`, and within `STALL_SECONDS` a read of the answer. Nothing is closed for being waited for by the server.
"""

import asyncio
import resource
from typing import Any, Final, Literal

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 10.0
STALL_SECONDS: Final = 60.0
# Bytes a second: a third of what the slowest phone network carries.
SLOWEST_BODY: Final = 500
KEEP_ALIVE_SECONDS: Final = 5
CONNECTIONS: Final = 1000
# Files that are no connection: database, blobs, pipes of child processes.
OTHER_FILES: Final = 200
MOST_FILES: Final = 65_536

Owed = Literal["head", "body", "nothing"]


def raise_file_limit() -> int:
    """Let this process open as many files as the system grants it, `MOST_FILES` at most; returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    granted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft == resource.RLIM_INFINITY or soft >= granted:
        return granted
    resource.setrlimit(resource.RLIMIT_NOFILE, (granted, hard))
    return granted


def connection_limit(files: int) -> int:
    """Connections from which on requests are answered with 503. Twice as many are held and what comes then is closed
    unread, so that `files` are never used up."""
    return max(1, min(CONNECTIONS, (files - OTHER_FILES) // 2))


class TimedProtocol(HttpToolsProtocol):
    """One connection, closed as the module says."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._owed: Owed = "nothing"
        self._timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, unless there are too many connections."""
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) > 2 * self.limit_concurrency:
            transport.abort()
        else:
            self._owe("head", self.loop.time() + HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is owed any more."""
        self._owe("nothing")
        self._read_again()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """What came is part of what is owed."""
        super().data_received(data)
        now = self.loop.time()
        if self.transport.is_closing():
            self._owe("nothing")
        elif self._owed == "body":
            before = self._timer.when() if self._timer else now + STALL_SECONDS
            self._owe("body", min(now + STALL_SECONDS, before + len(data) / SLOWEST_BODY))
        elif self._owed == "nothing" and self.cycle.response_complete:
            # These bytes ended uvicorn's own wait for another request, but are not a whole head.
            self._owe("head", now + HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        """Only the body is owed from now on."""
        super().on_headers_complete()
        self._owe("body")

    def on_message_complete(self) -> None:
        """The next word is the server's."""
        super().on_message_complete()
        self._owe("nothing")

    def pause_writing(self) -> None:
        """The client does not read as fast as it is answered."""
        super().pause_writing()
        self._unread = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads."""
        self._read_again()
        super().resume_writing()

    def _owe(self, owed: Owed, until: float | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._owed = owed
        self._timer = self.loop.call_at(until, self._too_late) if until is not None else None

    def _read_again(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _too_late(self) -> None:
        if self._owed == "body" and (self.flow.read_paused or self.cycle.waiting_for_100_continue):
            self._owe("body", self.loop.time() + STALL_SECONDS)
        else:
            self.transport.abort()
