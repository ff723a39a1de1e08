"""Workers tell the database that they are alive, and take over the jobs of those that do not.

The library finds the unfinished jobs of a worker only when a worker of the same name starts again; a host that never
comes back would keep them for ever. So each worker writes a beat, and after it hands back to the queue what has been
running for long under a name that is not heard of. All of them may do so at once: it is one statement, and a job that
was taken again meanwhile has a new instant and is left alone.

Whoever was away itself (asleep, or without a database) finds everybody else late too. It waits for one whole limit
before it judges them.

A worker that is only very slow can be taken for dead. It then learns from the tables that its work is somebody
else's: the engine refuses its checkpoints, and what it would do outside asks first (`app.db.block_run`).
"""

import logging
import threading
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from dbos._utils import INTERNAL_QUEUE_NAME

from app.core.log import about, fields
from app.engine.schema import SCHEMA

FORGOTTEN_SECONDS = 24 * 3600.0
_BEATS = sa.table("executor_beat", *(sa.column(name) for name in ("executor_id", "instance", "beat")))

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """In seconds. `dead_after` must be longer than any stall of a healthy process: on SQLite a beat waits for the
    writer, 30 seconds at most."""

    beat: float = 5.0
    dead_after: float = 60.0


@dataclass(frozen=True)
class Heard:
    """A worker, the age of its last beat in seconds, and how many jobs it holds."""

    executor_id: str
    age: float
    jobs: int


class Heartbeat:
    """Of one worker process, in a thread of its own."""

    def __init__(self, database: sa.Engine, executor_id: str, application: str, pace: Pace) -> None:
        self._database = database
        self._executor_id = executor_id
        self._application = application
        self._pace = pace
        self._instance = ""
        self._last = 0.0
        self._judges_from = 0.0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """The first beat, at once; raises what the database raises. Then one after another, whatever it raises."""
        self._instance = uuid4().hex
        self._last = 0.0
        self._stopping.clear()
        self._round()
        self._thread = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take the name off the list: this worker is not missing, it left. What it left unfinished is free at once for
        its next start, and after a while for everybody."""
        if self._thread is None:
            return
        self._stopping.set()
        self._thread.join(self._pace.beat + 1)
        self._thread = None
        mine = (_BEATS.c.executor_id == self._executor_id, _BEATS.c.instance == self._instance)
        try:
            with self._database.begin() as connection:
                connection.execute(sa.delete(_BEATS).where(*mine))
        except sa.exc.SQLAlchemyError as error:
            logger.warning("a worker could not sign off", extra=about(error))

    def _beat_on(self) -> None:
        while not self._stopping.wait(self._pace.beat):
            try:
                self._round()
            except (
                Exception
            ) as error:  # a thread that ended here would have everybody take this worker for dead
                logger.warning("a heartbeat failed", extra=about(error))

    def _round(self) -> None:
        with self._database.begin() as connection:
            now = _now(connection)
            self._write(connection, now)
            if now - self._last > 3 * self._pace.beat:
                self._judges_from = now + self._pace.dead_after
            self._last = now
            taken = self._take_over(connection, now) if now >= self._judges_from else {}
            connection.execute(sa.delete(_BEATS).where(_BEATS.c.beat < now - FORGOTTEN_SECONDS))
        for executor_id, count in taken.items():
            logger.warning(
                "jobs of a lost worker were taken over", extra=fields(worker=executor_id, count=count)
            )

    def _write(self, connection: sa.Connection, now: float) -> None:
        name = _BEATS.c.executor_id == self._executor_id
        other = connection.execute(sa.select(_BEATS.c.instance).where(name)).scalar_one_or_none()
        if other is None:
            row = {"executor_id": self._executor_id, "instance": self._instance, "beat": now}
            connection.execute(sa.insert(_BEATS).values(row))
            return
        if self._last and other != self._instance:
            logger.error("two workers have the same name", extra=fields(worker=self._executor_id))
        connection.execute(sa.update(_BEATS).where(name).values(instance=self._instance, beat=now))

    def _take_over(self, connection: sa.Connection, now: float) -> dict[str, int]:
        """Back to the queue, as the library does it at a start: the count of tries stays, so that a job that kills its
        worker comes to an end. Jobs of another application version too: they then show as waiting."""
        jobs = _jobs(connection.dialect.name)
        limit = now - self._pace.dead_after
        alive = sa.select(_BEATS.c.executor_id).where(_BEATS.c.beat >= limit)
        statement = (
            sa.update(jobs)
            .where(
                _running(jobs),
                jobs.c.application_name == self._application,
                jobs.c.updated_at < int(limit * 1000),
                jobs.c.executor_id.not_in(alive),
            )
            .values(
                status="ENQUEUED",
                owner_xid=None,
                started_at_epoch_ms=None,
                updated_at=int(now * 1000),
                queue_name=sa.func.coalesce(jobs.c.queue_name, INTERNAL_QUEUE_NAME),
            )
            .returning(jobs.c.executor_id)
        )
        taken: dict[str, int] = {}
        for (executor_id,) in connection.execute(statement):
            taken[executor_id] = taken.get(executor_id, 0) + 1
        return taken


def read_beats(database: sa.Engine) -> list[Heard]:
    """Workers on the list, by name."""
    jobs = _jobs(database.dialect.name)
    held = (
        sa.select(jobs.c.executor_id, sa.func.count().label("jobs"))
        .where(_running(jobs))
        .group_by(jobs.c.executor_id)
    )
    with database.connect() as connection:
        now = _now(connection)
        counts = {str(row.executor_id): int(row.jobs) for row in connection.execute(held)}
        beats = connection.execute(
            sa.select(_BEATS.c.executor_id, _BEATS.c.beat).order_by(_BEATS.c.executor_id)
        )
        return [Heard(name, max(0.0, now - beat), counts.get(name, 0)) for name, beat in beats]


def _now(connection: sa.Connection) -> float:
    """Epoch seconds by the clock of the database."""
    clock = (
        "SELECT (julianday('now') - 2440587.5) * 86400.0"
        if connection.dialect.name == "sqlite"
        else "SELECT extract(epoch FROM clock_timestamp())::float8"
    )
    return float(connection.exec_driver_sql(clock).scalar_one())


def _jobs(dialect: str) -> sa.TableClause:
    names = (
        "executor_id",
        "status",
        "application_name",
        "queue_name",
        "owner_xid",
        "updated_at",
        "started_at_epoch_ms",
    )
    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in names]
    return sa.table("workflow_status", *columns, schema=None if dialect == "sqlite" else SCHEMA)


def _running(jobs: sa.TableClause) -> Any:
    # Written out, so that both databases see that their index of unfinished jobs applies.
    pending: sa.ColumnElement[str] = sa.literal_column("'PENDING'")
    unfinished: list[sa.ColumnElement[str]] = [sa.literal_column("'ENQUEUED'"), pending]
    return sa.and_(jobs.c.status == pending, jobs.c.status.in_(unfinished))
