"""Attempts whose answer is overdue: take the card back, then fall back to SMS, or close the message.

The carrier is asked outside any transaction; the decision is one row update that only the first worker wins.
"""

from datetime import timedelta
from uuid import UUID

from app.carriers.base import CarrierError, RevokeOutcome
from app.db.models import Attempt
from app.db.queries import messages
from app.db.queries.journal import Book
from app.db.sending import lanes, transitions
from app.messaging.sending import routing, senders, status
from app.runtime import Runtime

AT_ONCE = 200
_AFTER_REVOKE: dict[RevokeOutcome, routing.Outcome] = {
    "revoked": routing.Outcome.REVOKED,
    "already_delivered": routing.Outcome.REVOKE_REFUSED,
    "unknown": routing.Outcome.REVOKE_UNAVAILABLE,
}


def expire_attempts(rt: Runtime) -> None:
    """The timer's job."""
    now = rt.now()
    with rt.read() as session:
        overdue = messages.past_deadline(session, now, AT_ONCE)
    for attempt in overdue:
        outcome = routing.Outcome.DEADLINE
        if attempt.channel == "rcs":
            outcome = _take_back(rt, attempt)
        _decide(rt, attempt.id, outcome)


def _take_back(rt: Runtime, attempt: Attempt) -> routing.Outcome:
    carrier = rt.carriers.get(attempt.carrier)
    try:
        answer: RevokeOutcome = carrier.revoke(attempt.id, rt.now()) if carrier else "unknown"
    except CarrierError:
        answer = "unknown"
    return _AFTER_REVOKE[answer]


def _decide(rt: Runtime, attempt_id: UUID, outcome: routing.Outcome) -> None:
    now = rt.now()
    with rt.begin() as session:
        attempt = messages.attempt(session, attempt_id)
        message = messages.get(session, attempt.message_id) if attempt else None
        if attempt is None or message is None:
            return
        session.refresh(attempt)
        if (
            attempt.state != status.State.SUBMITTED
            or attempt.deadline_at is None
            or attempt.deadline_at > now
        ):
            return
        attempts = messages.attempts_of(session, message.id)
        if messages.sender_of_attempt(session, attempt).kind in senders.SILENT:
            # It left, and may well be there: an answer can still tell.
            attempt.deadline_at = None
            session.add(attempt)
            silence = routing.Outcome.NO_RECEIPTS
            with Book(session, rt.vault, now) as book:
                transitions.follow(book, message, attempts, silence, silence.value)
            return
        tried = [routing.Channel(one.channel) for one in attempts]
        plan = [routing.Channel(channel) for channel in message.plan]
        outcome = routing.Outcome.CONFIRMATION_LATE if attempt.confirming else outcome
        route = routing.next_route(plan, tried, outcome, revoke_tries=attempt.tries)
        match route:
            case routing.Wait(seconds):
                # The platform said the card was delivered: wait a little for its report, then say so.
                attempt.confirming = True
                attempt.deadline_at = now + timedelta(seconds=seconds)
            case routing.Revoke(after):
                attempt.tries += 1
                attempt.deadline_at = now + timedelta(seconds=after)
            case routing.Repeat():
                attempt.deadline_at = now + timedelta(seconds=routing.CONFIRMATION_WAIT.total_seconds())
            case _:
                transitions.advance(attempt, status.State.EXPIRED, outcome.value, now)
                with Book(session, rt.vault, now) as book:
                    lane = transitions.follow(book, message, attempts, outcome, outcome.value)
                if lane is not None:
                    lanes.wake(session, rt.jobs, [lane], now)
        session.add(attempt)
