"""How one attempt stands, for whoever waits for its report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.db.queries import messages
from app.messaging.sending import status
from app.runtime import Runtime


@dataclass(frozen=True)
class Followed:
    """`reports` are (state, code, instant received), in order; `final` that nothing more is expected."""

    state: str
    reason: str
    final: bool
    reports: Sequence[tuple[str, str, datetime]]


def follow_one(rt: Runtime, attempt_id: UUID) -> Followed:
    """The attempt must exist."""
    with rt.read() as session:
        attempt = messages.attempt(session, attempt_id)
        if attempt is None:
            raise ValueError("an attempt does not disappear while it is followed")
        reports = messages.reports_of(session, [attempt_id])
    return Followed(
        attempt.state,
        attempt.reason,
        status.State(attempt.state) in status.FINAL,
        [(report.state, report.code, report.received_at) for report in reports],
    )
