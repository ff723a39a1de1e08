"""What one person and the organisation said to each other, and whether the person may be answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.core.errors import NotFound
from app.db.models import InboundMessage, Message, StaffReply
from app.db.payroll.faces import read_face
from app.db.queries import accounts, consents, inbox, organisations, watching
from app.db.sending.talking import line_to
from app.messaging.permission import consent
from app.messaging.permission.categories import Category
from app.messaging.sending.senders import channel_of
from app.messaging.texts.drafts import SMS
from app.runtime import Runtime

SHOWN: Final = 100


@dataclass(frozen=True)
class Spoken:
    """One thing that was said. `ours` tells who said it; `text` is empty for what is not kept: a notice, whose words hold
    a link. `intent` is what was read in their words; `state`, `reason` and `template` are those of our message, `by` who
    wrote it."""

    id: UUID
    ours: bool
    at: datetime
    text: str
    channel: str = ""
    intent: str = ""
    pictures: int = 0
    state: str = ""
    reason: str = ""
    template: str = ""
    by: str = ""


@dataclass(frozen=True)
class Conversation:
    """Oldest first, at most SHOWN of each side. `name` is that on the document they answered, empty for none. `sender` is the address an answer leaves from. `refusal` is why the
    person cannot be answered, as a code of a sender or of a rule of consent, empty when they can. `waits` is the answer
    that a person has to decide about, None for none."""

    inbound_id: UUID
    number: str
    name: str
    spoken: tuple[Spoken, ...]
    sender: str
    channel: str
    refusal: str
    stopped: bool
    objected: bool
    intent: str
    decided: bool
    document_id: UUID | None


def show_conversation(rt: Runtime, organisation_id: UUID, inbound_id: UUID) -> Conversation:
    """The conversation an answer belongs to. Read only. Raises NotFound."""
    now = rt.now()
    with rt.read() as session:
        found = inbox.one(session, organisation_id, inbound_id)
        if found is None:
            raise NotFound("answer_unknown", "this answer does not exist")
        answer = found.message
        document = (
            watching.documents(session, [answer.document_id]).get(answer.document_id)
            if answer.document_id
            else None
        )
        theirs = inbox.said(session, organisation_id, answer.from_index, SHOWN)
        ours = inbox.sent(session, organisation_id, answer.from_index, SHOWN)
        ledger = consents.ledger(session, organisation_id, answer.from_index)
        held_to = rt.text_rules(session, organisation_id)
        known = organisations.every_sender(session, organisation_id)
        names = accounts.actor_names(
            session, organisation_id, [reply.written_by for _, reply in ours if reply]
        )
    number = _open(rt, answer, "from", answer.from_sealed)
    line = line_to(held_to, known, answer, number)
    sender = line.first
    channel = channel_of(sender.kind) if sender else SMS
    # What the person wants comes before what the organisation lacks.
    asked = consent.decide(
        Category.CONVERSATIONAL,
        ledger,
        sender.address if sender else answer.to_sender,
        channel,
        now,
        rules=held_to.categories,
    )
    no_sender = line.refusal.value if line.refusal else ""
    refusal = asked.rule if isinstance(asked, consent.Denied) else no_sender
    spoken = [_theirs(rt, one.message) for one in theirs] + [
        _ours(rt, message, reply, names) for message, reply in ours
    ]
    return Conversation(
        inbound_id=inbound_id,
        number=number,
        name=read_face(rt.vault, document).name if document else "",
        spoken=tuple(sorted(spoken, key=lambda one: one.at)),
        sender=sender.address if sender else "",
        channel=channel,
        refusal=refusal,
        stopped=consent.is_stopped(ledger, "", now),
        objected=consent.is_objected(ledger, now),
        intent=answer.intent,
        decided=found.decision is not None,
        document_id=answer.document_id,
    )


def _theirs(rt: Runtime, message: InboundMessage) -> Spoken:
    return Spoken(
        id=message.id,
        ours=False,
        at=message.received_at,
        text=_open(rt, message, "text", message.text_sealed),
        intent=message.intent,
        pictures=message.pictures,
    )


def _ours(rt: Runtime, message: Message, reply: StaffReply | None, names: Mapping[str, str]) -> Spoken:
    text = ""
    if reply is not None:
        text = rt.vault.columns.open_column(
            message.organisation_id, "staff_reply", "text", message.id, reply.text_sealed
        )
    return Spoken(
        id=message.id,
        ours=True,
        at=message.created_at,
        text=text,
        channel=message.channel,
        state=message.state,
        reason=message.reason,
        template=message.template_key,
        by=names.get(reply.written_by, "") if reply is not None else "",
    )


def _open(rt: Runtime, message: InboundMessage, column: str, sealed: bytes) -> str:
    return rt.vault.columns.open_column(
        message.organisation_id, "inbound_message", column, message.id, sealed
    )
