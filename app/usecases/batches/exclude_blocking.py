"""Leave out the lines that still block a batch, in one lot: those that a person has seen, and no other."""

from collections.abc import Collection
from uuid import UUID, uuid4

from app.db.payroll.look_back import LookBack
from app.db.queries import journal, reviewing, watching
from app.documents.match.standing import LOOKED_AGAIN, look_again, standing_blockers
from app.evidence.tags import Tag
from app.runtime import Runtime


def exclude_blocking(
    rt: Runtime, organisation_id: UUID, batch_id: UUID, seen: Collection[UUID], actor: str
) -> tuple[UUID, int]:
    """Leaves out those of the lines `seen` that still block; returns the id of the lot, and how many they were.

    What began to block since stays, for a person to look at. Of lines that compete for one person all are left out:
    which one is right only a person can say. Raises NotFound, or Conflict `not_in_review`.
    """
    now = rt.now()
    lot = uuid4()
    with rt.begin() as session:
        batch = reviewing.hold_batch(session, organisation_id, batch_id, now)
        lines = LookBack(session, rt.vault, batch, look_again, LOOKED_AGAIN).lines
        blocked = {blocker.row_id for blocker in standing_blockers(lines)}
        ids = [line.id for line in lines if line.row_key in blocked and line.id in seen]
        excluded = list(watching.documents(session, ids).values())
        for line in excluded:
            line.state = "excluded"
            session.add(line)
        entries = [
            journal.Entry(Tag.DOCUMENT_EXCLUDED, line.id, {"by": actor, "all": True, "lot": lot.hex})
            for line in excluded
        ]
        journal.append(session, rt.vault, organisation_id, entries, now)
        return lot, len(excluded)
