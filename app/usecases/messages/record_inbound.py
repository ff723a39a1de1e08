"""Write down what a person answered, beside the document it is about, and act on it at once. Where no report can come an
answer is the proof of the receipt."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from app.carriers.base import STARTED, Inbound
from app.carriers.identifiers import identifier, readable
from app.core.log import fields
from app.db.models import Attempt, InboundMessage, Message, Organisation
from app.db.queries import consents, inbox, journal, messages, organisations, rules
from app.db.queries.consents import Line
from app.db.sending import answer_limits, answers, opting, transitions
from app.db.session import Session
from app.evidence.tags import Tag
from app.messaging.permission import consent
from app.messaging.permission.answering import number_of
from app.messaging.permission.consent import Fact, StopScope
from app.messaging.permission.consent_proof import How
from app.messaging.permission.optout import read_answer
from app.messaging.permission.optout_words import Intent
from app.messaging.sending import status
from app.messaging.sending.senders import SILENT, same_address
from app.messaging.texts import notices
from app.runtime import Runtime
from rcs.cards import POSTBACK_PREFIX

PERSON = "person"
# Why a message counts as delivered that no report told of.
ANSWERED = "answered"
ADDRESS = 40  # the longest address a sender has

log = logging.getLogger(__name__)
_FACTS = {
    Intent.OPT_OUT: Fact.STOP,
    Intent.OPT_IN: Fact.UNSTOP,
    Intent.DOUBTFUL: Fact.DOUBTFUL_ANSWER,
}


# What a button says; any other one only tells that it was tapped.
_BUTTONS = {
    "not_for_me": messages.NOT_FOR_ME,
    "stop": Intent.OPT_OUT.value,
    STARTED: Intent.OPT_IN.value,
}


@dataclass(frozen=True)
class _Read:
    """What an answer means. `intent` is stored as it is; `how` is the way it came; `ref` is the document's whose card
    carried the tapped `button`."""

    intent: str
    how: How
    button: str = ""
    ref: str = ""


def record_inbound(rt: Runtime, inbound: Inbound) -> None:
    """The same answer twice is kept once. STOP closes marketing and is confirmed once; notices of documents go on, as
    the rules say. CONTACT is answered with who the sender is, once a day at most. What is not clear waits for a person."""
    now = rt.now()
    organisation_id = inbound.organisation_id
    # Carriers that give an answer no id are told repeats by its number and text: nobody may try those against the key.
    event_key = rt.vault.columns.blind_index(
        organisation_id, "inbound-event", readable(inbound.event_key)
    ).hex()
    with rt.begin() as session:
        organisation = organisations.get(session, organisation_id)
        if organisation is None or messages.inbound_exists(session, organisation_id, event_key):
            return
        number = number_of(readable(inbound.from_), organisation.region, national=inbound.national)
        inbound = replace(
            inbound,
            from_=number,
            to_sender=identifier(inbound.to_sender)[:ADDRESS],
            text=readable(inbound.text),
        )
        index = rt.vault.phone_index(organisation_id, number)
        read = _read(session, inbound, now)
        if (
            read.intent == Intent.OPT_IN
            and not inbound.proven
            and _refused_otherwise(session, organisation_id, index)
        ):
            read = replace(read, intent=Intent.DOUBTFUL.value)
        if read.intent in _FACTS:
            # What waits for this number before the journal's head: the order everybody takes them in.
            consents.waiting_to(session, organisation_id, index)
        proved = _unreported(session, inbound, index)
        about = messages.answered_about(session, organisation_id, index, read.ref)
        row = InboundMessage(
            organisation_id=organisation_id,
            event_key=event_key,
            from_sealed=b"",
            from_index=index,
            text_sealed=b"",
            to_sender=inbound.to_sender[:ADDRESS],
            intent=read.intent,
            pictures=inbound.pictures,
            document_id=about[0] if about else None,
            batch_id=about[1] if about else None,
            received_at=inbound.received_at,
        )
        seal = rt.vault.columns.seal_column
        row.from_sealed = seal(organisation_id, "inbound_message", "from", row.id, inbound.from_)
        row.text_sealed = seal(organisation_id, "inbound_message", "text", row.id, inbound.text)
        session.add(row)
        session.flush()
        if about:
            journal.append(session, rt.vault, organisation_id, [_entry(read, about[0], row)], now)
        if proved:
            _prove(rt, session, proved, now)
        if read.intent != messages.TAPPED:
            _act(rt, session, organisation, inbound, read, now)


def _unreported(session: Session, inbound: Inbound, index: bytes) -> list[tuple[Message, Attempt]]:
    """What an answer proves to have arrived: whatever that sender sent before, where the network never tells."""
    silent = [
        one.id
        for one in organisations.every_sender(session, inbound.organisation_id)
        if one.kind in SILENT and same_address(one.address, inbound.to_sender)
    ]
    if not silent:
        return []
    return inbox.unreported(session, inbound.organisation_id, index, silent, inbound.received_at)


def _prove(rt: Runtime, session: Session, proved: list[tuple[Message, Attempt]], now: datetime) -> None:
    attempts = messages.attempts_of_each(session, [message.id for message, _ in proved])
    with journal.Book(session, rt.vault, now) as book:
        for message, attempt in proved:
            if transitions.advance(attempt, status.State.DELIVERED, ANSWERED, now).changed:
                session.add(attempt)
                transitions.settle(book, message, attempts[message.id], ANSWERED)


def _entry(read: _Read, document_id: UUID, row: InboundMessage) -> journal.Entry:
    if read.intent == messages.TAPPED:
        return journal.Entry(Tag.CARD_TAPPED, document_id, {"button": read.button})
    return journal.Entry(Tag.REPLY_RECEIVED, document_id, {"intent": read.intent, "answer": row.id.hex})


def _read(session: Session, inbound: Inbound, now: datetime) -> _Read:
    """A tap says what its button says; otherwise the organisation's own words are read."""
    button, ref = _tapped(inbound.postback)
    if button:
        return _Read(_BUTTONS.get(button, messages.TAPPED), How.BUTTON, button, ref)
    answer = read_answer(inbound.text, rules.lexicon(session, inbound.organisation_id, now.date()))
    return _Read(answer.value if answer else "", How.REPLY)


def _refused_otherwise(session: Session, organisation_id: UUID, subject: bytes) -> bool:
    """Whether a STOP stands that came by another way than an answer: what anybody may have forged does not lift it."""
    standing = False
    for line in consents.records(session, organisation_id, subject):
        if line.fact == Fact.STOP:
            standing = standing or line.how not in (How.REPLY, How.BUTTON)
        elif line.fact in (Fact.UNSTOP, Fact.OPT_IN):
            standing = False
    return standing


def _tapped(postback: str) -> tuple[str, str]:
    """Which button of a card, and the ref of its document; empty when none of ours was tapped."""
    if postback == STARTED:
        return STARTED, ""
    for button, prefix in POSTBACK_PREFIX.items():
        if postback.startswith(prefix):
            return button, postback.removeprefix(prefix)
    return "", ""


def _act(
    rt: Runtime, session: Session, organisation: Organisation, inbound: Inbound, read: _Read, now: datetime
) -> None:
    index = rt.vault.phone_index(organisation.id, inbound.from_)
    before = consents.ledger(session, organisation.id, index)
    at = min(
        inbound.received_at, now
    )  # a network's clock may run ahead, and the rules read nothing of the future
    wrote = Line(Fact.CONTACTED_US, read.how, PERSON, at)
    consents.append(session, rt.vault, organisation.id, inbound.from_, wrote, now)
    fact = _FACTS.get(Intent(read.intent)) if read.intent in _FACTS else None
    if fact is not None:
        line = _line(session, organisation, inbound, read, fact, at)
        opting.record(session, rt.vault, organisation.id, inbound.from_, line, now)
    key = _answer_key(read, before, inbound.to_sender, now)
    if key:
        _answer(rt, session, organisation, inbound.from_, key, now)


def _answer(
    rt: Runtime, session: Session, organisation: Organisation, number: str, key: str, now: datetime
) -> None:
    index = rt.vault.phone_index(organisation.id, number)
    if refusal := answer_limits.refusal(session, organisation, number, index, key, now):
        log.warning("a keyword was not answered", extra=fields(organisation_id=organisation.id, code=refusal))
        return
    language = consents.language_of(session, organisation.id, index) or organisation.language
    held_to = rt.text_rules(session, organisation.id)
    answers.send(session, rt.vault, rt.jobs, held_to, number, key, language, now)


def _line(
    session: Session, organisation: Organisation, inbound: Inbound, read: _Read, fact: Fact, at: datetime
) -> Line:
    """A STOP or UNSTOP reaches as far as the organisation says; a doubt suspends everything that is marketing."""
    sender, channels = None, frozenset({consent.SMS, consent.RCS})
    if fact in {Fact.STOP, Fact.UNSTOP}:
        scope = StopScope(rules.choices(session, organisation.id).stop_scope)
        by_card = read.how is How.BUTTON or inbound.channel == consent.RCS
        channel = consent.RCS if by_card else consent.SMS
        sender, channels = consent.stop_reach(scope, inbound.to_sender, channel)
    return Line(fact, read.how, PERSON, at, sender, channels, raw_text=inbound.text)


def _answer_key(read: _Read, before: list[consent.Entry], sender: str, now: datetime) -> str:
    """Which text answers: one confirmation of a STOP, however often it is said."""
    if read.intent == Intent.CONTACT:
        return notices.CONTACT_ANSWER
    stopped = consent.is_stopped(before, sender, now)
    if read.intent == Intent.OPT_OUT and not stopped:
        return notices.STOP_DONE
    if read.intent == Intent.OPT_IN and stopped:
        return notices.START_DONE
    return ""
