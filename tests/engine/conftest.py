"""A job engine on the database of the test, stopped at its end."""

import time
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from app.core.jobs import Job
from app.db.session import Database, open_engine
from app.engine.dbos_engine import DbosEngine
from app.engine.handlers import Policy

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


def nobody_dies(kind: str, ids: tuple[str, ...], code: str) -> None:
    """The `on_dead` of tests in which no job may die."""
    raise AssertionError(f"{kind} {ids} died: {code}")
