"""Where a batch stands, in figures, for programs."""

from dataclasses import dataclass
from uuid import UUID

from app.core.errors import NotFound
from app.db.models import Batch, StalledJob
from app.db.queries import batches, stalls
from app.db.queries.batches import Progress
from app.runtime import Runtime


@dataclass(frozen=True)
class BatchReport:
    """The batch, its figures, and the first of the jobs that were given up, if any."""

    batch: Batch
    progress: Progress
    stalled: StalledJob | None


def report_batch(rt: Runtime, organisation_id: UUID, batch_id: UUID) -> BatchReport:
    """Raises NotFound."""
    with rt.read() as session:
        batch = batches.get(session, organisation_id, batch_id)
        if batch is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        stalled = stalls.open_of(session, [batch_id])
        return BatchReport(batch, batches.progress(session, batch_id), stalled[0] if stalled else None)
