"""Leave one line out of its batch; nothing of it will be sent."""

from uuid import UUID

from app.db.queries import batches, journal, reviewing
from app.evidence.tags import Tag
from app.runtime import Runtime


def exclude_document(
    rt: Runtime, organisation_id: UUID, document_id: UUID, actor: str, *, only_own: bool = False
) -> None:
    """Doing it twice changes nothing; with `only_own` the batch must be one the actor uploaded. Raises NotFound,
    Forbidden, or Conflict `not_in_review`."""
    now = rt.now()
    with rt.begin() as session:
        batch, document = reviewing.hold_line(session, organisation_id, document_id, now)
        if only_own:
            batches.require_author(batch, actor)
        if document.state == "excluded":
            return
        document.state = "excluded"
        session.add(document)
        entry = journal.Entry(Tag.DOCUMENT_EXCLUDED, document.id, {"by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
