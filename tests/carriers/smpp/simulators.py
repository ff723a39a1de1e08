"""The two message centres of `smsc/`, built on other people's SMPP: one tolerant (node), one strict (Twisted).

Each is installed once into a folder that version control ignores, by npm and pip. A wire judge can stand between a
client and either: `Relay` keeps every message of both directions.
"""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.carriers.smpp.codec import frame_size

HERE = Path(__file__).resolve().parent / "smsc"
CACHE = Path(__file__).resolve().parents[3] / ".cache" / "smsc"
TWISTED = ("smpp.twisted3==0.8", "smpp.pdu3==0.6")
INSTALL_SECONDS = 300


class NotHere(Exception):
    """A simulator cannot run on this machine; the text says why."""


@dataclass
class Simulator:
    """A running centre. `log` is what the node one wrote down."""

    port: int
    log: Path | None = None
    tls_port: int = 0

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Binds, submits, receipts and their answers as the simulator saw them."""
        assert self.log is not None
        whole = self.log.read_text("utf-8").rpartition("\n")[0]
        return [event for line in whole.splitlines() if (event := json.loads(line))["ev"] == kind]


@contextmanager
def node(folder: Path, **environment: str) -> Iterator[Simulator]:
    """The tolerant centre. Raises NotHere without node."""
    modules = _node_modules()
    log = folder / "smsc.jsonl"
    log.touch()
    values = {
        "SMPP_MODULE": str(modules / "smpp"),
        "LOG": str(log),
        "PORT": "0",
        "TLS_PORT": "0",
        **environment,
    }
    command = [shutil.which("node") or "node", str(HERE / "smsc_node.js")]
    lines = 2 if "TLS_KEY" in environment else 1
    with _running(command, values, lines) as ports:
        yield Simulator(ports["smsc_node"], log, ports.get("smsc_node TLS", 0))


@contextmanager
def twisted(**environment: str) -> Iterator[Simulator]:
    """The strict centre."""
    python = _twisted_python()
    with _running([str(python), str(HERE / "smsc_twisted.py"), "0"], environment, 1) as ports:
        yield Simulator(ports["smsc_twisted"])


@contextmanager
def _running(command: list[str], environment: dict[str, str], lines: int) -> Iterator[dict[str, int]]:
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        ports: dict[str, int] = {}
        for _ in range(lines):
            name, _, port = process.stdout.readline().partition(" on 127.0.0.1:")
            assert port, f"{name!r} is not what a simulator says when it is ready"
            ports[name] = int(port)
        yield ports
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _node_modules() -> Path:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NotHere("node and npm are not installed")
    folder = CACHE / "node"
    with _alone("node"):
        lock = (HERE / "package-lock.json").read_bytes()
        if not (folder / "done").exists() or (folder / "done").read_bytes() != lock:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, folder / name)
            _install([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], folder)
            (folder / "done").write_bytes(lock)
    return folder / "node_modules"


def _twisted_python() -> Path:
    folder = CACHE / "twisted"
    python = folder / "bin" / "python"
    with _alone("twisted"):
        wanted = "\n".join((*TWISTED, sys.version)).encode()
        if not (folder / "done").exists() or (folder / "done").read_bytes() != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            base = getattr(sys, "_base_executable", sys.executable)
            _install([base, "-m", "venv", "--without-pip", str(folder)], CACHE)
            pip = [base, "-m", "pip", "--python", str(python), "install", "-q", "--disable-pip-version-check"]
            _install([*pip, *TWISTED], CACHE)
            (folder / "done").write_bytes(wanted)
    return python


def _install(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode:
        raise NotHere(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()[-200:]}")


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Of several test processes only one installs; the others wait for it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass
class Relay:
    """Stands between a client and a centre and keeps what passes: (direction, message), O for ours and I for theirs."""

    target: int
    passed: list[tuple[str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.close()

    def hexdump(self) -> str:
        """What text2pcap reads."""
        lines = []
        for direction, frame in self.passed:
            lines.append(direction)
            lines += [f"{at:06x} {frame[at : at + 16].hex(' ')}" for at in range(0, len(frame), 16)]
            lines.append("")
        return "\n".join(lines) + "\n"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                self._open += [client, server]
                for direction, from_, to in (("O", client, server), ("I", server, client)):
                    threading.Thread(target=self._carry, args=(direction, from_, to), daemon=True).start()

    def _carry(self, direction: str, from_: socket.socket, to: socket.socket) -> None:
        buffer = b""
        with suppress(OSError):
            while data := from_.recv(65536):
                buffer += data
                while (size := frame_size(buffer)) is not None and len(buffer) >= size:
                    self.passed.append((direction, buffer[:size]))
                    buffer = buffer[size:]
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)
