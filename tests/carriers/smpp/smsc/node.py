"""The SMSC simulator on npm's `smpp`, started on a free port of this machine.

Its module is installed once under .cache/ from the lock file beside this one. Its last two digits of a number choose
what happens: see the comments of smsc_node.js.
"""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[3] / ".cache" / "smsc"


class NoSimulator(Exception):
    """It cannot be started here; the message says why."""


@dataclass(frozen=True)
class Smsc:
    """One that is running. `log` has a JSON object a line: binds, submits, receipts with the status of the answer."""

    port: int
    log: Path

    def events(self, kind: str) -> list[dict[str, Any]]:
        """What it noted of one kind, oldest first."""
        whole = self.log.read_text("utf-8").rpartition("\n")[0] if self.log.exists() else ""
        lines = whole.splitlines()
        return [event for line in lines if (event := json.loads(line))["ev"] == kind]


def module() -> Path:
    """Where the npm module is; installs it when it is not there yet. Raises NoSimulator."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise NoSimulator("the SMSC simulator needs node and npm")
    CACHE.mkdir(parents=True, exist_ok=True)
    found = CACHE / "node_modules" / "smpp"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, CACHE / name)
            done = subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--silent", "--no-audit", "--no-fund"],
                cwd=CACHE,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                raise NoSimulator(f"npm cannot install the SMSC simulator: {done.stderr.strip()[-300:]}")
    return found


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[Smsc]:
    """Start one. `environment` is read by smsc_node.js: DLR_MS, RESP_MS, TLS_KEY, and so on. Raises NoSimulator."""
    log = folder / "smsc.jsonl"
    process = subprocess.Popen(
        ["node", str(HERE / "smsc_node.js"), "0"],
        env={**os.environ, "SMPP_MODULE": str(module()), "LOG": str(log), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        yield Smsc(int(line.rpartition(":")[2]), log)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
