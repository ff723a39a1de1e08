"""The answers of an organisation, in clear, for the people who read them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.db.models import InboundMessage
from app.db.queries import inbox
from app.runtime import Runtime


@dataclass(frozen=True)
class InboxLine:
    """One answer. `intent` is what was read in it, `decision` what a person made of it, both empty for none; `pictures` counts those of an MMS, which are not kept."""

    id: UUID
    number: str
    text: str
    intent: str
    received_at: datetime
    document_id: UUID | None
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
    return Inbox(tuple(_line(rt, answer) for answer in found), total, unsettled)


def _line(rt: Runtime, answer: inbox.Answer) -> InboxLine:
    message, decision = answer.message, answer.decision
    return InboxLine(
        message.id,
        _open(rt, message, "from", message.from_sealed),
        _open(rt, message, "text", message.text_sealed),
        message.intent,
        message.received_at,
        message.document_id,
        decision.decision if decision else "",
        decision.decided_at if decision else None,
        message.pictures,
    )


def _open(rt: Runtime, message: InboundMessage, column: str, sealed: bytes) -> str:
    return rt.vault.columns.open_column(
        message.organisation_id, "inbound_message", column, message.id, sealed
    )
