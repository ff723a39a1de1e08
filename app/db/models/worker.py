"""Which workers are alive, and which jobs wait for a person."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, json_field, text_field


class ExecutorBeat(SQLModel, table=True):
    """A worker process by its stable name. `beat` is when it was last heard of, in epoch seconds by the clock of the
    database, so that hosts need not agree on the time. `instance` is new at every start. Written by `app.engine`."""

    __tablename__ = "executor_beat"

    executor_id: str = Field(primary_key=True, max_length=120)
    instance: str = text_field(32)
    beat: float = Field(sa_type=sa.Double)


class StalledJob(SQLModel, table=True):
    """A job that the engine gave up. `job_id` is the engine's name of it, `ids` its arguments, `code` the last error.

    Open until somebody tries it again (`resolved_at`), or until its batch is over and nothing is left to do.
    """

    __tablename__ = "stalled_job"

    id: UUID = id_field()
    job_id: str = text_field(200, unique=True)
    kind: str = text_field(40)
    ids: list[Any] = json_field(list)
    partition: str = text_field(80)
    code: str = text_field(80)
    organisation_id: UUID | None = None
    batch_id: UUID | None = Field(default=None, foreign_key="batch.id", index=True)
    stalled_at: datetime
    resolved_at: datetime | None = Field(default=None, index=True)
