"""The list of batches."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app.usecases.batches.show_batches import SHOWN, show_batches
from app.web.auth import Reader
from app.web.console.pages import PAGE_SIZE, page, pager
from app.web.deps import RuntimeDep

router = APIRouter()
PageNumber = Annotated[int, Query(alias="page", ge=1, le=100_000)]


@router.get("/batches")
def batch_list(
    request: Request, account: Reader, rt: RuntimeDep, show: str = "", number: PageNumber = 1
) -> Response:
    """`show` narrows the list to the batches behind one of the figures above it."""
    show = show if show in SHOWN else ""
    shown = show_batches(
        rt, account.organisation_id, show=show, offset=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE
    )
    return page(
        request,
        account,
        "home",
        batches=shown.batches,
        totals=shown.totals,
        show=show,
        pager=pager("/app/batches", {"show": show}, number, shown.total, PAGE_SIZE),
    )
