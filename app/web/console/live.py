"""The page of a batch, whatever its state, and what is sent while it is open."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import anyio
from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.core.accounts import Permission
from app.db.payroll.watch import LEFT_OUT, STAGES
from app.usecases.accounts.identify_session import Account
from app.usecases.batches.show_batch import BatchView, show_batch
from app.usecases.batches.show_recipients import ANSWERED, COUNTED, show_recipients
from app.web.auth import Reader
from app.web.console.batches import PageNumber
from app.web.console.pages import PAGE_SIZE, fragment, page, pager, with_parameters
from app.web.deps import RuntimeDep

router = APIRouter()
LOOK_EVERY_SECONDS = 1.0
# Then the browser connects again, and whoever logged out meanwhile is told so.
LONGEST_STREAM_SECONDS = 300.0
SETTLED = ("released", "finished", "recalled")


def get_batch(batch_id: UUID, account: Reader, rt: RuntimeDep) -> BatchView:
    """The batch in the address, before any answer begins."""
    return show_batch(rt, account.organisation_id, batch_id)


Shown = Annotated[BatchView, Depends(get_batch)]


@router.get("/batches/{batch_id}")
def batch_page(
    request: Request,
    batch: Shown,
    account: Reader,
    rt: RuntimeDep,
    state: str = "",
    q: str = "",
    number: PageNumber = 1,
) -> Response:
    """The place in the work: reading, columns, review, or following the messages."""
    address = f"/app/batches/{batch.id}"
    match _page_of(batch):
        case "needs_mapping":
            return RedirectResponse(f"{address}/mapping", 303)
        case "in_review":
            return RedirectResponse(f"{address}/review", 303)
        case "processing":
            return page(request, account, "processing", **_processing(batch, account))
    state = state if state in (*STAGES, *COUNTED, ANSWERED, LEFT_OUT) else ""
    people = show_recipients(
        rt,
        account.organisation_id,
        batch.id,
        state=state,
        query=q,
        offset=(number - 1) * PAGE_SIZE,
        limit=PAGE_SIZE,
    )
    may_send = account.may(Permission.RELEASE)
    return page(
        request,
        account,
        "batch",
        **_following(batch, account),
        rows=people.recipients,
        pager=pager(address, {"state": state, "q": q}, number, people.total, PAGE_SIZE),
        filters=[
            {"state": stage, "count": batch.counts.by_stage[stage]}
            for stage in STAGES
            if stage in batch.counts.by_stage
        ]
        + ([{"state": ANSWERED, "count": people.answered}] if people.answered else [])
        + ([{"state": LEFT_OUT, "count": batch.counts.excluded}] if batch.counts.excluded else [])
        + ([{"state": state, "count": getattr(batch.counts, COUNTED[state])}] if state in COUNTED else []),
        on_paper=people.on_paper,
        state=state,
        q=q,
        here=with_parameters(address, {"state": state, "q": q, "page": str(number) if number > 1 else ""}),
        can={"resend": may_send, "recall": may_send and batch.state != "recalled"},
    )


@router.get("/batches/{batch_id}/events", response_class=EventSourceResponse)
async def events(
    request: Request, batch: Shown, account: Reader, rt: RuntimeDep
) -> AsyncIterator[ServerSentEvent]:
    """The live part of the page each time it changes, with `moved` for what lists single people; `done` when another
    page takes over."""
    first_page = _page_of(batch)
    ends = anyio.current_time() + LONGEST_STREAM_SECONDS
    sent = ""
    while _page_of(batch) == first_page:
        part = await run_in_threadpool(_live_part, request, account, batch)
        if part != sent:
            yield ServerSentEvent(raw_data=part)
            if sent:
                yield ServerSentEvent(raw_data="moved", event="moved")
            sent = part
        if not batch.live:
            break
        if anyio.current_time() > ends:
            return
        await anyio.sleep(LOOK_EVERY_SECONDS)
        batch = await run_in_threadpool(show_batch, rt, account.organisation_id, batch.id)
    yield ServerSentEvent(raw_data="done", event="done")


def _page_of(batch: BatchView) -> str:
    """Which page a state is shown on."""
    if batch.state in SETTLED:
        return "batch"
    return batch.state if batch.state in ("needs_mapping", "in_review") else "processing"


def _live_part(request: Request, account: Account, batch: BatchView) -> str:
    page_name = _page_of(batch)
    if page_name == "batch":
        return fragment(request, account, "_progress", **_following(batch, account))
    if page_name == "processing":
        return fragment(request, account, "_processing", **_processing(batch, account))
    return ""


def _following(batch: BatchView, account: Account) -> dict[str, Any]:
    return {
        "batch": batch,
        "counts": batch.counts,
        "live": batch.live,
        "may_retry": account.may(Permission.RELEASE),
    }


def _processing(batch: BatchView, account: Account) -> dict[str, Any]:
    """Pages are counted while they are read, documents while they are prepared."""
    releasing = batch.state == "releasing"
    done, total = (
        (batch.counts.prepared, batch.counts.total) if releasing else (batch.pages_read, batch.page_count)
    )
    return {**_following(batch, account), "progress": {"done": done, "total": total}}
