"""A person confirms that files which came before are meant to be sent again."""

from uuid import UUID

from app.core.errors import InvalidInput
from app.db.queries import journal, reviewing
from app.evidence.tags import Tag
from app.runtime import Runtime

CONFIRMABLE = "same_files"


def confirm_batch(rt: Runtime, organisation_id: UUID, batch_id: UUID, code: str, actor: str) -> None:
    """Doing it twice changes nothing. Raises NotFound, Conflict `not_in_review`, or InvalidInput `not_confirmable`."""
    now = rt.now()
    with rt.begin() as session:
        batch = reviewing.hold_batch(session, organisation_id, batch_id, now)
        if code != CONFIRMABLE or batch.same_files_as is None:
            raise InvalidInput("not_confirmable", "nothing of this kind is to be confirmed for this batch")
        if code in batch.confirmed:
            return
        batch.confirmed = [*batch.confirmed, code]
        session.add(batch)
        entry = journal.Entry(Tag.PROBLEM_CONFIRMED, batch.id, {"code": code, "by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
