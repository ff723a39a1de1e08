"""Write down what a network says of an attempt. Repeats, late and disordered reports are ordinary."""

from datetime import datetime

from app.carriers.base import Report
from app.core.jobs import Job
from app.db import opting, transitions
from app.db.models import DeliveryReport
from app.db.queries import consents, messages
from app.db.queries.consents import Line
from app.messaging import routing, status
from app.messaging.consent import Fact
from app.messaging.consent_proof import How
from app.runtime import Runtime

_STATES = {
    "enroute": status.State.SUBMITTED,
    "delivered": status.State.DELIVERED,
    "read": status.State.READ,
    "failed": status.State.FAILED,
    "expired": status.State.EXPIRED,
}
# The operator will take nothing more from this sender for that number.
CARRIER_BLOCKS = frozenset({"blocked", "carrier_stop"})
_OUTCOMES = {"failed": routing.Outcome.FAILED, "expired": routing.Outcome.EXPIRED}


def record_report(rt: Runtime, report: Report) -> None:
    """The same report twice changes nothing; a delivery after a fallback is kept as a double and sends nothing. A block
    by the operator goes into the consent ledger."""
    now = rt.now()
    if report.state == "failed" and report.code in CARRIER_BLOCKS:
        _record_block(rt, report, now)
    with rt.begin() as session:
        attempt = messages.attempt(session, report.attempt_id)
        message = messages.get(session, attempt.message_id) if attempt else None
        if (
            attempt is None
            or message is None
            or messages.report_exists(session, attempt.id, report.event_key)
        ):
            return
        session.refresh(attempt)  # it was read before its message was held
        session.add(
            DeliveryReport(
                attempt_id=attempt.id,
                event_key=report.event_key,
                state=report.state,
                code=report.code,
                occurred_at=report.occurred_at,
                received_at=now,
            )
        )
        step = transitions.advance(attempt, _STATES[report.state], report.code, now)
        session.add(attempt)
        session.flush()
        if step.double:
            message.double = True
            session.add(message)
        if not step.changed:
            return
        newest = messages.attempts_of(session, message.id)[-1]
        if report.state in _OUTCOMES and newest.id == attempt.id:
            route = transitions.follow(
                session, rt.vault, message, _OUTCOMES[report.state], report.code or report.state, now
            )
            if isinstance(route, routing.Send):
                block = transitions.new_block(session, message, now)
                rt.jobs.enqueue(
                    session,
                    Job(
                        "dispatch_block",
                        str(block.id),
                        (str(block.id),),
                        partition=str(message.organisation_id),
                    ),
                )
            return
        transitions.settle(session, rt.vault, message, now, report.code)


def _record_block(rt: Runtime, report: Report, now: datetime) -> None:
    """In a transaction of its own, before the report: it takes every message that waits for the number."""
    with rt.begin() as session:
        attempt = messages.attempt(session, report.attempt_id)
        message = consents.message_of(session, attempt.message_id) if attempt else None
        if (
            attempt is None
            or message is None
            or messages.report_exists(session, attempt.id, report.event_key)
        ):
            return
        number = rt.vault.columns.open_column(
            message.organisation_id, "message", "to", message.id, message.to_sealed
        )
        sender = messages.sender_of_attempt(session, message, attempt)
        line = Line(Fact.CARRIER_BLOCK, How.CARRIER, attempt.carrier, now, sender.address)
        opting.record(session, rt.vault, message.organisation_id, number, line, now)
