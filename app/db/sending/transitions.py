"""What becomes of a message, written once for dispatch, reports and timers. The decisions are those of
`app.messaging`; here they are put into the rows and the journal of the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from app.db.models import Attempt, Message
from app.db.queries import dead_numbers, journal
from app.db.queries.journal import Book
from app.db.queries.messages import EXPRESS, Lane, links_of
from app.db.sending.lanes import lane_of, redirect
from app.evidence.tags import Tag
from app.messaging.sending import routing, status
from app.messaging.sending.failures import DEAD_NUMBER

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
# Why a message counts as delivered that no report told of: its link was opened.
OPENED = "opened"
# The text of what failed, or may have failed, waits for a resend until its 72 hours are over.
_KEEPS_TEXT = frozenset({status.State.FAILED, status.State.UNKNOWN})


def hold(book: Book, message: Message, until: datetime, reason: str) -> None:
    """Not now: `until` is the first instant to try again, `reason` the rule or failure behind it."""
    message.state = status.State.HELD
    message.reason = reason
    message.not_before = until
    book.session.add(message)
    _note(book, message, Tag.MESSAGE_HELD, reason=reason, until=int(until.timestamp()))


def end(book: Book, message: Message, state: status.State, reason: str) -> None:
    """Nothing more is sent. The text goes at once, unless a person may want to send it again. What was read later had
    arrived before: that instant stays."""
    if message.state not in status.DELIVERED or message.finished_at is None:
        message.finished_at = book.now
    message.state = state
    message.reason = reason
    if state not in _KEEPS_TEXT:
        wipe(message, book.now)
    if state is status.State.FAILED and reason in DEAD_NUMBER:
        dead_numbers.remember(book.session, message.organisation_id, message.to_index, reason, book.now)
    book.session.add(message)
    _note(book, message, _TAGS[state], reason=reason)


def end_too_late(book: Book, message: Message) -> None:
    """Its time is over and it never left. An alert or a code that comes too late was not worth sending; a notice is
    shown as one that expired."""
    over = status.State.CANCELLED if message.priority <= EXPRESS else status.State.EXPIRED
    end(book, message, over, "validity_over")


def wipe(message: Message, now: datetime) -> None:
    """Forget the text and the card, and with them the secret of the link."""
    if message.text_sealed is not None or message.card_sealed is not None:
        message.text_sealed = message.card_sealed = None
        message.wiped_at = now


def follow(
    book: Book, message: Message, attempts: Sequence[Attempt], outcome: routing.Outcome, reason: str
) -> Lane | None:
    """Ask the one routing decision after an outcome and put it into the row: fall back to SMS, or finish.

    `attempts` are all of the message. The lane in which it waits again, for the caller to wake.
    """
    return take(book, message, route_of(message, attempts, outcome), reason)


def route_of(
    message: Message, attempts: Sequence[Attempt], outcome: routing.Outcome, *, revoke_tries: int = 0
) -> routing.Route:
    """The routing decision after an outcome of the last of all `attempts`."""
    tried = [routing.Channel(attempt.channel) for attempt in attempts]
    planned = [routing.Channel(channel) for channel in message.plan]
    return routing.next_route(planned, tried, outcome, is_critical(message), revoke_tries)


def is_critical(message: Message) -> bool:
    """Whether it had better come twice than not at all: an alert, or an access code somebody waits for."""
    return message.priority <= EXPRESS


def was_opened(session: Session, message: Message) -> bool:
    """Whether the link of a message has led to its document since the message was made."""
    if message.link_id is None:
        return False
    found = links_of(session, [message])
    return any(one.opened_at is not None and one.opened_at >= message.created_at for one in found.values())


def take(book: Book, message: Message, route: routing.Route, reason: str) -> Lane | None:
    """Put a fallback or an end into the row; any other route changes nothing. No fallback leaves for a link that was
    opened, or when the text is gone."""
    if isinstance(route, routing.Send):
        if was_opened(book.session, message):
            end(book, message, status.State.DELIVERED, OPENED)
            return None
        if message.text_sealed is None:
            if not status.is_settled(status.State(message.state)):
                end(book, message, status.State.EXPIRED, reason)
            return None
        message.channel = route.channel.value
        refusal = redirect(book, message)
        if refusal is not None:
            end(book, message, status.State.FAILED, refusal.value)
            return None
        queue(book.session, message, reason, book.now)
        _note(book, message, Tag.MESSAGE_FELL_BACK, reason=reason, to=message.channel)
        return lane_of(message)
    if isinstance(route, routing.Finish):
        end(book, message, _ENDINGS[route.ending], reason)
    return None


def queue(session: Session, message: Message, reason: str, now: datetime) -> None:
    """It may leave now; the caller wakes its lane."""
    message.state = status.State.QUEUED
    message.reason = reason
    message.not_before = now
    message.finished_at = None
    session.add(message)


def settle(book: Book, message: Message, attempts: Sequence[Attempt], reason: str) -> None:
    """Bring a message to what all its attempts amount to."""
    overall = status.overall([status.State(attempt.state) for attempt in attempts])
    message.double = message.double or overall.double
    before = status.State(message.state)
    if overall.state is not before and not (
        before in status.DELIVERED and overall.state not in status.DELIVERED
    ):
        message.state = overall.state
        if overall.state in status.DELIVERED:
            end(book, message, overall.state, reason)
    book.session.add(message)


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


def _note(book: Book, message: Message, tag: Tag, **body: str | int) -> None:
    document = message.document_id.hex if message.document_id else ""
    book.note(
        message.organisation_id,
        journal.Entry(tag, message.id, {"document": document, "state": message.state, **body}),
    )
