"""Every question asked of jobs that were given up."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.core.jobs import DeadJob
from app.db.models import Batch, Block, StalledJob

# In any other state nothing is left to do for a job of the batch.
WORKED_ON = ("received", "splitting", "releasing", "released")


def known(session: Session, job_ids: Collection[str]) -> set[str]:
    """Those of these jobs that were noticed before."""
    return set(session.exec(select(StalledJob.job_id).where(col(StalledJob.job_id).in_(job_ids))))


def note(session: Session, job: DeadJob, now: datetime) -> StalledJob:
    """Keep a job that was given up, with the batch it works for."""
    organisation_id, batch_id = _owner(session, job)
    stalled = StalledJob(
        job_id=job.id,
        kind=job.kind,
        ids=list(job.ids),
        partition=job.partition,
        code=job.code[:80],
        organisation_id=organisation_id,
        batch_id=batch_id,
        stalled_at=now,
    )
    session.add(stalled)
    return stalled


def open_of(session: Session, batch_ids: Sequence[UUID]) -> list[StalledJob]:
    """Jobs of these batches that wait for somebody to try them again, oldest first."""
    return list(session.exec(_open().where(col(StalledJob.batch_id).in_(batch_ids))))


def open_anywhere(session: Session) -> list[StalledJob]:
    """All of them, those that belong to no batch too."""
    return list(session.exec(_open()))


def hold_open(session: Session, batch_id: UUID | None = None) -> list[StalledJob]:
    """All, or those of one batch, held until the transaction ends."""
    query = _open() if batch_id is None else _open().where(col(StalledJob.batch_id) == batch_id)
    return list(session.exec(query.with_for_update(key_share=True, of=StalledJob)))


def _open() -> Any:
    return (
        select(StalledJob)
        .outerjoin(Batch, col(Batch.id) == col(StalledJob.batch_id))
        .where(
            col(StalledJob.resolved_at).is_(None),
            sa.or_(col(StalledJob.batch_id).is_(None), col(Batch.state).in_(WORKED_ON)),
        )
        .order_by(col(StalledJob.stalled_at), col(StalledJob.job_id))
    )


def _owner(session: Session, job: DeadJob) -> tuple[UUID | None, UUID | None]:
    """A job is about a batch or about a block of one; of any other nothing is known."""
    try:
        subject = UUID(job.ids[0])
    except (IndexError, ValueError):
        return None, None
    if (batch := session.get(Batch, subject)) is not None:
        return batch.organisation_id, batch.id
    if (block := session.get(Block, subject)) is not None:
        return block.organisation_id, block.batch_id
    return None, None
