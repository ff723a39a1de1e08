"""Close the link of one document, at once and for good."""

from uuid import UUID

from app.core.errors import Conflict, NotFound
from app.db.queries import batches, documents, journal, messages
from app.evidence.tags import Tag
from app.runtime import Runtime
from links import lifecycle


def revoke_document(rt: Runtime, organisation_id: UUID, document_id: UUID, actor: str) -> None:
    """Doing it twice changes nothing. Raises NotFound, or Conflict `not_released` when there is no link yet."""
    now = rt.now()
    with rt.begin() as session:
        document = documents.get(session, organisation_id, document_id)
        if document is None:
            raise NotFound("document_unknown", "this document does not exist")
        batches.lock(session, document.batch_id)
        session.refresh(document)
        if document.state == "revoked":
            return
        if document.state != "sealed":
            raise Conflict("not_released", "this document has no open link that could be revoked")
        ended = lifecycle.revoke_documents(session, [document.id], "revoked", now)
        documents.revoke(session, [document.id], now)
        messages.cancel_of_documents(session, [document.id], now, "revoked")
        entries = [
            journal.Entry(
                Tag.LINK_REVOKED, link.id, {"document": document.id.hex, "reason": "revoked", "by": actor}
            )
            for link in ended
        ]
        journal.append(session, rt.vault, organisation_id, entries, now)
