"""The job engine: DBOS Transact behind the port of `app.core.jobs`.

It remembers which jobs are unfinished, in our own database; the state of each message and the pace are ours. A job
runs at least once: after a crash its handler starts again from the beginning and first asks our tables what is left.

Every default of the library that would hurt is set here: readable JSON instead of pickle, a number of jobs at once, a
short polling interval, a constant application version (a hash of the code would strand pending jobs at each
deployment), an executor id that outlives the process, and an engine of ours with WAL on SQLite. Nothing of its paid
part is named.
"""

import math
import os
import threading
import time
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions
from dbos._serialization import DBOSPortableJSON
from sqlalchemy.orm import Session

from app.core import clock
from app.core.jobs import DeadJob, Handlers, Job, Schedule
from app.engine import workflows
from app.engine.backlog import TICKS, Backlog, dead_jobs, forget, read_backlog
from app.engine.handlers import HandlerRunner, Interrupted, Policy
from app.engine.heartbeat import Heard, Heartbeat, Pace, read_beats
from app.engine.logs import quiet_library
from app.engine.schema import LISTEN_NOTIFY, SCHEMA

APPLICATION = "pli"
LIGHT_QUEUE, HEAVY_QUEUE = "light", "heavy"
LIGHT_AT_ONCE = 64
PARTITION_AT_ONCE = 2  # so that a sender's next block is ready when one ends
POLLING_SECONDS = 0.25
SETTLE_SECONDS = 0.1  # a handler that has just ended is being marked as done; cut short, it would run again
THREADS = "dbos-executor-"  # the library does not wait for its threads to give their connections back


class DbosEngine:
    """`app.core.jobs.Jobs`, and for a worker the means to run the jobs.

    `database` is an engine of its own on our database, opened with our rules (a pool of 8 is enough), its tables made
    by `app.engine.schema.migrate`. `executor_id` names this process among all workers and stays the same when it is
    started again, for its unfinished jobs are found by it. `heavy` are the kinds that keep a processor busy: as many
    of them run at once as there are processors. Raise `application_version` only when jobs enqueued before cannot be
    run any more, after draining them.
    """

    _started: ClassVar["DbosEngine | None"] = None
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self,
        database: sa.Engine,
        executor_id: str,
        application_version: str = "1",
        *,
        heavy: Collection[str] = (),
        policy: Policy | None = None,
        pace: Pace | None = None,
    ) -> None:
        quiet_library()
        self._database = database
        self._executor_id = executor_id
        self._version = application_version
        self._heavy = frozenset(heavy)
        self._policy = policy or Policy()
        self._runner: HandlerRunner | None = None
        self._heartbeat = Heartbeat(database, executor_id, APPLICATION, pace or Pace())
        self._client = DBOSClient(
            system_database_engine=database,
            dbos_system_schema=SCHEMA,
            serializer=DBOSPortableJSON,
            application_name=APPLICATION,
            lazy=True,
        )

    def enqueue(self, transaction: Session, job: Job) -> None:
        """Add the job to the caller's open transaction. A key that was used before adds nothing."""
        options: EnqueueOptions = {
            "workflow_name": job.kind,
            "workflow_id": f"{job.kind}:{job.key}",
            "queue_name": HEAVY_QUEUE if job.kind in self._heavy else LIGHT_QUEUE,
            "queue_partition_key": job.partition,
        }
        if job.not_before is not None and (delay := (job.not_before - clock.now()).total_seconds()) > 0:
            options["delay_seconds"] = delay
        self._client.enqueue_in_transaction(transaction, options, *job.ids)

    def start(self, handlers: Handlers, schedules: Sequence[Schedule]) -> None:
        """Run jobs and schedules in threads of this process, unfinished ones of an earlier run first, and take over
        those of workers that are not heard of any more.

        Raises RuntimeError when an engine already runs in this process, KeyError for a schedule without a handler.
        """
        with DbosEngine._guard:
            if DbosEngine._started is not None:
                raise RuntimeError("A job engine is already running in this process; stop it first")
            DbosEngine._started = self
        self._runner = runner = HandlerRunner(self._policy)
        try:
            for kind, handler in handlers.items():
                workflows.add_job(runner, kind, handler)
            for schedule in schedules:
                workflows.add_tick(runner, schedule.kind, handlers[schedule.kind])
            self._declare_queues()
            self._declare_schedules(schedules)
            # Before the first job is taken: what a worker holds is left to it only while it is heard of.
            self._heartbeat.start()
            DBOS(config=self._configuration())
            DBOS.launch()
        except BaseException:
            self.stop(0)
            raise

    def stop(self, seconds: float = 10) -> bool:
        """Take no more jobs and wait up to `seconds` for those that run; True when none is left.

        When False, handlers still run on threads that would hold the interpreter at its exit, so the process should
        leave by `os._exit`; their jobs run again at the next start, as after a crash.
        """
        if DbosEngine._started is not self or self._runner is None:
            return True
        deadline = time.monotonic() + seconds
        if not self._runner.running:
            time.sleep(min(seconds, SETTLE_SECONDS))
        self._runner.stopping.set()
        patience = math.ceil(seconds) if self._runner.running else 0
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=patience)
        for thread in threading.enumerate():
            if thread.name.startswith(THREADS):
                thread.join(max(0.0, deadline - time.monotonic()))
        self._heartbeat.stop()
        DbosEngine._started = None
        return self._runner.running == 0

    def close(self) -> None:
        """Give the connections back; for a process that is done with the engine, started or not."""
        self._database.dispose()

    def checkpoint(self) -> None:
        """For a long handler, between two pieces of work: raises Interrupted when this process is stopping.

        The job then runs again at the next start.
        """
        if self._runner is not None and self._runner.stopping.is_set():
            raise Interrupted

    def status(self) -> Backlog:
        """What waits, runs and is dead, over all processes."""
        return read_backlog(self._database)

    def dead(self) -> list[DeadJob]:
        """Jobs that were given up and are still remembered, tried again since or not."""
        return list(dead_jobs(self._client))

    def workers(self) -> list[Heard]:
        """Every worker that did not stop by itself, with how long ago it was last heard of."""
        return read_beats(self._database)

    def purge(self, before: datetime, ticks_before: datetime) -> int:
        """Forget jobs finished before `before` and ticks of schedules finished before `ticks_before`; says how many.

        A key protects from a second run only while its job is remembered.
        """
        return forget(self._client, ticks_before, TICKS) + forget(self._client, before)

    def _declare_queues(self) -> None:
        for name, at_once in ((LIGHT_QUEUE, LIGHT_AT_ONCE), (HEAVY_QUEUE, os.cpu_count() or 1)):
            self._client.register_queue(
                name,
                worker_concurrency=at_once,
                partition_concurrency=PARTITION_AT_ONCE,
                polling_interval_sec=POLLING_SECONDS,
                on_conflict="always_update",
            )

    def _declare_schedules(self, schedules: Sequence[Schedule]) -> None:
        wanted = {schedule.kind for schedule in schedules}
        for stored in self._client.list_schedules(application_name=APPLICATION):
            if stored["schedule_name"] not in wanted:
                self._client.delete_schedule(stored["schedule_name"])
        for kind, cron in ((schedule.kind, schedule.cron) for schedule in schedules):
            name = workflows.TICK + kind
            self._client.apply_schedules([{"schedule_name": kind, "workflow_name": name, "schedule": cron}])

    def _configuration(self) -> DBOSConfig:
        return {
            "name": APPLICATION,
            "system_database_engine": self._database,
            "dbos_system_schema": SCHEMA,
            "serializer": DBOSPortableJSON,
            "executor_id": self._executor_id,
            "application_version": self._version,
            "use_listen_notify": LISTEN_NOTIFY,
            "run_migrations": False,
            "scheduler_polling_interval_sec": 5.0,
            "notification_listener_polling_interval_sec": 0.1,  # reads nothing; stopping waits for one interval
            "log_level": "WARNING",
        }
