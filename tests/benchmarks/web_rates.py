"""Pages and unlocks a second: `python -m tests.benchmarks.web_rates`.

The landing page against a page of bare Starlette that says hello, and an unlock (proof of the link, limits, Argon2,
session, journal) against bare Argon2 in the same pool: all on one uvicorn process, in turn, in one run. The client
shares the machine, so the server's processor time for a request is told as well: it does not depend on the client.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

PAGE_CLIENTS = 16
READERS = 4
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Rate:
    """`per_second` over all clients; `p95` and `cpu` are milliseconds, of a request's time and of the server's work."""

    per_second: float
    p95: float
    cpu: float


@dataclass(frozen=True)
class Server:
    """A running `web_server`. Each link has `ref`, `secret` and `password`."""

    port: int
    process: int
    links: Sequence[dict[str, str]]

    def cpu_seconds(self) -> float:
        """Processor time of the server so far."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


def main() -> None:
    """Print one line for pages and one for unlocks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with _server() as server:
        landing, hello, unlock, argon2 = _plans(server)
        runs: dict[str, list[Rate]] = {"hello": [], "landing": [], "argon2": [], "unlock": []}
        for _ in range(arguments.rounds):
            for name, requests, status in (
                ("hello", hello, 200),
                ("landing", landing, 200),
                ("argon2", argon2, 200),
                ("unlock", unlock, 303),
            ):
                runs[name].append(asyncio.run(_rate(server, requests, status, arguments.seconds)))
    rates = {name: _median(found) for name, found in runs.items()}
    _tell("landing page", rates["landing"], "hello of bare Starlette", rates["hello"], PAGE_CLIENTS)
    _tell("unlock", rates["unlock"], "bare Argon2", rates["argon2"], READERS)


def _tell(name: str, ours: Rate, bare_name: str, bare: Rate, clients: int) -> None:
    sys.stdout.write(
        f"{name}, {clients} clients: {ours.per_second:.0f} a second, p95 {ours.p95:.1f} ms, {ours.cpu:.2f} ms CPU"
        f" ({bare_name}: {bare.per_second:.0f} a second, p95 {bare.p95:.1f} ms, {bare.cpu:.2f} ms CPU);"
        f" {ours.per_second / bare.per_second:.2f} x the rate\n"
    )


def _median(rates: list[Rate]) -> Rate:
    return Rate(
        statistics.median(rate.per_second for rate in rates),
        statistics.median(rate.p95 for rate in rates),
        statistics.median(rate.cpu for rate in rates),
    )


@contextmanager
def _server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.benchmarks.web_server", folder, str(4 * READERS)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Server(**json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()
            process.wait()
            process.stdout.close()


def _plans(server: Server) -> tuple[list[bytes], list[bytes], list[bytes], list[bytes]]:
    """What each client asks, over and over: landing pages, hello, unlocks, bare Argon2. Every reader has a link."""
    host = f"Host: localhost:{server.port}\r\n"
    pages = [
        f"GET /{server.links[at % len(server.links)]['ref']} HTTP/1.1\r\n{host}\r\n".encode()
        for at in range(PAGE_CLIENTS)
    ]
    hello = [f"GET /bare/hello HTTP/1.1\r\n{host}\r\n".encode()] * PAGE_CLIENTS
    unlocks = []
    for link in server.links[:READERS]:
        form = urlencode({"s": link["secret"], "link": "", "password": link["password"], "then": "open"})
        unlocks.append(_post(f"/{link['ref']}/unlock", host, form))
    argon2 = [_post("/bare/argon2", host, "a password") for _ in range(READERS)]
    return pages, hello, unlocks, argon2


def _post(path: str, host: str, body: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\n{host}Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


async def _rate(server: Server, requests: Sequence[bytes], status: int, seconds: float) -> Rate:
    times: list[float] = []
    cpu, started = server.cpu_seconds(), time.perf_counter()
    until = started + seconds
    await asyncio.gather(
        *(_client(server.port, request, status, until, times.append) for request in requests)
    )
    wall = time.perf_counter() - started
    p95 = statistics.quantiles(times, n=20)[-1]
    return Rate(len(times) / wall, 1000 * p95, 1000 * (server.cpu_seconds() - cpu) / len(times))


async def _client(port: int, request: bytes, status: int, until: float, took: Callable[[float], Any]) -> None:
    """Ask on one connection until the time is over. Raises AssertionError for another status than expected."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (asked := time.perf_counter()) < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d " % status), head
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if length and length != b"0":
            await reader.readexactly(int(length))
        took(time.perf_counter() - asked)
    writer.close()
    await writer.wait_closed()


if __name__ == "__main__":
    main()
