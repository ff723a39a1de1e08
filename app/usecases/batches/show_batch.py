"""Where a batch stands: its state, its figures and who did what, for the pages that follow it live."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.errors import NotFound
from app.db.models import Batch, Organisation
from app.db.payroll.watch import HOPELESS, Counts, count
from app.db.queries import accounts, batches, journal, organisations, stalls, watching
from app.db.sending.failures import read_failure
from app.db.session import Session
from app.evidence.tags import Tag
from app.runtime import Runtime
from links.policy import terms

WORKING = frozenset({"received", "splitting", "releasing"})


@dataclass(frozen=True)
class Recall:
    """Who took a batch back, when, and in which words they said why."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class Stall:
    """Work on a batch that was given up after many tries and waits for somebody to start it again. `code` is for the
    operator."""

    since: datetime
    code: str


@dataclass(frozen=True)
class BatchView:
    """`failure` is {"code", "detail"} or empty; `expires_on` the last day of its links; `live` says that it changes
    by itself: work goes on, or messages are on their way. `resendable` counts what failed and may be sent again. While the files are read `pages_read`
    counts their pages, of `page_count` in all, or 0 when that is not known yet."""

    id: UUID
    title: str
    period: str
    state: str
    failure: Mapping[str, str]
    password_policy: str
    profile: str
    expires_on: date
    created_at: datetime
    created_by: str
    release_before: datetime
    released_at: datetime | None
    released_by: str
    counts: Counts
    pages_read: int
    page_count: int
    resendable: int
    recalled: Recall | None
    stall: Stall | None

    @property
    def live(self) -> bool:
        return self.state in WORKING or self.state == "released"


def show_batch(rt: Runtime, organisation_id: UUID, batch_id: UUID) -> BatchView:
    """Read only. Raises NotFound."""
    with rt.read() as session:
        batch = batches.get(session, organisation_id, batch_id)
        organisation = organisations.get(session, organisation_id)
        if batch is None or organisation is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        counts = count(watching.tally(session, [batch_id]))
        resendable = watching.resendable(session, batch_id, HOPELESS, rt.now()) if counts.failed else 0
        stalled = stalls.open_of(session, [batch_id])
        recalled = _recall(rt, session, batch) if batch.state == "recalled" else None
        actors = [batch.created_by, batch.released_by, *([recalled.by] if recalled else [])]
        names = accounts.actor_names(session, organisation_id, actors)
    return BatchView(
        id=batch.id,
        title=batch.title,
        period=batch.period,
        state=batch.state,
        failure=read_failure(rt.vault, batch),
        password_policy=batch.password_policy,
        profile=batch.profile,
        expires_on=_last_day(batch, organisation, rt.now()),
        created_at=batch.created_at,
        created_by=names.get(batch.created_by, ""),
        release_before=batch.release_before,
        released_at=batch.released_at,
        released_by=names.get(batch.released_by, ""),
        counts=counts,
        pages_read=batch.pages_read,
        page_count=batch.page_count,
        resendable=resendable,
        recalled=replace(recalled, by=names.get(recalled.by, "")) if recalled else None,
        stall=Stall(stalled[0].stalled_at, stalled[0].code) if stalled else None,
    )


def _recall(rt: Runtime, session: Session, batch: Batch) -> Recall | None:
    for event in journal.about(session, rt.vault, batch.organisation_id, [batch.id]):
        if event.tag == Tag.BATCH_RECALLED:
            body = event.body or {}
            return Recall(event.at, str(body.get("by", "")), str(body.get("reason", "")))
    return None


def _last_day(batch: Batch, organisation: Organisation, now: datetime) -> date:
    if batch.expires_on:
        return date.fromisoformat(batch.expires_on)
    made = terms(
        organisations.link_policy(organisation),
        password=True,
        until=None,
        zone=ZoneInfo(organisation.timezone),
        now=(batch.released_at or now).astimezone(UTC),
    )
    return made.until
