"""Let a reviewed batch go: nothing blocks any more, a person with the right to release says so."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from app.core.errors import Conflict, NotFound
from app.core.jobs import Job
from app.db.models import Batch, Block
from app.db.payroll.look_back import LookBack
from app.db.queries import batches, journal, leaving
from app.db.queries.watching import LightLine
from app.db.session import Session
from app.documents.match.standing import (
    LOOKED_AGAIN,
    batch_blockers,
    lines_to_send,
    look_again,
    standing_blockers,
)
from app.evidence.tags import Tag
from app.runtime import Runtime

BLOCK = 200
BATCH_BLOCKERS = {
    "same_files": "the same file was uploaded before; confirm that it must be sent again",
    "period_differs": "the payslips bear another month than the batch; confirm it, or cancel and upload the right ones",
    "codes_not_printed": "print the access codes first: they cannot be shown after the release",
}


def release_batch(rt: Runtime, organisation_id: UUID, batch_id: UUID, actor: str) -> Batch:
    """Raises NotFound, or Conflict with the code `not_in_review`, `still_blocked`, `nothing_to_send` or one of
    `BATCH_BLOCKERS`. Releasing a released batch again changes nothing."""
    now = rt.now()
    with rt.begin() as session:
        batch = batches.lock(session, batch_id)
        if batch is None or batch.organisation_id != organisation_id:
            raise NotFound("batch_unknown", "this batch does not exist")
        if batch.state in ("releasing", "released", "finished"):
            return batch
        if batch.state != "in_review" or batch.release_before <= now:
            raise Conflict("not_in_review", "only a batch in review can be released")
        lines = LookBack(session, rt.vault, batch, look_again, LOOKED_AGAIN).lines
        _check(batch, lines)
        sending = lines_to_send(lines)
        if not sending:
            raise Conflict("nothing_to_send", "no line of this batch has both a payslip and a person")
        batch.state = "releasing"
        batch.released_by = actor
        batch.released_at = now
        session.add(batch)
        _make_blocks(rt, session, batch, sending, now)
        journal.append(
            session,
            rt.vault,
            organisation_id,
            [journal.Entry(Tag.BATCH_RELEASED, batch.id, {"documents": len(sending), "by": actor})],
            now,
        )
        return batch


def _check(batch: Batch, lines: Sequence[LightLine]) -> None:
    standing = standing_blockers(lines)
    if standing:
        raise Conflict(
            "still_blocked", f"{len(standing)} problems block this batch; settle or exclude each line"
        )
    for blocker in batch_blockers(batch):
        raise Conflict(blocker, BATCH_BLOCKERS[blocker])


def _make_blocks(
    rt: Runtime, session: Session, batch: Batch, sending: list[LightLine], now: datetime
) -> None:
    assignment: dict[UUID, list[UUID]] = {}
    for position, start in enumerate(range(0, len(sending), BLOCK)):
        block = Block(
            id=uuid4(),
            organisation_id=batch.organisation_id,
            batch_id=batch.id,
            kind="announce",
            position=position,
            created_at=now,
        )
        session.add(block)
        assignment[block.id] = [line.id for line in sending[start : start + BLOCK]]
        rt.jobs.enqueue(
            session,
            Job("announce_block", str(block.id), (str(block.id),), partition=str(batch.organisation_id)),
        )
    session.flush()
    leaving.assign_blocks(session, assignment)
