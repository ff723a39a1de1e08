"""Give a batch up before its release: nothing was sent, and what waited becomes unreadable at once."""

from uuid import UUID

from app.core.errors import Conflict, NotFound
from app.db.queries import batches, documents, journal
from app.evidence.tags import Tag
from app.runtime import Runtime


def cancel_batch(
    rt: Runtime, organisation_id: UUID, batch_id: UUID, actor: str, *, only_own: bool = False
) -> None:
    """Doing it twice changes nothing; with `only_own` the batch must be one the actor uploaded. Raises NotFound,
    Forbidden, or Conflict `already_released`."""
    now = rt.now()
    with rt.begin() as session:
        batch = batches.lock(session, batch_id)
        if batch is None or batch.organisation_id != organisation_id:
            raise NotFound("batch_unknown", "this batch does not exist")
        if only_own:
            batches.require_author(batch, actor)
        if batch.state == "cancelled":
            return
        if batch.state not in batches.BEFORE_RELEASE:
            raise Conflict(
                "already_released", "only a batch that was not released can be cancelled; recall it"
            )
        batch.state = "cancelled"
        batch.finished_at = now
        session.add(batch)
        documents.forget_review(session, batch.id)
        entry = journal.Entry(Tag.BATCH_CANCELLED, batch.id, {"reason": "by_person", "by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
