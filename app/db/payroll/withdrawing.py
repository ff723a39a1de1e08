"""Closing the link of one document, within the transaction of whoever decided it."""

from datetime import datetime

from app.core.errors import Conflict
from app.crypto.vault import Vault
from app.db.models import Document
from app.db.queries import batches, documents, journal, messages
from app.db.session import Session
from app.evidence.tags import Tag
from links import lifecycle


def withdraw(session: Session, vault: Vault, document: Document, actor: str, now: datetime) -> None:
    """At once and for good; doing it twice changes nothing. Raises Conflict `not_released` when there is no open link."""
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
    journal.append(session, vault, document.organisation_id, entries, now)
