"""What waits in the engine and what is dead in it, for `pli doctor` and for metrics."""

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from app.engine.schema import SCHEMA

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
        dead=sum(rows.get(status, (0, None))[0] for status in ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")),
        oldest_waiting=None if oldest is None else datetime.fromtimestamp(oldest / 1000, UTC),
    )
