"""A worker that is not heard of any more: the others take its jobs over, once, and leave everybody else alone."""

import signal
import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from app.core.jobs import Job
from app.db.session import Database, open_engine
from app.engine import heartbeat
from app.engine.dbos_engine import APPLICATION, DbosEngine
from app.engine.heartbeat import Heartbeat, Pace, read_beats
from tests.engine.conftest import Workers, enqueue, until

LIMIT = 1.5
QUICK_PACE = Pace(0.1, LIMIT)


def patients(count: int) -> list[Job]:
    return [Job("patient", str(n), (str(n),), f"partition {n % 3}") for n in range(count)]


def names(database: Database) -> list[str]:
    return [heard.executor_id for heard in read_beats(database.engine)]


def test_the_jobs_of_a_worker_that_never_comes_back_are_finished_by_the_others(
    engine: DbosEngine, database: Database, workers: Workers
) -> None:
    workers.hold.touch()
    enqueue(engine, database, *patients(9))
    lost = workers.start("lost-0", str(LIMIT))
    until(lambda: len(workers.notes("start")) == 6)
    begun = workers.notes("start")
    others = [workers.start(name, str(LIMIT)) for name in ("a-0", "b-0")]
    until(lambda: len(workers.notes("ready")) == 3)
    lost.send_signal(signal.SIGKILL)
    lost.wait()
    workers.hold.unlink()
    until(lambda: len(workers.notes("end")) == 9 and engine.status().running == 0)
    for other in others:
        other.send_signal(signal.SIGTERM)
        assert other.wait(15) == 0

    assert sorted(workers.notes("end")) == [str(n) for n in range(9)]
    assert sorted(workers.notes("start")) == sorted([*map(str, range(9)), *begun])
    assert workers.said().count("jobs of a lost worker were taken over") == 1
    status = engine.status()
    assert (status.waiting, status.running, status.dead) == (0, 0, 0)
    assert names(database) == ["lost-0"]


def test_without_the_watchdog_they_stay_where_they_are(
    engine: DbosEngine, database: Database, workers: Workers
) -> None:
    """The day this fails the engine has learnt it, and the watchdog may go."""
    workers.hold.touch()
    enqueue(engine, database, *patients(2))
    lost = workers.start("lost-0")
    until(lambda: len(workers.notes("start")) == 2)
    lost.kill()
    lost.wait()
    workers.hold.unlink()
    workers.start("a-0")
    until(lambda: len(workers.notes("ready")) == 2)
    time.sleep(2 * LIMIT)

    assert workers.notes("end") == []
    assert engine.status().running == 2
    assert [(heard.executor_id, heard.jobs) for heard in engine.workers()] == [("a-0", 0), ("lost-0", 2)]


# On SQLite a process that is stopped while it writes stops everybody: nothing can be done about that.
@pytest.mark.parametrize("databases", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_worker_that_slept_beyond_the_limit_completes_nothing_twice(
    engine: DbosEngine, database: Database, workers: Workers
) -> None:
    workers.hold.touch()
    enqueue(engine, database, *patients(3))
    sleeper = workers.start("sleeper-0", str(LIMIT))
    until(lambda: len(workers.notes("start")) == 3)
    workers.start("a-0", str(LIMIT))
    until(lambda: len(workers.notes("ready")) == 2)
    sleeper.send_signal(signal.SIGSTOP)
    workers.hold.unlink()
    until(lambda: len(workers.notes("end")) == 3 and engine.status().running == 0)
    sleeper.send_signal(signal.SIGCONT)
    # Its own handlers end too: what they do outside is fenced elsewhere, what they tell the engine is refused.
    until(lambda: len(workers.notes("end")) == 6)
    until(lambda: names(database) == ["a-0", "sleeper-0"])
    enqueue(engine, database, Job("patient", "later", ("later",), "one"))
    until(lambda: "later" in workers.notes("end") and engine.status().running == 0)

    assert sleeper.poll() is None
    assert (engine.status().waiting, engine.status().dead) == (0, 0)
    assert len(workers.notes("start")) == 7


def test_a_slow_job_of_a_living_worker_is_left_to_it(
    engine: DbosEngine, database: Database, workers: Workers
) -> None:
    workers.hold.touch()
    enqueue(engine, database, *patients(2))
    for name in ("a-0", "b-0"):
        workers.start(name, str(LIMIT))
    until(lambda: len(workers.notes("start")) == 2 and len(workers.notes("ready")) == 2)
    time.sleep(2.5 * LIMIT)
    workers.hold.unlink()
    until(lambda: len(workers.notes("end")) == 2)

    assert sorted(workers.notes("start")) == ["0", "1"]


@pytest.fixture
def connections(database: Database) -> Iterator[sa.Engine]:
    opened = open_engine(database.url, pool_size=4)
    yield opened
    opened.dispose()


class Time:
    """The clock of the database, which a test moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self, _connection: sa.Connection) -> float:
        return self.now


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> Time:
    time_ = Time()
    monkeypatch.setattr(heartbeat, "_now", time_)
    return time_


def running_under(
    engine: DbosEngine, database: Database, connections: sa.Engine, name: str, since: float
) -> None:
    """A job that is being run under a name, taken at an instant."""
    enqueue(engine, database, Job("work", f"{name} {since}", ("1",), "one"))
    prefix = "" if database.is_sqlite else "dbos."
    with connections.begin() as connection:
        connection.execute(
            sa.text(
                f"UPDATE {prefix}workflow_status SET status = 'PENDING', executor_id = :name, "
                "application_name = :application, updated_at = :at WHERE status = 'ENQUEUED'"
            ),
            {"name": name, "application": APPLICATION, "at": int(since * 1000)},
        )


def beating(connections: sa.Engine, name: str) -> Heartbeat:
    """One that beats only when told to."""
    made = Heartbeat(connections, name, APPLICATION, Pace(5, 60))
    made._instance = name
    return made


def test_whoever_was_away_itself_judges_nobody_for_a_while(
    engine: DbosEngine, database: Database, connections: sa.Engine, moved: Time
) -> None:
    a, b = beating(connections, "a"), beating(connections, "b")
    for _ in range(20):
        a._round()
        b._round()
        moved.now += 5
    running_under(engine, database, connections, "b", moved.now)
    moved.now += 1800  # both slept, or the database did
    a._round()
    assert engine.status().running == 1
    b._round()
    for _ in range(20):
        moved.now += 5
        a._round()
        b._round()
    assert engine.status().running == 1


def test_a_worker_is_judged_after_the_limit_and_not_before(
    engine: DbosEngine, database: Database, connections: sa.Engine, moved: Time
) -> None:
    a, b = beating(connections, "a"), beating(connections, "b")
    b._round()
    running_under(engine, database, connections, "b", moved.now)
    for _ in range(12):
        a._round()
        moved.now += 5
    a._round()
    assert (engine.status().running, engine.status().waiting) == (1, 0)
    moved.now += 1
    a._round()
    assert (engine.status().running, engine.status().waiting) == (0, 1)


def test_a_job_that_was_taken_again_meanwhile_is_left_alone(
    engine: DbosEngine, database: Database, connections: sa.Engine, moved: Time
) -> None:
    """It runs under a name that is not heard of yet: that of a worker which has just come back."""
    a = beating(connections, "a")
    for _ in range(20):
        a._round()
        moved.now += 5
    running_under(engine, database, connections, "b", moved.now - 30)
    a._round()
    assert engine.status().running == 1


def test_a_worker_that_stops_signs_off_and_one_that_is_lost_is_forgotten_after_a_day(
    database: Database, connections: sa.Engine, moved: Time
) -> None:
    stopped, lost = (Heartbeat(connections, name, APPLICATION, Pace(60, 600)) for name in ("a", "lost"))
    stopped.start()
    lost.start()
    assert names(database) == ["a", "lost"]
    stopped.stop()
    assert names(database) == ["lost"]
    moved.now += 3600
    (heard,) = read_beats(connections)
    assert (heard.executor_id, heard.age, heard.jobs) == ("lost", 3600, 0)
    moved.now += 24 * 3600
    beating(connections, "b")._round()
    assert names(database) == ["b"]
    lost.stop()


def test_two_workers_of_one_name_are_told(
    connections: sa.Engine, moved: Time, caplog: pytest.LogCaptureFixture
) -> None:
    first = beating(connections, "same")
    first._round()
    second = beating(connections, "same")
    second._instance = "another"
    second._round()
    assert "two workers" not in caplog.text  # a start after a crash looks like this
    first._round()
    assert "two workers have the same name" in caplog.text


def test_a_database_that_is_away_for_a_while_stops_no_heart(
    database: Database, connections: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = threading.Event()
    heart = Heartbeat(connections, "a", APPLICATION, QUICK_PACE)
    heart.start()
    real = heartbeat._now

    def away(_connection: sa.Connection) -> float:
        beats.set()
        raise sa.exc.OperationalError("", {}, Exception())

    monkeypatch.setattr(heartbeat, "_now", away)
    assert beats.wait(10)
    monkeypatch.setattr(heartbeat, "_now", real)
    with connections.begin() as connection:
        connection.execute(sa.text("DELETE FROM executor_beat"))
    until(lambda: names(database) == ["a"])
    heart.stop()
    assert names(database) == []
