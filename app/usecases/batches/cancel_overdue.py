"""Batches nobody released in time are cancelled and wiped: what waits for release waits seven days at most."""

from app.db.queries import batches, documents, journal
from app.db.sending.failures import write_failure
from app.evidence.tags import Tag
from app.runtime import Runtime


def cancel_overdue(rt: Runtime) -> None:
    """The timer's job."""
    now = rt.now()
    with rt.read() as session:
        overdue = batches.overdue_for_release(session, now)
    for batch_id in overdue:
        with rt.begin() as session:
            batch = batches.lock(session, batch_id)
            if batch is None or batch.state not in batches.BEFORE_RELEASE:
                continue
            batch.state = "cancelled"
            write_failure(rt.vault, batch, "not_released_in_time", "")
            batch.finished_at = now
            session.add(batch)
            documents.forget_review(session, batch.id)
            entry = journal.Entry(Tag.BATCH_CANCELLED, batch.id, {"reason": "not_released_in_time"})
            journal.append(session, rt.vault, batch.organisation_id, [entry], now)
