"""The first page of the console: every batch with its figures, and what waits for somebody."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.db.models import Batch
from app.db.payroll.watch import Counts, count
from app.db.queries import accounts, stalls, watching
from app.documents.match.standing import standing_blockers
from app.runtime import Runtime

LOOKED_BACK = timedelta(days=30)
SENDING = ("releasing", "released")
TO_REVIEW = ("in_review", "needs_mapping")
GIVEN_UP = ("failed", "cancelled")
# What the list may be narrowed to: the batches behind one of the totals.
SHOWN = ("to_review", "sending", "failed", "opened")


@dataclass(frozen=True)
class BatchLine:
    """One batch of the list. `documents` are those released, or before release the lines of the review."""

    id: UUID
    title: str
    period: str
    state: str
    created_at: datetime
    created_by: str
    documents: int
    delivered: int
    opened: int
    failed: int
    blocking: int
    stalled: bool


@dataclass(frozen=True)
class Totals:
    """Batches that wait for a review or are on their way, and documents of the last thirty days."""

    to_review: int
    sending: int
    failed: int
    delivered: int
    opened: int


@dataclass(frozen=True)
class BatchList:
    """One page of batches, newest first; `total` counts all of them, `given_up` those that were refused or cancelled
    before anything left."""

    batches: Sequence[BatchLine]
    total: int
    given_up: int
    totals: Totals


def show_batches(
    rt: Runtime, organisation_id: UUID, *, show: str = "", hide: bool = False, offset: int, limit: int
) -> BatchList:
    """`show` is one of SHOWN, or empty for all; then `hide` leaves out those that were given up. Read only."""
    with rt.read() as session:
        recent = watching.states_since(session, organisation_id, rt.now() - LOOKED_BACK)
        sent = watching.tally(session, list(recent))
        among = _behind(show, recent, sent) if show else None
        without = GIVEN_UP if hide and not show else ()
        everything = watching.count(session, organisation_id, among)
        kept = watching.count(session, organisation_id, among, GIVEN_UP)
        total = kept if without else everything
        page = watching.page(session, organisation_id, among, without, offset=offset, limit=limit)
        ids = [batch.id for batch in page]
        tallies = watching.tally(session, ids)
        reviewed = [batch.id for batch in page if batch.state == "in_review"]
        suspects = watching.light_lines(session, reviewed, blocking_only=True)
        stalled = {stall.batch_id for stall in stalls.open_of(session, ids)}
        names = accounts.actor_names(session, organisation_id, [batch.created_by for batch in page])
    blocking = {
        batch_id: len(
            {blocker.row_id for blocker in standing_blockers([s for s in suspects if s.batch_id == batch_id])}
        )
        for batch_id in reviewed
    }
    lines = []
    for batch in page:
        own = [tally for tally in tallies if tally.batch_id == batch.id]
        counts = count(own)
        all_lines = sum(tally.documents for tally in own)
        lines.append(
            _line(
                batch,
                names,
                counts.total or all_lines,
                counts,
                blocking.get(batch.id, 0),
                batch.id in stalled,
            )
        )
    states, totals = Counter(recent.values()), count(sent)
    return BatchList(
        lines,
        total,
        everything - kept,
        Totals(
            to_review=sum(states[state] for state in TO_REVIEW),
            sending=sum(states[state] for state in SENDING),
            failed=totals.failed,
            delivered=totals.delivered,
            opened=totals.opened,
        ),
    )


def _behind(show: str, recent: Mapping[UUID, str], sent: Sequence[watching.Tally]) -> set[UUID]:
    """Ids of the batches that one of the totals counts, or counts documents of."""
    if show in ("to_review", "sending"):
        states = TO_REVIEW if show == "to_review" else SENDING
        return {batch_id for batch_id, state in recent.items() if state in states}
    return {tally.batch_id for tally in sent if getattr(count([tally]), show)}


def _line(
    batch: Batch, names: dict[str, str], documents: int, counts: Counts, blocking: int, stalled: bool
) -> BatchLine:
    return BatchLine(
        id=batch.id,
        title=batch.title,
        period=batch.period,
        state=batch.state,
        created_at=batch.created_at,
        created_by=names.get(batch.created_by, ""),
        documents=documents,
        delivered=counts.delivered,
        opened=counts.opened,
        failed=counts.failed,
        blocking=blocking,
        stalled=stalled,
    )
