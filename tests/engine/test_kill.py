"""Worker processes that are killed with SIGKILL, on both databases."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.jobs import Job
from app.db.session import Database
from app.engine.dbos_engine import DbosEngine
from tests.engine.conftest import enqueue, until

ROOT = Path(__file__).resolve().parents[2]


class Workers:
    """Starts worker processes on one database and reads what they note."""

    def __init__(self, url: str, folder: Path) -> None:
        self._command = [sys.executable, "-m", "tests.engine.worker", url, str(folder)]
        self._log = folder / "log"
        self.hold = folder / "hold"
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(self._command, cwd=ROOT, stderr=subprocess.DEVNULL)
        self.started.append(process)
        return process

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


def test_a_killed_worker_that_comes_back_finishes_every_job(
    engine: DbosEngine, database: Database, workers: Workers
) -> None:
    workers.hold.touch()
    enqueue(engine, database, *(Job("patient", str(n), (str(n),), "one") for n in range(4)))
    first = workers.start()
    until(lambda: len(workers.notes("start")) == 2)
    begun = workers.notes("start")
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert engine.status().running == 2
    workers.hold.unlink()

    second = workers.start()
    until(lambda: len(workers.notes("end")) == 4 and engine.status().running == 0)
    second.send_signal(signal.SIGTERM)
    assert second.wait(10) == 0

    assert sorted(workers.notes("end")) == ["0", "1", "2", "3"]
    assert sorted(workers.notes("start")) == sorted(["0", "1", "2", "3", *begun])
    assert workers.notes("stopped") == ["True"]
    status = engine.status()
    assert (status.waiting, status.running, status.dead) == (0, 0, 0)


def test_a_job_that_kills_its_worker_each_time_is_given_up_and_shown(
    engine: DbosEngine, database: Database, workers: Workers
) -> None:
    enqueue(engine, database, Job("killer", "k", ("k",), "one"))
    for _ in range(2):
        assert workers.start().wait(30) == -signal.SIGKILL
    survivor = workers.start()
    until(lambda: engine.status().dead == 1)
    enqueue(engine, database, Job("patient", "p", ("p",), "one"))
    until(lambda: workers.notes("end"))

    assert survivor.poll() is None
    assert workers.notes("start") == ["k", "k", "p"]
    assert workers.notes("dead") == ["killer k worker_died"]
