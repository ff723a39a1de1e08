"""Where a batch stands, in figures, for programs."""

from dataclasses import dataclass
from uuid import UUID

from app.core.errors import NotFound
from app.db.models import Batch
from app.db.queries import batches
from app.db.queries.batches import Progress
from app.runtime import Runtime


@dataclass(frozen=True)
class BatchReport:
    """The batch and its figures."""

    batch: Batch
    progress: Progress


def report_batch(rt: Runtime, organisation_id: UUID, batch_id: UUID) -> BatchReport:
    """Raises NotFound."""
    with rt.read() as session:
        batch = batches.get(session, organisation_id, batch_id)
        if batch is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        return BatchReport(batch, batches.progress(session, batch_id))
