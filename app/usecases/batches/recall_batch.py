"""Take a whole batch back: every link ends, and what has not left stays."""

from uuid import UUID

from app.core.errors import Conflict, NotFound
from app.db.queries import batches, documents, journal, messages, reviewing
from app.evidence.tags import Tag
from app.runtime import Runtime
from links import lifecycle

RECALLABLE = ("releasing", "released", "finished")
LONGEST_REASON = 200


def recall_batch(rt: Runtime, organisation_id: UUID, batch_id: UUID, actor: str, reason: str) -> None:
    """Doing it twice changes nothing; `reason` goes into the sealed journal. Raises NotFound, or Conflict
    `not_released`."""
    now = rt.now()
    with rt.begin() as session:
        batch = batches.lock(session, batch_id)
        if batch is None or batch.organisation_id != organisation_id:
            raise NotFound("batch_unknown", "this batch does not exist")
        if batch.state == "recalled":
            return
        if batch.state not in RECALLABLE:
            raise Conflict("not_released", "only a released batch can be recalled")
        sealed = [line.id for line in documents.of_batch(session, batch_id) if line.state == "sealed"]
        ended = lifecycle.revoke_documents(session, sealed, "recalled", now)
        documents.revoke(session, sealed, now)
        documents.set_states(
            session, batch_id, old="releasing", new="cancelled", key_review=None, access_code_review=None
        )
        reviewing.forget_leftovers(session, batch_id)
        stopped = messages.cancel_waiting(session, batch_id, now, "recalled")
        batch.state = "recalled"
        batch.finished_at = now
        session.add(batch)
        entries = [
            journal.Entry(
                Tag.BATCH_RECALLED,
                batch.id,
                {
                    "by": actor,
                    "reason": " ".join(reason.split())[:LONGEST_REASON],
                    "links": len(ended),
                    "messages": stopped,
                },
            )
        ]
        entries += [
            journal.Entry(
                Tag.LINK_REVOKED,
                link.id,
                {"document": link.document_id.hex, "reason": "recalled", "by": actor},
            )
            for link in ended
        ]
        journal.append(session, rt.vault, organisation_id, entries, now)
