"""Attempts whose answer is overdue: take the card back, then fall back to SMS, or close the message.

The carrier is asked outside any transaction. Whoever asks puts the deadline off first, so that others leave the card
alone: a second revocation is answered as if the card had been delivered. The decision is one change of the rows, which
only the first makes. That a card was taken back is acted upon whoever learns it; any other answer only by whoever still
has the card in hand.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from app.carriers.base import CarrierError, RevokeOutcome
from app.db.models import Attempt, Message
from app.db.queries import batches, messages
from app.db.queries.journal import Book
from app.db.sending import lanes, transitions
from app.db.session import Session
from app.messaging.sending import routing, senders, status
from app.runtime import Runtime

AT_ONCE = 200
MOST_CALLS = 16
# Longer than one call may take.
IN_HAND = timedelta(seconds=60)
_OPEN = frozenset({status.State.SUBMITTED, status.State.UNKNOWN})


@dataclass(frozen=True)
class _Overdue:
    """An attempt in hand: nobody else decides while its deadline is `until`. `to` is empty when nothing is to be taken
    back, `answered` false when nobody knows whether the carrier ever had it."""

    attempt_id: UUID
    message_id: UUID
    carrier: str
    until: datetime
    answered: bool
    to: str = ""


def expire_attempts(rt: Runtime) -> None:
    """The timer's job."""
    with rt.read() as session:
        overdue = [attempt.id for attempt in messages.past_deadline(session, rt.now(), AT_ONCE)]
    with ThreadPoolExecutor(MOST_CALLS) as threads:
        for start in range(0, len(overdue), MOST_CALLS):
            in_hand = _take_in_hand(rt, overdue[start : start + MOST_CALLS])
            for one, outcome in zip(in_hand, threads.map(partial(_outcome, rt), in_hand), strict=True):
                _decide(rt, one, outcome)


def _take_in_hand(rt: Runtime, attempt_ids: list[UUID]) -> list[_Overdue]:
    now = rt.now()
    with rt.begin() as session:
        held = messages.hold_of_attempts(session, attempt_ids)
        found = []
        for attempt in messages.past_deadline(session, now, MOST_CALLS, attempt_ids):
            message = held[attempt.message_id]
            to = ""
            if attempt.channel == routing.Channel.RCS:
                to = rt.vault.columns.open_column(
                    message.organisation_id, "message", "to", message.id, message.to_sealed
                )
                attempt.deadline_at = now + IN_HAND
                session.add(attempt)
            until = attempt.deadline_at or now
            answered = attempt.submitted_at is not None
            found.append(_Overdue(attempt.id, message.id, attempt.carrier, until, answered, to))
    return found


def _outcome(rt: Runtime, one: _Overdue) -> routing.Outcome:
    if not one.to:
        return routing.Outcome.DEADLINE
    carrier = rt.carriers.get(one.carrier)
    try:
        answer: RevokeOutcome = (
            carrier.revoke(one.attempt_id, one.to, rt.now()) if carrier is not None else "unknown"
        )
    except CarrierError:
        answer = "unknown"
    match answer:
        case "revoked":
            return routing.Outcome.REVOKED
        case "already_delivered" if one.answered:
            return routing.Outcome.REVOKE_REFUSED
        case "already_delivered":
            return routing.Outcome.REVOKE_REFUSED_UNSENT
        case "unknown":
            return routing.Outcome.REVOKE_UNAVAILABLE


def _decide(rt: Runtime, one: _Overdue, outcome: routing.Outcome) -> None:
    now = rt.now()
    with rt.begin() as session:
        message = messages.get(session, one.message_id)
        attempt = messages.attempt(session, one.attempt_id)
        if message is None or attempt is None:
            return
        session.refresh(attempt)
        theirs = outcome is not routing.Outcome.REVOKED and attempt.deadline_at != one.until
        if attempt.state not in _OPEN or theirs:
            return
        was_settled = status.is_settled(status.State(message.state))
        with Book(session, rt.vault, now) as book:
            lane = _put(book, message, attempt, outcome)
        session.add(attempt)
        if lane is not None:
            lanes.wake(session, rt.jobs, [lane], now)
    if lane is not None and was_settled and message.batch_id:
        with rt.begin() as session:
            batches.reopen(session, [message.batch_id])


def _put(book: Book, message: Message, attempt: Attempt, outcome: routing.Outcome) -> messages.Lane | None:
    """The decision in the rows; the lane in which the message waits again."""
    attempts = messages.attempts_of(book.session, message.id)
    if attempts[-1].id != attempt.id:
        # A person has sent it again meanwhile, and that attempt decides.
        transitions.advance(attempt, status.State.EXPIRED, outcome.value, book.now)
        return None
    if transitions.was_opened(book.session, message):
        transitions.advance(attempt, status.State.DELIVERED, transitions.OPENED, book.now)
        transitions.settle(book, message, attempts, transitions.OPENED)
        return None
    if _is_silent(book.session, attempt):
        # It left, and may well be there: an answer can still tell.
        attempt.deadline_at = None
        silence = routing.Outcome.NO_RECEIPTS
        return transitions.follow(book, message, attempts, silence, silence.value)
    outcome, route = _route(message, attempt, attempts, outcome)
    match route:
        case routing.Wait(seconds):
            # The platform said the card was delivered: wait a little for its report, then say so.
            attempt.confirming = True
            attempt.deadline_at = book.now + timedelta(seconds=seconds)
        case routing.Revoke(after):
            attempt.tries += 1
            attempt.deadline_at = book.now + timedelta(seconds=after)
        case routing.Finish(routing.Ending.UNCONFIRMED):
            # A late report can still tell what became of it.
            attempt.deadline_at = None
            return transitions.take(book, message, route, outcome.value)
        case _:
            transitions.advance(attempt, status.State.EXPIRED, outcome.value, book.now)
            return transitions.take(book, message, route, outcome.value)
    return None


def _route(
    message: Message, attempt: Attempt, attempts: list[Attempt], outcome: routing.Outcome
) -> tuple[routing.Outcome, routing.Route]:
    if attempt.confirming and outcome is not routing.Outcome.REVOKED:
        outcome = routing.Outcome.CONFIRMATION_LATE
    route = transitions.route_of(message, attempts, outcome, revoke_tries=attempt.tries)
    if attempt.submitted_at is None and isinstance(route, routing.Wait | routing.Repeat):
        # Its sending was repeated in vain, and its lifetime is over.
        outcome = routing.Outcome.NEVER_ANSWERED
        route = transitions.route_of(message, attempts, outcome)
    return outcome, route


def _is_silent(session: Session, attempt: Attempt) -> bool:
    return messages.sender_of_attempt(session, attempt).kind in senders.SILENT
