"""Ask about the columns again: a wrong column was chosen, and the review shows it. The files stay; the lines go."""

from uuid import UUID

from app.db.queries import documents, journal, reviewing
from app.evidence.tags import Tag
from app.runtime import Runtime

# A review that starts over keeps this answer of a person: it is about the files, and those are the same.
KEPT = frozenset({"same_files"})


def reopen_mapping(rt: Runtime, organisation_id: UUID, batch_id: UUID, actor: str) -> None:
    """Back to `needs_mapping`. Raises NotFound, or Conflict `not_in_review`."""
    now = rt.now()
    with rt.begin() as session:
        batch = reviewing.hold_batch(session, organisation_id, batch_id, now)
        stored = {line.blob_key for line in documents.of_batch(session, batch_id) if line.blob_key}
        documents.delete_of_batch(session, batch_id)
        batch.state = "needs_mapping"
        batch.sheet_warnings = []
        batch.confirmed = [code for code in batch.confirmed if code in KEPT]
        session.add(batch)
        entry = journal.Entry(Tag.BATCH_REOPENED, batch.id, {"by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
    for key in stored:
        rt.blobs.delete(key)
