"""Leave out everybody whose number took no text the last time, at once."""

from uuid import UUID, uuid4

from app.db.queries import journal, reviewing, watching
from app.documents.match.release import DEAD_PHONE
from app.evidence.tags import Tag
from app.runtime import Runtime


def exclude_dead(rt: Runtime, organisation_id: UUID, batch_id: UUID, actor: str) -> tuple[UUID, int]:
    """The id of the lot, and how many lines were left out; their payslips go on the paper list. Raises NotFound, or
    Conflict `not_in_review`."""
    now = rt.now()
    lot = uuid4()
    with rt.begin() as session:
        reviewing.hold_batch(session, organisation_id, batch_id, now)
        ids = [
            line.id
            for line in watching.light_lines(session, [batch_id])
            if line.state != "excluded" and any(finding["code"] == DEAD_PHONE for finding in line.findings)
        ]
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
