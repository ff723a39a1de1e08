"""Whoever answered is not the person the document is for: close its link, and settle the answer with it."""

from uuid import UUID

from app.core.errors import Conflict, NotFound
from app.db.models import InboxDecision
from app.db.payroll.withdrawing import withdraw
from app.db.queries import documents, inbox, journal
from app.evidence.tags import Tag
from app.runtime import Runtime

WITHDRAWN = "withdrawn"


def withdraw_document(rt: Runtime, organisation_id: UUID, inbound_id: UUID, actor: str) -> None:
    """Raises NotFound, Conflict `answer_settled`, or Conflict `not_released` when the link is not open any more."""
    now = rt.now()
    with rt.begin() as session:
        answer = inbox.hold(session, organisation_id, inbound_id)
        document_id = answer.message.document_id if answer else None
        document = documents.get(session, organisation_id, document_id) if document_id else None
        if answer is None or document is None:
            raise NotFound("answer_unknown", "this answer does not exist, or is about no document")
        if answer.decision is not None:
            raise Conflict("answer_settled", "somebody has decided about this answer already")
        withdraw(session, rt.vault, document, actor, now)
        session.add(
            InboxDecision(inbound_id=inbound_id, decision=WITHDRAWN, decided_by=actor, decided_at=now)
        )
        entry = journal.Entry(Tag.ANSWER_SETTLED, inbound_id, {"decision": WITHDRAWN, "by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
