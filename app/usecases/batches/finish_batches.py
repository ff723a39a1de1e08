"""Released batches of which nothing can change by itself any more are finished, and their uploads are wiped."""

from app.db.queries import batches, journal, messages
from app.evidence.tags import Tag
from app.runtime import Runtime


def finish_batches(rt: Runtime) -> None:
    """The timer's job."""
    now = rt.now()
    with rt.read() as session:
        released = batches.in_state(session, "released")
        to_wipe = batches.uploads_to_wipe(session)
    for batch_id in released:
        with rt.begin() as session:
            batch = batches.lock(session, batch_id)
            if batch is None or batch.state != "released" or messages.unfinished(session, batch_id):
                continue
            batch.state = "finished"
            batch.finished_at = now
            session.add(batch)
            entry = journal.Entry(Tag.BATCH_FINISHED, batch.id, {})
            journal.append(session, rt.vault, batch.organisation_id, [entry], now)
    for upload in to_wipe:
        rt.blobs.delete(upload.blob_key)
        with rt.begin() as session:
            batches.forget_upload_key(session, upload.id)
