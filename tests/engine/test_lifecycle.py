"""Starting and stopping, schedules, and what a stop leaves for the next start."""

import importlib.metadata
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.core.jobs import Job, Schedule
from app.db.session import Database
from app.engine import dbos_engine, schema
from app.engine.dbos_engine import DbosEngine
from tests.engine.conftest import enqueue, until

EVERY_SECOND = "* * * * * *"


def test_an_engine_can_be_started_and_stopped_many_times(engine: DbosEngine, database: Database) -> None:
    done: list[str] = []
    for name in ("first", "second", "third"):
        engine.start({"work": done.append}, [])
        enqueue(engine, database, Job("work", name, (name,), "one"))
        until(lambda name=name: name in done)  # type: ignore[misc]
        assert engine.stop()
        assert engine.stop()

    assert done == ["first", "second", "third"]


def test_stopping_leaves_no_thread_behind(engine: DbosEngine) -> None:
    before = set(threading.enumerate())
    engine.start({"work": print}, [])
    assert set(threading.enumerate()) > before
    engine.stop()

    until(lambda: set(threading.enumerate()) <= before)


def test_a_second_engine_in_the_same_process_is_refused(
    engine: DbosEngine, engine_database: sa.Engine, database: Database
) -> None:
    done: list[str] = []
    engine.start({"work": done.append}, [])
    other = DbosEngine(engine_database, "host-1")
    with pytest.raises(RuntimeError, match="already running"):
        other.start({"work": done.append}, [])
    assert other.stop()

    enqueue(engine, database, Job("work", "a", ("still works",), "one"))
    until(lambda: done)


def test_a_schedule_without_handler_is_refused_and_the_engine_can_still_be_started(
    engine: DbosEngine,
) -> None:
    with pytest.raises(KeyError, match="nobody"):
        engine.start({}, [Schedule("nobody", EVERY_SECOND)])

    engine.start({}, [])


def test_a_schedule_ticks_and_is_forgotten_when_a_later_start_does_not_name_it(engine: DbosEngine) -> None:
    ticks: list[str] = []
    handlers: dict[str, Callable[..., None]] = {
        "old": lambda: ticks.append("old"),
        "new": lambda: ticks.append("new"),
    }
    engine.start(handlers, [Schedule("old", EVERY_SECOND)])
    until(lambda: ticks)
    engine.stop()
    assert engine.status().waiting == engine.status().dead == 0
    ticks.clear()

    engine.start(handlers, [Schedule("new", EVERY_SECOND)])
    until(lambda: ticks.count("new"))

    assert ticks.count("old") <= 1  # one may have been enqueued when the engine stopped


def test_stopping_waits_for_a_handler_that_runs(engine: DbosEngine, database: Database) -> None:
    steps: list[str] = []

    def work() -> None:
        steps.append("start")
        time.sleep(0.5)
        steps.append("end")

    enqueue(engine, database, Job("work", "a", (), "one"))
    engine.start({"work": work}, [])
    until(lambda: steps)

    assert engine.stop(10)
    assert steps == ["start", "end"]
    assert engine.status().running == 0


def test_an_interrupted_job_runs_again_at_the_next_start(engine: DbosEngine, database: Database) -> None:
    runs: list[str] = []

    def work(name: str) -> None:
        runs.append(name)
        for _ in range(1000 if len(runs) == 1 else 0):
            engine.checkpoint()
            time.sleep(0.02)

    enqueue(engine, database, Job("work", "a", ("a",), "one"))
    engine.start({"work": work}, [])
    until(lambda: runs)
    assert engine.stop(10)
    assert engine.status().running == 1

    engine.start({"work": work}, [])
    until(lambda: runs == ["a", "a"])
    assert engine.stop(10)
    assert engine.status().running == engine.status().waiting == 0


def test_a_handler_that_overstays_is_left_alone_and_its_job_runs_again(
    engine: DbosEngine, database: Database
) -> None:
    release = threading.Event()
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        if len(runs) == 1:
            release.wait(20)

    enqueue(engine, database, Job("work", "a", (), "one"))
    engine.start({"work": work}, [])
    until(lambda: runs)
    assert not engine.stop(0)
    release.set()

    engine.start({"work": work}, [])
    until(lambda: len(runs) == 2)


def test_checkpoint_of_an_engine_that_does_not_stop_does_nothing(engine: DbosEngine) -> None:
    engine.checkpoint()
    engine.start({}, [])
    engine.checkpoint()


def test_jobs_are_limited_and_marked_by_process_and_version(
    engine: DbosEngine, database: Database, engine_database: sa.Engine
) -> None:
    done: list[str] = []
    enqueue(engine, database, Job("work", "a", ("a",), "one"), Job("heavy", "b", ("b",), "one"))
    engine.start({"work": done.append, "heavy": done.append}, [])
    until(lambda: len(done) == 2)
    engine.stop()

    prefix = "" if database.is_sqlite else f"{schema.SCHEMA}."
    limits = "SELECT name, worker_concurrency, partition_concurrency, polling_interval_sec FROM"
    marks = "SELECT DISTINCT executor_id, application_version, application_name FROM"
    with engine_database.connect() as connection:
        queues = connection.exec_driver_sql(f"{limits} {prefix}queues ORDER BY name DESC").all()
        jobs = connection.exec_driver_sql(f"{marks} {prefix}workflow_status").all()

    assert [tuple(row) for row in queues] == [("light", 64, 2, 0.25), ("heavy", os.cpu_count(), 2, 0.25)]
    assert [tuple(row) for row in jobs] == [("host-0", "1", "pli")]


def test_nothing_of_the_paid_part_is_named() -> None:
    sources = "".join(path.read_text() for path in Path(dbos_engine.__file__).parent.glob("*.py"))

    assert "application_version" in sources
    for name in ("conductor", "auto_upgrade", "sharding", "enterprise"):
        assert name not in sources


def test_the_private_names_we_stand_on_exist_in_the_pinned_version() -> None:
    from dbos._serialization import DBOSPortableJSON
    from dbos._sys_db import SystemDatabase

    assert importlib.metadata.version("dbos") == "3.4.0"
    assert DBOSPortableJSON.name() == "portable_json"
    assert callable(SystemDatabase.create)
    assert callable(SystemDatabase.run_migrations)
