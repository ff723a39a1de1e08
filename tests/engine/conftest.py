"""A job engine on the database of the test, stopped at its end."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.core.jobs import Job
from app.db.session import Database, open_engine
from app.engine.dbos_engine import DbosEngine
from app.engine.handlers import Policy

ROOT = Path(__file__).resolve().parents[2]
QUICK = Policy(retry_delays=(0.01, 0.01), max_recoveries=1)


@pytest.fixture
def engine_database(database: Database) -> Iterator[sa.Engine]:
    """The engine's own connections to the test's database."""
    opened = open_engine(database.url, pool_size=8)
    yield opened
    opened.dispose()


@pytest.fixture
def engine(engine_database: sa.Engine) -> Iterator[DbosEngine]:
    """An engine that has not been started."""
    made = DbosEngine(engine_database, "host-0", heavy={"heavy"}, policy=QUICK)
    yield made
    made.stop()


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    """Wait for something another thread or process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def enqueue(engine: DbosEngine, database: Database, *jobs: Job) -> None:
    """The jobs, in one transaction that commits."""
    with database.begin() as session:
        for job in jobs:
            engine.enqueue(session, job)


class Workers:
    """Starts worker processes on one database and reads what they note."""

    def __init__(self, url: str, folder: Path) -> None:
        self._command = [sys.executable, "-m", "tests.engine.worker", url, str(folder)]
        self._folder = folder
        self._log = folder / "log"
        self.hold = folder / "hold"
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *name_and_limit: str) -> subprocess.Popen[bytes]:
        with (self._folder / "stderr").open("ab") as said:
            process = subprocess.Popen([*self._command, *name_and_limit], cwd=ROOT, stderr=said)
        self.started.append(process)
        return process

    def said(self) -> str:
        """What all of them wrote to their logs."""
        return (self._folder / "stderr").read_text()

    def notes(self, word: str) -> list[str]:
        """The rest of each line that begins with the word."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [line.removeprefix(word).strip() for line in lines if line.split()[0] == word]


@pytest.fixture
def workers(database: Database, tmp_path: Path) -> Iterator[Workers]:
    made = Workers(database.url, tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.wait()
