"""Put back, at once, the lines that were left out at once."""

from uuid import UUID

from app.db.queries import journal, reviewing, watching
from app.evidence.tags import Tag
from app.runtime import Runtime

_EITHER_WAY = frozenset({Tag.DOCUMENT_EXCLUDED, Tag.DOCUMENT_INCLUDED})


def include_lot(rt: Runtime, organisation_id: UUID, batch_id: UUID, lot: UUID, actor: str) -> int:
    """How many lines came back: those of the lot that nobody has put back, or left out again, since.

    The journal knows the lot of a line. Raises NotFound, or Conflict `not_in_review`.
    """
    now = rt.now()
    with rt.begin() as session:
        reviewing.hold_batch(session, organisation_id, batch_id, now)
        out = [line.id for line in watching.light_lines(session, [batch_id]) if line.state == "excluded"]
        last = journal.newest(session, rt.vault, organisation_id, out, _EITHER_WAY)
        ids = [each for each, event in last.items() if (event.body or {}).get("lot") == lot.hex]
        included = list(watching.documents(session, ids).values())
        for line in included:
            line.state = "in_review"
            session.add(line)
        entries = [
            journal.Entry(Tag.DOCUMENT_INCLUDED, line.id, {"by": actor, "all": True}) for line in included
        ]
        journal.append(session, rt.vault, organisation_id, entries, now)
        return len(included)
