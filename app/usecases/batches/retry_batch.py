"""Try again what was given up. Every job first asks the tables what is left, so it goes on where it stood and nobody is
texted twice."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core.errors import NotFound
from app.core.jobs import Job
from app.db.models import StalledJob
from app.db.queries import batches, journal, stalls
from app.db.session import Session
from app.evidence.tags import Tag
from app.runtime import Runtime


def retry_batch(rt: Runtime, organisation_id: UUID, batch_id: UUID, actor: str) -> int:
    """How many jobs start again; none when nothing had stopped, or when somebody was quicker. Raises NotFound."""
    with rt.begin() as session:
        batch = batches.get(session, organisation_id, batch_id)
        if batch is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        return _retry(rt, session, stalls.hold_open(session, batch_id), actor, rt.now())


def retry_everything(rt: Runtime, actor: str, batch_id: UUID | None = None) -> int:
    """For the operator: the jobs of every organisation, or those of one batch."""
    with rt.begin() as session:
        return _retry(rt, session, stalls.hold_open(session, batch_id), actor, rt.now())


def _retry(rt: Runtime, session: Session, stalled: Sequence[StalledJob], actor: str, now: datetime) -> int:
    for one in stalled:
        one.resolved_at = now
        session.add(one)
        # A key is good for one run, and this one was used: each stall gives one more.
        rt.jobs.enqueue(session, Job(one.kind, f"again:{one.id}", tuple(one.ids), partition=one.partition))
    session.flush()
    for organisation_id, batch_id in sorted(
        {(one.organisation_id, one.batch_id) for one in stalled}, key=str
    ):
        if organisation_id is not None and batch_id is not None:
            entry = journal.Entry(Tag.BATCH_RETRIED, batch_id, {"by": actor})
            journal.append(session, rt.vault, organisation_id, [entry], now)
    return len(stalled)
