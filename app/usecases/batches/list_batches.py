"""A page of an organisation's batches, for programs."""

from dataclasses import dataclass
from uuid import UUID

from app.db.models import Batch
from app.db.queries import pages
from app.db.queries.pages import BatchPlace
from app.runtime import Runtime


@dataclass(frozen=True)
class BatchPage:
    """Newest first; `next` is None on the last page."""

    batches: list[Batch]
    next: BatchPlace | None


def list_batches(rt: Runtime, organisation_id: UUID, after: BatchPlace | None, limit: int) -> BatchPage:
    """At most `limit` batches, beginning behind `after`."""
    with rt.read() as session:
        found = pages.batches(session, organisation_id, after, limit + 1)
    page = found[:limit]
    more = len(found) > limit
    return BatchPage(page, BatchPlace(page[-1].created_at, page[-1].id) if more else None)
