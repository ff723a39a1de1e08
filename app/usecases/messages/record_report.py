"""Write down what a network says of an attempt. Repeats, late and disordered reports are ordinary."""

from app.carriers.base import Report
from app.db import lanes, transitions
from app.db.models import DeliveryReport
from app.db.queries import messages
from app.messaging import routing, status
from app.runtime import Runtime

_STATES = {
    "enroute": status.State.SUBMITTED,
    "delivered": status.State.DELIVERED,
    "read": status.State.READ,
    "failed": status.State.FAILED,
    "expired": status.State.EXPIRED,
}
_OUTCOMES = {"failed": routing.Outcome.FAILED, "expired": routing.Outcome.EXPIRED}


def record_report(rt: Runtime, report: Report) -> None:
    """The same report twice changes nothing; a delivery after a fallback is kept as a double and sends nothing."""
    now = rt.now()
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
            lane = transitions.follow(
                session, rt.vault, message, _OUTCOMES[report.state], report.code or report.state, now
            )
            if lane is not None:
                lanes.wake(session, rt.jobs, [lane], now)
            return
        transitions.settle(session, rt.vault, message, now, report.code)
