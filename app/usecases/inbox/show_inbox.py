"""The answers of an organisation, in clear, for the people who read them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.db.models import Document, InboundMessage
from app.db.payroll.faces import read_face
from app.db.queries import inbox, watching
from app.runtime import Runtime


@dataclass(frozen=True)
class InboxLine:
    """One answer. `name` is the person's whose document it is about, empty for none; `withdrawable` says that its link is
    still open. `intent` is what was read in it, `decision` what a person made of it, both empty for none; `pictures`
    counts those of an MMS, which are not kept."""

    id: UUID
    number: str
    name: str
    text: str
    intent: str
    received_at: datetime
    document_id: UUID | None
    withdrawable: bool
    decision: str
    decided_at: datetime | None
    pictures: int


@dataclass(frozen=True)
class Inbox:
    """A page of answers. `total` counts all of this list, `doubtful` what holds marketing back."""

    lines: tuple[InboxLine, ...]
    total: int
    doubtful: int


def show_inbox(rt: Runtime, organisation_id: UUID, *, waiting: bool, offset: int, limit: int) -> Inbox:
    """Read only."""
    with rt.read() as session:
        found, total = inbox.page(session, organisation_id, waiting=waiting, offset=offset, limit=limit)
        unsettled = inbox.doubtful(session, organisation_id)
        about = [answer.message.document_id for answer in found if answer.message.document_id]
        documents = watching.documents(session, about)
    lines = tuple(
        _line(rt, answer, documents.get(answer.message.document_id) if answer.message.document_id else None)
        for answer in found
    )
    return Inbox(lines, total, unsettled)


def _line(rt: Runtime, answer: inbox.Answer, document: Document | None) -> InboxLine:
    message, decision = answer.message, answer.decision
    return InboxLine(
        message.id,
        _open(rt, message, "from", message.from_sealed),
        read_face(rt.vault, document).name if document else "",
        _open(rt, message, "text", message.text_sealed),
        message.intent,
        message.received_at,
        message.document_id,
        document is not None and document.state == "sealed",
        decision.decision if decision else "",
        decision.decided_at if decision else None,
        message.pictures,
    )


def _open(rt: Runtime, message: InboundMessage, column: str, sealed: bytes) -> str:
    return rt.vault.columns.open_column(
        message.organisation_id, "inbound_message", column, message.id, sealed
    )
