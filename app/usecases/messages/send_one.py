"""One text to one number through one carrier, for whoever sets a carrier up and wants to see it work.

It is a message like any other, with an attempt that reports find, but it goes at once: no consent, no window, no pace,
for the operator asks for this very message. Its text is kept nowhere.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

from app.carriers.base import Accepted, CarrierError, Refused, Submission
from app.core.errors import InvalidInput, NotFound
from app.crypto.epochs import day_of
from app.db.models import Attempt, Message
from app.db.queries import connections, journal, messages, organisations
from app.db.sending import transitions
from app.evidence.tags import Tag
from app.messaging.numbers.phone import Unreachable, read_phone
from app.messaging.permission.categories import Category
from app.messaging.permission.category_rules import priority
from app.messaging.sending import routing, status
from app.messaging.texts.drafts import SMS
from app.messaging.texts.segmentation import segment
from app.messaging.texts.text_rules import TextFinding, text_findings
from app.runtime import Runtime

LIFE = timedelta(minutes=15)
TEMPLATE = "operator_test"


@dataclass(frozen=True)
class Sent:
    """What became of the call: `accepted`, or `state` with the code of its `reason`. A report may have moved the state on
    already. `warnings` are what the text should change."""

    attempt_id: UUID
    accepted: bool
    state: str
    reason: str
    reference: str
    segments: int
    encoding: str
    warnings: tuple[TextFinding, ...] = ()


def send_one(rt: Runtime, organisation_id: UUID, carrier: str, to: str, text: str, sender: str = "") -> Sent:
    """Hand one message over and write down the answer. `sender` empty means the organisation's own.

    Raises NotFound for a carrier that does not exist, and InvalidInput for a number or text that cannot be sent.
    """
    if carrier not in rt.carriers:
        raise NotFound(
            "connection_unknown", f"There is no carrier named {carrier}; `pli carrier list` shows them."
        )
    phone = read_phone(to)
    if isinstance(phone, Unreachable):
        raise InvalidInput("phone_invalid", phone.message)
    if not text.strip():
        raise InvalidInput("text_empty", "There is no text to send.")
    warnings = _check(rt, organisation_id, carrier, text)
    attempt_id, address = _commit(rt, organisation_id, carrier, phone.e164, text)
    submission = Submission(
        attempt_id,
        organisation_id,
        "sms",
        sender or address,
        phone.e164,
        text,
        None,
        int(LIFE.total_seconds()),
    )
    try:
        outcome: Accepted | Refused | CarrierError = rt.carriers[carrier].submit(submission, rt.now())
    except CarrierError as error:
        outcome = error
    return _write_down(rt, attempt_id, outcome, warnings)


def _check(rt: Runtime, organisation_id: UUID, carrier: str, text: str) -> tuple[TextFinding, ...]:
    """What the text should change. Raises InvalidInput for what it must."""
    with rt.read() as session:
        held_to = rt.text_rules(session, organisation_id)
    plain = held_to.circumstances(SMS, Category.TRANSACTIONAL, None, "")
    found = text_findings(
        text,
        Category.TRANSACTIONAL,
        replace(plain, options=rt.text_options(carrier)),
        rt.now().date(),
        held_to.categories,
    )
    for finding in found:
        if finding.blocking:
            raise InvalidInput(
                f"text_{finding.problem}", f"The text may not leave: {finding.problem} ({finding.detail})."
            )
    return found


def _commit(rt: Runtime, organisation_id: UUID, carrier: str, e164: str, text: str) -> tuple[UUID, str]:
    """The message and its attempt, written down before the carrier is called; with the organisation's sender."""
    now, message_id, count = rt.now(), uuid4(), segment(text, rt.text_options(carrier))
    with rt.begin() as session:
        organisation = organisations.get(session, organisation_id)
        row = next(iter(connections.sms_senders(session, organisation_id)), None)
        if organisation is None or row is None:
            raise NotFound("organisation_unknown", "There is no such organisation, or it has no sender.")
        if organisation.simulator_only and carrier != "simulator":
            raise InvalidInput(
                "simulator_only", "This organisation is for trying, and may only use the simulator."
            )
        message = Message(
            id=message_id,
            organisation_id=organisation_id,
            sender_id=row.id,
            priority=priority(Category.TRANSACTIONAL),
            category=Category.TRANSACTIONAL,
            template_key=TEMPLATE,
            language=organisation.language,
            plan=["sms"],
            channel="sms",
            state=status.State.SUBMITTING,
            to_sealed=rt.vault.columns.seal_column(organisation_id, "message", "to", message_id, e164),
            to_index=rt.vault.phone_index(organisation_id, e164),
            outbox_day=day_of(now),
            segments=count.segments,
            encoding=count.encoding,
            not_before=now,
            expires_at=now + LIFE,
            created_at=now,
            wiped_at=now,
        )
        session.add(message)
        session.flush()
        attempt = Attempt(
            message_id=message_id,
            number=1,
            channel="sms",
            sender_id=row.id,
            carrier=carrier,
            state=status.State.SUBMITTING,
            segments=count.segments,
            started_at=now,
        )
        session.add(attempt)
        return attempt.id, row.address


def _write_down(
    rt: Runtime,
    attempt_id: UUID,
    outcome: Accepted | Refused | CarrierError,
    warnings: tuple[TextFinding, ...],
) -> Sent:
    now = rt.now()
    with rt.begin() as session, journal.Book(session, rt.vault, now) as book:
        attempt = messages.attempt(session, attempt_id)
        message = messages.get(session, attempt.message_id) if attempt else None
        if attempt is None or message is None:
            raise ValueError("what was written a moment ago is there")
        session.refresh(attempt)  # a report may have run ahead of the answer
        reference = ""
        if isinstance(outcome, Accepted):
            reference = attempt.carrier_reference = outcome.reference
            attempt.submitted_at = now
            attempt.deadline_at = routing.deadline(routing.Channel.SMS, now, LIFE)
            step = transitions.advance(attempt, status.State.SUBMITTED, "", now)
            entry = journal.Entry(
                Tag.MESSAGE_SUBMITTED,
                message.id,
                {"attempt": attempt.id.hex, "channel": "sms", "segments": attempt.segments},
            )
            book.note(message.organisation_id, entry)
            if step.changed:
                transitions.settle(book, message, messages.attempts_of(session, message.id), "")
        else:
            doubtful = isinstance(outcome, CarrierError) and outcome.in_doubt
            ending = status.State.UNKNOWN if doubtful else status.State.FAILED
            if transitions.advance(attempt, ending, outcome.code, now).changed:
                transitions.end(book, message, ending, outcome.code)
        session.add(attempt)
        accepted = isinstance(outcome, Accepted)
        return Sent(
            attempt.id,
            accepted,
            attempt.state,
            attempt.reason,
            reference,
            message.segments,
            message.encoding,
            warnings,
        )
