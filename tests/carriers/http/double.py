"""A provider of our own on this machine: it answers what a test told it to, and keeps what it was sent."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Sent:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Say:
    """An answer. `after` waits that long first (seconds); `cut` closes the connection instead."""

    status: int = 200
    body: bytes = b"{}"
    after: float = 0.0
    cut: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Double:
    """`answers` maps a path without its query to what is said there, or to a function of the request."""

    base: str
    answers: dict[str, Say | Callable[[Sent], Say]] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def to(self, path: str) -> list[Sent]:
        """What was sent to a path."""
        return [one for one in self.sent if one.path.partition("?")[0] == path]


@contextmanager
def double() -> Iterator[Double]:
    """Runs in a thread until the test ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            sent = Sent(self.command, self.path, headers, body)
            played.sent.append(sent)
            say = played.answers.get(self.path.partition("?")[0], Say(404))
            say = say(sent) if callable(say) else say
            played.stopped.wait(say.after)
            if say.cut:
                self.close_connection = True
                return
            self.send_response(say.status)
            for name, value in {**say.headers, "content-length": str(len(say.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(say.body)

        do_GET = do_POST = _serve  # noqa: N815 - the names http.server calls

        def log_message(self, *_args: Any) -> None:
            """Silence."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_args: Any) -> None:
            """A client that left while it was waited for is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    played = Double(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield played
    finally:
        played.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
