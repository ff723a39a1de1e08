"""What becomes of a message, written once for dispatch, reports and timers. The decisions are those of
`app.messaging`; here they are put into the rows and the journal of the caller's transaction."""

from datetime import datetime
from uuid import uuid4

from sqlmodel import Session

from app.crypto.vault import Vault
from app.db.models import Attempt, Block, Message
from app.db.queries import dead_numbers, journal, messages
from app.evidence.tags import Tag
from app.messaging import routing, status
from app.messaging.failures import DEAD_NUMBER

_ENDINGS = {
    routing.Ending.DELIVERED: status.State.DELIVERED,
    routing.Ending.FAILED: status.State.FAILED,
    routing.Ending.EXPIRED: status.State.EXPIRED,
    routing.Ending.UNCONFIRMED: status.State.UNKNOWN,
    routing.Ending.UNKNOWN: status.State.UNKNOWN,
}
_TAGS = {
    status.State.FAILED: Tag.MESSAGE_FAILED,
    status.State.EXPIRED: Tag.MESSAGE_EXPIRED,
    status.State.UNKNOWN: Tag.MESSAGE_UNKNOWN,
    status.State.DELIVERED: Tag.MESSAGE_DELIVERED,
    status.State.READ: Tag.MESSAGE_DELIVERED,
    status.State.CANCELLED: Tag.MESSAGE_REFUSED,
}
# The text of what failed, or may have failed, waits for a resend until its 72 hours are over.
_KEEPS_TEXT = frozenset({status.State.FAILED, status.State.UNKNOWN})


def hold(
    session: Session, vault: Vault, message: Message, until: datetime, reason: str, now: datetime
) -> None:
    """Not now: `until` is the first instant to try again, `reason` the rule or failure behind it."""
    message.state = status.State.HELD
    message.reason = reason
    message.not_before = until
    session.add(message)
    _journal(session, vault, message, Tag.MESSAGE_HELD, now, reason=reason, until=int(until.timestamp()))


def end(
    session: Session, vault: Vault, message: Message, state: status.State, reason: str, now: datetime
) -> None:
    """Nothing more is sent. The text goes at once, unless a person may want to send it again. What was read later had
    arrived before: that instant stays."""
    if message.state not in status.DELIVERED or message.finished_at is None:
        message.finished_at = now
    message.state = state
    message.reason = reason
    if state not in _KEEPS_TEXT:
        wipe(message, now)
    if state is status.State.FAILED and reason in DEAD_NUMBER:
        dead_numbers.remember(session, message.organisation_id, message.to_index, reason, now)
    session.add(message)
    _journal(session, vault, message, _TAGS[state], now, reason=reason)


def wipe(message: Message, now: datetime) -> None:
    """Forget the text and the card, and with them the secret of the link."""
    if message.text_sealed is not None or message.card_sealed is not None:
        message.text_sealed = message.card_sealed = None
        message.wiped_at = now


def follow(
    session: Session,
    vault: Vault,
    message: Message,
    outcome: routing.Outcome,
    reason: str,
    now: datetime,
) -> routing.Route:
    """Ask the one routing decision after an outcome and put it into the row: fall back to SMS, or finish."""
    tried = [routing.Channel(attempt.channel) for attempt in messages.attempts_of(session, message.id)]
    route = routing.next_route([routing.Channel(channel) for channel in message.plan], tried, outcome)
    if isinstance(route, routing.Send):
        message.channel = route.channel.value
        message.state = status.State.QUEUED
        message.reason = reason
        message.not_before = now
        session.add(message)
        _journal(session, vault, message, Tag.MESSAGE_FELL_BACK, now, reason=reason, to=message.channel)
    elif isinstance(route, routing.Finish):
        end(session, vault, message, _ENDINGS[route.ending], reason, now)
    return route


def settle(session: Session, vault: Vault, message: Message, now: datetime, reason: str) -> None:
    """Bring a message to what its attempts amount to."""
    attempts = messages.attempts_of(session, message.id)
    overall = status.overall([status.State(attempt.state) for attempt in attempts])
    message.double = message.double or overall.double
    before = status.State(message.state)
    if overall.state is not before and not (
        before in status.DELIVERED and overall.state not in status.DELIVERED
    ):
        message.state = overall.state
        if overall.state in status.DELIVERED:
            end(session, vault, message, overall.state, reason, now)
    session.add(message)


def new_block(session: Session, message: Message, now: datetime) -> Block:
    """Put one message into a dispatch block of its own; the caller enqueues its job."""
    block = Block(
        id=uuid4(),
        organisation_id=message.organisation_id,
        batch_id=message.batch_id,
        kind="dispatch",
        position=0,
        created_at=now,
    )
    session.add(block)
    message.block_id = block.id
    session.add(message)
    return block


def advance(attempt: Attempt, report: status.State, reason: str, now: datetime) -> status.Advance:
    """Bring an attempt to what a report says, if that is news; a reading keeps the instant of the delivery."""
    arrived = attempt.state in status.DELIVERED and attempt.finished_at is not None
    step = status.advance(status.State(attempt.state), report)
    if step.changed:
        attempt.state = step.state
        attempt.reason = reason
        if step.final and not arrived:
            attempt.finished_at = now
    return step


def _journal(
    session: Session, vault: Vault, message: Message, tag: Tag, now: datetime, **body: str | int
) -> None:
    document = message.document_id.hex if message.document_id else ""
    entry = journal.Entry(tag, message.id, {"document": document, "state": message.state, **body})
    journal.append(session, vault, message.organisation_id, [entry], now)
