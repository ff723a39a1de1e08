"""Reports that came before their message had its reference: look for it again."""

from dataclasses import dataclass
from uuid import UUID

from app.carriers.base import Report, ReportState
from app.db.queries import callback_events
from app.runtime import Runtime

AT_ONCE = 200
_STATES: dict[str, ReportState] = {
    "enroute": "enroute",
    "delivered": "delivered",
    "read": "read",
    "failed": "failed",
    "expired": "expired",
    "inconclusive": "inconclusive",
}


@dataclass(frozen=True)
class Matched:
    """A report that can be recorded now, and the row to delete after that."""

    event_id: UUID
    report: Report


def match_early(rt: Runtime) -> list[Matched]:
    """Those that can be recorded now, in the order they came."""
    with rt.read() as session:
        return [
            Matched(
                event.id,
                Report(attempt_id, event.event_key, _STATES[event.state], event.code, event.received_at),
            )
            for event, attempt_id in callback_events.matched(session, rt.now(), AT_ONCE)
        ]


def forget_matched(rt: Runtime, matched: list[Matched]) -> None:
    """They were recorded."""
    with rt.begin() as session:
        callback_events.delete(session, [one.event_id for one in matched])
