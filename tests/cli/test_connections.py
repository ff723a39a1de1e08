"""Clients that keep the server waiting, on a live server made as `pli serve` makes it."""

import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

import pytest
import uvicorn

from app.cli import connections
from app.cli.connections import CONNECTIONS, connection_limit, raise_file_limit
from app.cli.processes import configuration
from app.settings import Settings
from tests.pipeline import pipeline

HEAD, STALL = 0.4, 0.6
ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


@dataclass(frozen=True)
class Served:
    """A server on a port of this machine."""

    server: uvicorn.Server
    port: int

    def connect(self) -> "closing[socket.socket]":
        return closing(socket.create_connection(("127.0.0.1", self.port), timeout=10))


@contextmanager
def listening(config: uvicorn.Config) -> Iterator[Served]:
    """A server in a thread of this process."""
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        sleep(0.01)
    yield Served(server, listener.getsockname()[1])
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served") / "data"
    with pytest.MonkeyPatch.context() as patch, pipeline(folder) as house:
        patch.setattr(connections, "HEAD_SECONDS", HEAD)
        patch.setattr(connections, "STALL_SECONDS", STALL)
        with listening(configuration(Settings(data_dir=folder), house.application)) as running:
            yield running


def seconds_until_closed(client: socket.socket) -> float:
    """How long the server keeps a connection on which nothing more is sent."""
    begun = monotonic()
    try:
        while client.recv(65_536):
            pass
    except ConnectionResetError:
        pass
    return monotonic() - begun


def drip(client: socket.socket, data: bytes) -> None:
    for byte in data:
        client.sendall(bytes([byte]))
        sleep(0.02)


@pytest.mark.parametrize("said", [b"", b"G", ASK, ASK + b"X-Half: a"])
def test_a_request_that_is_never_finished_is_dropped(served: Served, said: bytes) -> None:
    with served.connect() as client:
        client.sendall(said)
        assert HEAD * 0.8 <= seconds_until_closed(client) < HEAD + 3


def test_a_head_that_comes_byte_by_byte_has_no_more_time(served: Served) -> None:
    begun = monotonic()
    with served.connect() as client, pytest.raises((BrokenPipeError, ConnectionResetError)):
        drip(client, ASK * 100)
    assert monotonic() - begun < HEAD + 3


@pytest.mark.parametrize("more", [b"\r\n", b"G"])
def test_the_wait_for_a_second_request_ends_too(served: Served, more: bytes) -> None:
    with served.connect() as client:
        client.sendall(ASK + b"\r\n")
        assert client.recv(65_536).startswith(b"HTTP/1.1 200")
        client.sendall(more)
        assert HEAD * 0.8 <= seconds_until_closed(client) < HEAD + 3


def test_a_body_that_does_not_come_is_dropped_and_one_that_comes_in_pieces_is_not(served: Served) -> None:
    head = (
        b"POST /app/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    )
    with served.connect() as client:
        client.sendall(head + b"Content-Length: 3000\r\n\r\na=")
        assert STALL * 0.8 <= seconds_until_closed(client) < STALL + 3
    with served.connect() as client:
        client.sendall(head + b"Content-Length: 3000\r\n\r\n")
        for _ in range(10):
            client.sendall(b"a" * 300)
            sleep(STALL / 5)
        assert client.recv(65_536).startswith(b"HTTP/1.1 4")


def test_many_idle_connections_do_not_keep_others_out_for_long(served: Served) -> None:
    idle = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(200)]
    try:
        for client in idle:
            client.sendall(b"GET / HT")
        sleep(HEAD + 0.5)
        assert len(served.server.server_state.connections) == 0
        with served.connect() as client:
            client.sendall(ASK + b"\r\n")
            assert client.recv(65_536).startswith(b"HTTP/1.1 200")
    finally:
        for client in idle:
            client.close()


def test_connections_over_the_limit_are_answered_with_503_and_beyond_twice_closed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served.server.config, "limit_concurrency", 3)
    monkeypatch.setattr(connections, "HEAD_SECONDS", 5.0)
    held = []
    try:
        for _ in range(6):
            held.append(socket.create_connection(("127.0.0.1", served.port), timeout=10))
            held[-1].sendall(b"GET / HT")
        with served.connect() as client:
            assert seconds_until_closed(client) < 1
        held[0].sendall(b"TP/1.1\r\nHost: localhost\r\n\r\n")
        assert held[0].recv(65_536).startswith(b"HTTP/1.1 503")
    finally:
        for client in held:
            client.close()


@pytest.mark.parametrize(
    ("files", "limit"), [(1024, 412), (4096, CONNECTIONS), (65_536, CONNECTIONS), (64, 1)]
)
def test_connections_leave_room_for_other_files(files: int, limit: int) -> None:
    assert connection_limit(files) == limit


def test_the_process_takes_the_files_the_system_grants() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = min(before[0], 512)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (low, before[1]))
        granted = raise_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (granted, before[1])
        assert granted == min(before[1], connections.MOST_FILES)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_an_answer_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def large(_scope: object, _receive: object, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": bytes(65_536), "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    monkeypatch.setattr(connections, "STALL_SECONDS", STALL)
    config = uvicorn.Config(
        large, http=connections.TimedProtocol, loop="uvloop", ws="none", lifespan="off", log_config=None
    )
    with listening(config) as served, served.connect() as client:
        client.sendall(ASK + b"\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
        begun = monotonic()
        while served.server.server_state.connections and monotonic() < begun + 10:
            sleep(0.01)
        assert STALL * 0.8 <= monotonic() - begun < STALL + 3
