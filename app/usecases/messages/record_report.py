"""Write down what networks say of attempts. Repeats, late and disordered reports are ordinary."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from app.carriers.base import Report
from app.db.models import Attempt, Message
from app.db.queries import batches, messages
from app.db.queries.journal import Book
from app.db.queries.messages import Lane
from app.db.sending import lanes, opting, transitions
from app.messaging.sending import routing, status
from app.runtime import Runtime

_STATES = {
    "enroute": status.State.SUBMITTED,
    "delivered": status.State.DELIVERED,
    "read": status.State.READ,
    "failed": status.State.FAILED,
    "expired": status.State.EXPIRED,
}
_OUTCOMES = {"failed": routing.Outcome.FAILED, "expired": routing.Outcome.EXPIRED}
_AWAITED = frozenset({status.State.SUBMITTED, status.State.UNKNOWN})
AT_ONCE = 200


def record_report(rt: Runtime, report: Report) -> None:
    """One of them."""
    record_reports(rt, [report])


def record_reports(rt: Runtime, reports: Sequence[Report]) -> None:
    """The same report twice changes nothing; a delivery after a fallback is kept as a double and sends nothing. A block
    by the operator goes into the consent ledger. All of AT_ONCE are written in one transaction.
    """
    now = rt.now()
    for report in reports:
        if report.state == "failed" and report.code in opting.CARRIER_BLOCKS:
            _record_block(rt, report, now)
    for start in range(0, len(reports), AT_ONCE):
        _record(rt, reports[start : start + AT_ONCE], now)


def _record(rt: Runtime, reports: Sequence[Report], now: datetime) -> None:
    ids = list({report.attempt_id for report in reports})
    reopened: set[UUID] = set()
    with rt.begin() as session, Book(session, rt.vault, now) as book:
        held = messages.hold_of_attempts(session, ids)
        attempts = messages.attempts_of_each(session, list(held))
        known = messages.reports_known(session, ids)
        places = {one.id: (held[owner], of) for owner, of in attempts.items() for one in of}
        woken: set[Lane] = set()
        rows: list[dict[str, Any]] = []
        for report in reports:
            key = (report.attempt_id, report.event_key)
            if report.attempt_id in places and key not in known:
                known.add(key)
                message, of = places[report.attempt_id]
                rows.append(_row(report, now))
                was_settled = status.is_settled(status.State(message.state))
                lane = _apply(book, message, of, report)
                if lane is not None:
                    woken.add(lane)
                    if was_settled and message.batch_id:
                        reopened.add(message.batch_id)
        messages.add_reports(session, rows)
        lanes.wake(session, rt.jobs, woken, now)
    if reopened:
        with rt.begin() as session:
            batches.reopen(session, reopened)


def _row(report: Report, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "attempt_id": report.attempt_id,
        "event_key": report.event_key,
        "state": report.state,
        "code": report.code,
        "occurred_at": report.occurred_at,
        "received_at": now,
    }


def _apply(book: Book, message: Message, attempts: Sequence[Attempt], report: Report) -> Lane | None:
    """Put one report into the rows; the lane in which its message waits again."""
    attempt = next(one for one in attempts if one.id == report.attempt_id)
    if report.state == "inconclusive":
        _hasten(book, attempt)
        return None
    step = transitions.advance(attempt, _STATES[report.state], report.code, book.now)
    book.session.add(attempt)
    if step.double and (len(attempts) > 1 or message.state in status.WAITING):
        message.double = True
        book.session.add(message)
    if not step.changed:
        return None
    if report.state in _OUTCOMES and attempt is attempts[-1]:
        outcome = _OUTCOMES[report.state]
        return transitions.follow(book, message, attempts, outcome, report.code or report.state)
    transitions.settle(book, message, attempts, report.code)
    return None


def _hasten(book: Book, attempt: Attempt) -> None:
    """The platform could not take a card back that is too old: ask for it now, and not only at the deadline. One that is
    waited for because it may have arrived goes on being waited for."""
    due = attempt.deadline_at is not None and attempt.deadline_at > book.now
    if attempt.state in _AWAITED and due and not attempt.confirming and attempt.tries == 0:
        attempt.deadline_at = book.now
        book.session.add(attempt)


def _record_block(rt: Runtime, report: Report, now: datetime) -> None:
    with rt.begin() as session:
        attempt = messages.attempt(session, report.attempt_id)
        known = messages.reports_known(session, [report.attempt_id])
        if attempt is not None and (attempt.id, report.event_key) not in known:
            opting.record_block(session, rt.vault, attempt, now)
