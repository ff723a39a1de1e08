"""What the engine remembers: counted for `pli doctor` and for metrics, forgotten when it is old."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from dbos import DBOSClient

from app.core.jobs import DeadJob
from app.engine.handlers import WORKER_DIED
from app.engine.schema import SCHEMA

TICKS = "sched-"  # how the library begins the id of a tick
FINISHED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
DEAD = ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
ENGINE_REFUSED = "engine_refused"
FORGET_AT_ONCE = 500
COLUMNS = ("status", "created_at", "schedule_name")


@dataclass(frozen=True)
class Backlog:
    """Jobs by state, ticks of schedules left out. `oldest_waiting` is when the longest waiting one was enqueued."""

    waiting: int
    delayed: int
    running: int
    dead: int
    oldest_waiting: datetime | None


def read_backlog(engine: sa.Engine) -> Backlog:
    """Count the jobs."""
    jobs = sa.table(
        "workflow_status",
        *(sa.column(name) for name in COLUMNS),
        schema=None if engine.dialect.name == "sqlite" else SCHEMA,
    )
    query = (
        sa.select(jobs.c.status, sa.func.count(), sa.func.min(jobs.c.created_at))
        .where(jobs.c.schedule_name.is_(None))
        .where(jobs.c.status != "SUCCESS")
        .group_by(jobs.c.status)
    )
    with engine.connect() as connection:
        rows = {status: (count, oldest) for status, count, oldest in connection.execute(query)}
    waiting, oldest = rows.get("ENQUEUED", (0, None))
    return Backlog(
        waiting=waiting,
        delayed=rows.get("DELAYED", (0, None))[0],
        running=rows.get("PENDING", (0, None))[0],
        dead=sum(rows.get(status, (0, None))[0] for status in DEAD),
        oldest_waiting=None if oldest is None else datetime.fromtimestamp(oldest / 1000, UTC),
    )


def dead_jobs(client: DBOSClient) -> Iterator[DeadJob]:
    """What was given up, ticks of schedules left out: the next tick is their second try."""
    for workflow in client.list_workflows(status=DEAD, load_input=True, load_output=True):
        if workflow.workflow_id.startswith(TICKS):
            continue
        # What we raised says `kind: code`. Without it the worker died each time; anything else is the library's own.
        kind, _, code = str(workflow.error or f"{workflow.name}: {WORKER_DIED}").partition(": ")
        arguments = workflow.input["args"] if workflow.input else ()
        yield DeadJob(
            id=workflow.workflow_id,
            kind=workflow.name,
            ids=tuple(str(argument) for argument in arguments),
            partition=workflow.queue_partition_key or "",
            code=code if kind == workflow.name else ENGINE_REFUSED,
        )


def forget(client: DBOSClient, before: datetime, prefix: str | None = None) -> int:
    """Delete what finished before the instant, and whose id begins with the prefix; says how many."""
    removed = 0
    while finished := client.list_workflows(
        status=FINISHED,
        completed_before=before.isoformat(),
        workflow_id_prefix=prefix,
        limit=FORGET_AT_ONCE,
        load_input=False,
        load_output=False,
    ):
        client.delete_workflows([workflow.workflow_id for workflow in finished])
        removed += len(finished)
    return removed
