"""Leave one line out of its batch; nothing of it will be sent."""

from uuid import UUID

from app.db.queries import journal, reviewing
from app.evidence.tags import Tag
from app.runtime import Runtime


def exclude_document(rt: Runtime, organisation_id: UUID, document_id: UUID, actor: str) -> None:
    """Doing it twice changes nothing. Raises NotFound, or Conflict `not_in_review`."""
    now = rt.now()
    with rt.begin() as session:
        _, document = reviewing.hold_line(session, organisation_id, document_id, now)
        if document.state == "excluded":
            return
        document.state = "excluded"
        session.add(document)
        entry = journal.Entry(Tag.DOCUMENT_EXCLUDED, document.id, {"by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
