"""Worker processes that are killed with SIGKILL, on both databases."""

import signal

from app.core.jobs import DeadJob, Job
from app.db.session import Database
from app.engine.dbos_engine import DbosEngine
from tests.engine.conftest import Workers, enqueue, until


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
    assert engine.dead() == [DeadJob("killer:k", "killer", ("k",), "one", "worker_died")]
