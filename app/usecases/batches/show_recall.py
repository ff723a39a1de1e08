"""What taking a batch back would do, and what it would not undo."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.errors import Conflict, NotFound
from app.db.payroll.faces import Face, read_face
from app.db.payroll.watch import Counts, count
from app.db.queries import batches, leaving, watching
from app.runtime import Runtime


@dataclass(frozen=True)
class RecallView:
    """`replaced` are the people whose earlier link this batch closed: no recall opens it again."""

    id: UUID
    title: str
    counts: Counts
    replaced: Sequence[Face]


def show_recall(rt: Runtime, organisation_id: UUID, batch_id: UUID) -> RecallView:
    """Read only. Raises NotFound, or Conflict `not_released`."""
    with rt.read() as session:
        batch = batches.get(session, organisation_id, batch_id)
        if batch is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        if batch.state not in batches.RECALLABLE:
            raise Conflict("not_released", "only a released batch can be recalled")
        counts = count(watching.tally(session, [batch_id]))
        replaced = leaving.replaced_in(session, batch)
    return RecallView(batch.id, batch.title, counts, [read_face(rt.vault, each) for each in replaced])
