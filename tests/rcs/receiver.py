"""Our side of a webhook, as small as it can be: checked, stored under its key, answered."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from rcs.events import Event
from rcs.webhook import SIGNATURE_HEADER, Genuine, Greeting, read_call


@dataclass
class Receiver:
    """`stored` has each event once."""

    client_token: str
    agent_id: str
    hook: str = ""
    stored: dict[str, Event] = field(default_factory=dict)

    def answer(self, body: bytes, signature: str) -> tuple[int, str]:
        """What a door does with a call."""
        match read_call(body, signature, self.client_token, {self.agent_id}):
            case Greeting(answer):
                return 200, answer
            case Genuine(event):
                self.stored.setdefault(event.key, event)
                return 200, ""
            case _:
                return 403, ""


@contextmanager
def receiver(client_token: str, agent_id: str) -> Iterator[Receiver]:
    """Runs in a thread until the test ends."""
    here = Receiver(client_token, agent_id)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, text = here.answer(body, self.headers.get(SIGNATURE_HEADER, ""))
            self.send_response(status)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_args: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    here.hook = f"http://127.0.0.1:{server.server_address[1]}/callbacks/rcs"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
