"""Take a whole batch back: every link ends, what has not left stays, and what it taught of people is forgotten."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core.errors import Conflict, NotFound
from app.db.models import Batch, Document
from app.db.payroll.recipients import as_before
from app.db.queries import batches, documents, journal, messages, people, reviewing
from app.db.session import Session
from app.documents.match.same_name import same_name
from app.evidence.tags import Tag
from app.runtime import Runtime
from links import lifecycle

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
        if batch.state not in batches.RECALLABLE:
            raise Conflict("not_released", "only a released batch can be recalled")
        lines = documents.of_batch(session, batch_id)
        sealed = [line.id for line in lines if line.state == "sealed"]
        ended = lifecycle.revoke_documents(session, sealed, "recalled", now)
        documents.revoke(session, sealed, now)
        documents.set_states(
            session, batch_id, old="releasing", new="cancelled", key_review=None, access_code_review=None
        )
        reviewing.forget_leftovers(session, batch_id)
        stopped = messages.cancel_waiting(session, batch_id, now, "recalled")
        _forget(rt, session, batch, lines, now)
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


def _forget(rt: Runtime, session: Session, batch: Batch, lines: Sequence[Document], now: datetime) -> None:
    """The next batch is compared with the last one that was not recalled: a number that went out by mistake must not
    stand for the person's own."""
    indexes = list({line.staff_index for line in lines if line.person_id and line.staff_index})
    known = people.by_staff_index(session, batch.organisation_id, indexes)
    before = people.sent_outside(session, batch.organisation_id, indexes, batch.id)
    rows = [as_before(rt.vault, person, before.get(index), same_name, now) for index, person in known.items()]
    people.update_all(session, rows)
