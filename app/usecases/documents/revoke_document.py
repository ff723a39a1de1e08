"""Close the link of one document, at once and for good."""

from uuid import UUID

from app.core.errors import NotFound
from app.db.payroll.withdrawing import withdraw
from app.db.queries import documents
from app.runtime import Runtime


def revoke_document(rt: Runtime, organisation_id: UUID, document_id: UUID, actor: str) -> None:
    """Doing it twice changes nothing. Raises NotFound, or Conflict `not_released` when there is no link yet."""
    now = rt.now()
    with rt.begin() as session:
        document = documents.get(session, organisation_id, document_id)
        if document is None:
            raise NotFound("document_unknown", "this document does not exist")
        withdraw(session, rt.vault, document, actor, now)
