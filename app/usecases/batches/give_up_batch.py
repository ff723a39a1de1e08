"""A batch whose files could not be read after every try is shown as failed, instead of being read for ever."""

from uuid import UUID

from app.db.failures import write_failure
from app.db.queries import batches, documents, journal
from app.evidence.tags import Tag
from app.runtime import Runtime

READING = ("received", "splitting")


def give_up_batch(rt: Runtime, batch_id: UUID, cause: str) -> None:
    """`cause` is the code of the last error, for the journal. Doing it twice, or too late, changes nothing."""
    with rt.begin() as session:
        batch = batches.lock(session, batch_id)
        if batch is None or batch.state not in READING:
            return
        batch.state = "failed"
        write_failure(rt.vault, batch, "reading_gave_up", "")
        session.add(batch)
        documents.forget_review(session, batch.id)
        entry = journal.Entry(Tag.BATCH_REFUSED, batch.id, {"code": "reading_gave_up", "cause": cause})
        journal.append(session, rt.vault, batch.organisation_id, [entry], rt.now())
