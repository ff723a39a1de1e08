"""Leave out every line that still blocks its batch, at once."""

from uuid import UUID

from app.db.look_back import LookBack
from app.db.queries import journal, reviewing, watching
from app.documents.match.standing import LOOKED_AGAIN, look_again, standing_blockers
from app.evidence.tags import Tag
from app.runtime import Runtime


def exclude_blocking(rt: Runtime, organisation_id: UUID, batch_id: UUID, actor: str) -> int:
    """How many lines were left out.

    Of lines that compete for one person all are left out: which one is right only a person can say. Raises NotFound,
    or Conflict `not_in_review`.
    """
    now = rt.now()
    with rt.begin() as session:
        reviewing.hold_batch(session, organisation_id, batch_id, now)
        lines = LookBack(session, organisation_id, batch_id, look_again, LOOKED_AGAIN).lines
        blocked = {blocker.row_id for blocker in standing_blockers(lines)}
        ids = [line.id for line in lines if line.row_key in blocked]
        excluded = list(watching.documents(session, ids).values())
        for line in excluded:
            line.state = "excluded"
            session.add(line)
        entries = [
            journal.Entry(Tag.DOCUMENT_EXCLUDED, line.id, {"by": actor, "all": True}) for line in excluded
        ]
        journal.append(session, rt.vault, organisation_id, entries, now)
        return len(excluded)
