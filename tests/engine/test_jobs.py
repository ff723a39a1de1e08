"""Enqueueing inside a transaction, running, failing, and being given up."""

import json
import logging
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.jobs import DeadJob, Job
from app.core.log import JsonLines
from app.db.session import Database
from app.engine import schema
from app.engine.dbos_engine import POLLING_SECONDS, DbosEngine
from tests.engine.conftest import enqueue, until


def job(key: str, *ids: str, kind: str = "work", partition: str = "one") -> Job:
    return Job(kind, key, ids, partition)


def test_a_rolled_back_transaction_leaves_no_job_and_a_committed_one_leaves_one(
    engine: DbosEngine, database: Database
) -> None:
    with database.begin() as session:
        engine.enqueue(session, job("rolled-back", "rolled-back"))
        session.rollback()
    assert engine.status().waiting == 0
    enqueue(engine, database, job("committed", "committed"))
    assert engine.status().waiting == 1

    done: list[str] = []
    engine.start({"work": done.append}, [])
    until(lambda: done)
    engine.stop()

    assert done == ["committed"]
    assert engine.status().waiting == engine.status().running == 0


def test_the_same_key_runs_once_even_after_it_has_finished(engine: DbosEngine, database: Database) -> None:
    done: list[str] = []
    enqueue(engine, database, job("a", "1"), job("a", "2"), job("b", "3"))
    engine.start({"work": done.append}, [])
    until(lambda: len(done) == 2)
    enqueue(engine, database, job("a", "4"), job("c", "5"))
    until(lambda: "5" in done)

    assert sorted(done) == ["1", "3", "5"]


def test_the_same_key_of_another_kind_is_another_job(engine: DbosEngine, database: Database) -> None:
    done: list[tuple[str, ...]] = []
    enqueue(engine, database, job("a", "1"), job("a", "2", kind="heavy"), job("b", "3", "4", "5"))

    def work(*ids: str) -> None:
        done.append(ids)

    engine.start({"work": work, "heavy": work}, [])
    until(lambda: len(done) == 3)

    assert sorted(done) == [("1",), ("2",), ("3", "4", "5")]


def test_a_job_does_not_start_before_its_time(engine: DbosEngine, database: Database) -> None:
    started: dict[str, float] = {}
    now = clock.now()
    enqueue(
        engine,
        database,
        Job("work", "later", ("later",), "one", now + timedelta(seconds=1.2)),
        Job("work", "past", ("past",), "one", now - timedelta(hours=1)),
    )
    assert (engine.status().waiting, engine.status().delayed) == (1, 1)

    engine.start({"work": lambda name: started.update({name: clock.now().timestamp()})}, [])
    until(lambda: "past" in started)
    assert "later" not in started
    until(lambda: "later" in started)

    assert started["later"] - now.timestamp() >= 1.2


def test_two_jobs_of_each_partition_run_at_once_and_no_more(engine: DbosEngine, database: Database) -> None:
    guard = threading.Lock()
    release = threading.Event()
    started: list[str] = []

    def work(partition: str) -> None:
        with guard:
            started.append(partition)
        release.wait(30)

    jobs = [job(f"{name}-{n}", name, partition=name) for name in ("one", "other") for n in range(3)]
    enqueue(engine, database, *jobs)
    engine.start({"work": work}, [])
    until(lambda: len(started) == 4)
    time.sleep(4 * POLLING_SECONDS)
    assert sorted(started) == ["one", "one", "other", "other"]
    release.set()
    until(lambda: len(started) == 6)


def test_a_job_that_keeps_failing_is_given_up_and_shown(engine: DbosEngine, database: Database) -> None:
    tries: list[str] = []

    def work(name: str) -> None:
        tries.append(name)
        raise ConnectionError

    enqueue(engine, database, job("a", "1"))
    engine.start({"work": work}, [])
    until(lambda: engine.status().dead == 1)

    assert tries == ["1", "1", "1"]
    assert engine.dead() == [DeadJob("work:a", "work", ("1",), "one", "ConnectionError")]


def test_neither_log_nor_database_holds_the_text_of_an_unexpected_error(
    engine: DbosEngine, database: Database, engine_database: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    def work(name: str) -> None:
        raise ValueError(f"phone number of {name}: " + "+33 6 12 34 56 78".replace(" ", ""))

    with caplog.at_level(logging.DEBUG):
        enqueue(engine, database, job("a", "1"))
        engine.start({"work": work}, [])
        until(lambda: engine.status().dead == 1)
        engine.stop()

    lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
    told = {(line["event"], line["job"], *line["ids"], line["code"]) for line in lines if "job" in line}
    assert told == {
        ("a job failed", "work", "1", "ValueError"),
        ("a job was given up", "work", "1", "ValueError"),
    }
    assert not [record for record in caplog.records if record.name.startswith("dbos")]
    stored = everything_in(engine_database)
    assert "ValueError" in stored
    for text in (caplog.text, json.dumps(lines), stored):
        assert "+33612345678" not in text


def everything_in(engine_database: sa.Engine) -> str:
    """All rows of the engine's tables, as text."""
    where = None if engine_database.dialect.name == "sqlite" else schema.SCHEMA
    rows: list[object] = []
    metadata = sa.MetaData(schema=where)
    with engine_database.connect() as connection:
        metadata.reflect(connection, only=lambda name, _: name in schema.TABLES)
        for table in metadata.tables.values():
            rows += connection.execute(sa.select(table))
    return repr(rows)


def test_arguments_are_stored_readable_never_pickled(
    engine: DbosEngine, database: Database, engine_database: sa.Engine
) -> None:
    done: list[str] = []
    enqueue(engine, database, job("a", "some-id"))
    engine.start({"work": done.append}, [])
    until(lambda: done)
    engine.stop()

    stored = everything_in(engine_database)
    assert '"positionalArgs":["some-id"]' in stored
    assert "pickle" not in stored


def test_the_oldest_waiting_job_is_known(engine: DbosEngine, database: Database) -> None:
    assert engine.status().oldest_waiting is None
    before = datetime.now(UTC) - timedelta(seconds=1)
    enqueue(engine, database, job("a", "1"))
    oldest = engine.status().oldest_waiting

    assert oldest is not None
    assert before < oldest < datetime.now(UTC) + timedelta(seconds=1)


def test_purging_forgets_finished_jobs_and_keeps_the_others(engine: DbosEngine, database: Database) -> None:
    done: list[str] = []
    enqueue(engine, database, job("a", "1"), job("b", "2"))
    engine.start({"work": done.append}, [])
    until(lambda: len(done) == 2 and engine.status().running == 0)
    engine.stop()
    enqueue(engine, database, job("c", "3"))
    past, future = clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=1)

    assert engine.purge(past, past) == 0
    assert engine.purge(past, future) == 0
    assert engine.purge(future, future) == 2
    enqueue(engine, database, job("a", "1 again"))
    assert engine.status().waiting == 2


def test_a_process_that_only_enqueues_starts_no_thread(engine: DbosEngine, database: Database) -> None:
    before = threading.active_count()
    enqueue(engine, database, job("a", "1"))

    assert threading.active_count() == before
    assert engine.stop()
