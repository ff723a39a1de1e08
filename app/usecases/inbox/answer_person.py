"""Write back to a person who wrote: from the sender they wrote to, as part of the conversation they opened."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from app.core.errors import InvalidInput, NotFound
from app.db.models import InboxDecision, StaffReply
from app.db.queries import consents, inbox, journal, organisations
from app.db.sending.queueing import NotQueued, Outgoing, Words, queue_text
from app.db.sending.talking import line_to
from app.evidence.tags import Tag
from app.messaging.permission import consent
from app.messaging.permission.categories import Category, Kind
from app.messaging.texts.text_rules import TextFinding, offer_in
from app.runtime import Runtime
from rcs.cards import RcsError

LIFE = timedelta(hours=24)
ANSWERED = "answered"
TEMPLATE = "staff_reply"


@dataclass(frozen=True)
class NotSent:
    """Nothing was sent. `code` is that of a sender, of a rule of consent, `text_refused` with what was found, or
    `offer_to_stopped`: they asked for no advertising, and the text holds an offer."""

    code: str
    findings: tuple[TextFinding, ...] = ()


def answer_person(
    rt: Runtime, organisation_id: UUID, inbound_id: UUID, text: str, form_key: UUID, actor: str
) -> NotSent | None:
    """Queue the reply and mark what only waited to be read as answered; a doubt is still to be decided about.

    The same form twice sends once. Raises NotFound, InvalidInput `empty_reply`.
    """
    text = text.strip()
    if not text:
        raise InvalidInput("empty_reply", "write something before sending")
    now = rt.now()
    with rt.begin() as session:
        found = inbox.hold(session, organisation_id, inbound_id)
        if found is None:
            raise NotFound("answer_unknown", "this answer does not exist")
        if inbox.reply_of_form(session, organisation_id, form_key) is not None:
            return None
        answered = found.message
        number = rt.vault.columns.open_column(
            organisation_id, "inbound_message", "from", answered.id, answered.from_sealed
        )
        held_to = rt.text_rules(session, organisation_id)
        line = line_to(held_to, organisations.every_sender(session, organisation_id), answered, number)
        ledger = consents.ledger(session, organisation_id, answered.from_index)
        if consent.is_objected(ledger, now):
            return NotSent(consent.RULES[consent.Denial.OBJECTION])
        if line.refusal is not None:
            return NotSent(line.refusal.value)
        if consent.is_stopped(ledger, "", now) and offer_in(text):
            return NotSent("offer_to_stopped")
        spoken = consents.language_of(session, organisation_id, answered.from_index)
        language: Literal["fr", "en"] = "en" if (spoken or held_to.organisation.language) == "en" else "fr"
        outgoing = Outgoing(
            to=number,
            category=Category.CONVERSATIONAL,
            kind=Kind.REPLY,
            language=language,
            template_key=TEMPLATE,
            words=Words(text, description=text if line.rcs is not None else ""),
            not_before=now,
            expires_at=now + LIFE,
            sms=line.sms,
            rcs=line.rcs,
        )
        try:
            queued = queue_text(session, rt.vault, rt.jobs, held_to, outgoing, now)
        except RcsError:
            return NotSent("text_too_long")  # a card counts signs that take two places
        if isinstance(queued, NotQueued):
            return NotSent(queued.reason, queued.findings)
        message = queued.message
        session.add(
            StaffReply(
                message_id=message.id,
                organisation_id=organisation_id,
                inbound_id=inbound_id,
                form_key=form_key,
                to_index=message.to_index,
                text_sealed=rt.vault.columns.seal_column(
                    organisation_id, "staff_reply", "text", message.id, queued.text
                ),
                written_by=actor,
                written_at=now,
            )
        )
        for read in inbox.to_read(session, answered):
            session.add(InboxDecision(inbound_id=read, decision=ANSWERED, decided_by=actor, decided_at=now))
        session.flush()
        entry = journal.Entry(Tag.REPLY_SENT, message.id, {"answer": inbound_id.hex, "by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
    return None
