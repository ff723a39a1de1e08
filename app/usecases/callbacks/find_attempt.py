"""Which attempt a carrier's report is about."""

from datetime import datetime

from app.carriers.base import Report
from app.carriers.http.calls import StatusNote
from app.db.queries import callback_events
from app.runtime import Runtime


def find_attempt(rt: Runtime, carrier: str, note: StatusNote, now: datetime) -> Report | None:
    """The report for `record_report`; None when no attempt on this carrier is known by our reference or by its own."""
    with rt.read() as session:
        attempt = (
            callback_events.attempt_by_id(session, note.attempt_id, carrier)
            if note.attempt_id is not None
            else callback_events.attempt_by_reference(session, note.reference, carrier)
            if note.reference
            else None
        )
    if attempt is None:
        return None
    return Report(attempt.id, note.event_key, note.state, note.code, min(note.at or now, now))
