"""Leave out every line that still blocks its batch, at once."""

from uuid import UUID

from app.db.queries import documents, journal, reviewing
from app.documents.match.standing import standing_blockers
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
        lines = documents.of_batch(session, batch_id)
        blocked = {blocker.row_id for blocker in standing_blockers(lines)}
        excluded = [line for line in lines if line.row_key in blocked]
        for line in excluded:
            line.state = "excluded"
            session.add(line)
        entries = [
            journal.Entry(Tag.DOCUMENT_EXCLUDED, line.id, {"by": actor, "all": True}) for line in excluded
        ]
        journal.append(session, rt.vault, organisation_id, entries, now)
        return len(excluded)
