"""Running the `pli` command as its users do: as a process, with a data folder and a port of its own."""

import io
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from unittest.mock import patch

from app.cli import main

PLI = Path(sys.executable).with_name("pli")
START_SECONDS = 60
STOP_SECONDS = 5


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """That of this process without its settings of Pli and without its language."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PLI_", "LC_", "LANG")) and name != "PORT"
    }
    return {**kept, "PLI_DATA_DIR": str(folder), "NO_COLOR": "1", "COLUMNS": "200", **settings}


def run(
    *arguments: str | Path, folder: Path, stdin: str | bytes = b"", **settings: str
) -> subprocess.CompletedProcess[bytes]:
    """One command to its end."""
    return subprocess.run(
        [PLI, *arguments],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        env=environment(folder, **settings),
        capture_output=True,
        timeout=60,
        check=False,
    )


@dataclass(frozen=True)
class Done:
    """How a command ended that ran in this process."""

    returncode: int
    stdout: str
    stderr: str


def call(*arguments: str, folder: Path, stdin: str = "", **settings: str) -> Done:
    """One command to its end inside this process: much faster than `run`, for commands that only do something once."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, environment(folder, **settings), clear=True),
        patch.object(sys, "argv", ["pli", *arguments]),
        patch.object(sys, "stdin", io.StringIO(stdin)),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code: object = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
    if isinstance(code, str):
        # As the interpreter ends: the text goes to standard error, the status is 1.
        return Done(1, out.getvalue(), f"{err.getvalue()}{code}\n")
    return Done(int(str(code)), out.getvalue(), err.getvalue())


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """A long-running command; leaving the block stops it and gives `stopped_after` seconds and `status`."""

    def __init__(self, *arguments: str, folder: Path, port: int, **settings: str) -> None:
        self.port = port
        self.url = f"http://localhost:{port}"
        self.lines: list[str] = []
        self._arriving: queue.Queue[str | None] = queue.Queue()
        self.stopped_after = 0.0
        self.status: int | None = None
        self._process = subprocess.Popen(
            [PLI, *arguments],
            env=environment(folder, PORT=str(port), **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait_for(self, beginning: str) -> str:
        """The first line that begins so."""
        give_up = time.monotonic() + START_SECONDS
        while True:
            line = self._arriving.get(timeout=max(0.1, give_up - time.monotonic()))
            assert line is not None, "\n".join(self.lines)
            if line.startswith(beginning):
                return line

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """As an operator does, and by force when that does not help."""
        if self._process.poll() is None:
            begun = time.monotonic()
            self._process.send_signal(how)
            try:
                self._process.wait(STOP_SECONDS * 4)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self.stopped_after = time.monotonic() - begun
        self.status = self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
            self._arriving.put(self.lines[-1])
        self._process.stdout.close()
        self._arriving.put(None)


def credentials(lines: list[str]) -> Mapping[str, str]:
    """What a start of the demo printed: address, login, password, api key."""
    wanted = ("address", "login", "password", "api key")
    found = {}
    for line in lines:
        name, mark, value = line.partition(": ")
        if mark and name in wanted:
            found[name] = value
    return found
