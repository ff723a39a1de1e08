"""The list of batches."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app.usecases.batches.show_batches import show_batches
from app.web.auth import Reader
from app.web.console.pages import PAGE_SIZE, page, pager
from app.web.deps import RuntimeDep

router = APIRouter()
PageNumber = Annotated[int, Query(alias="page", ge=1, le=100_000)]


@router.get("/batches")
def batch_list(request: Request, account: Reader, rt: RuntimeDep, number: PageNumber = 1) -> Response:
    shown = show_batches(rt, account.organisation_id, offset=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE)
    return page(
        request,
        account,
        "home",
        batches=shown.batches,
        totals=shown.totals,
        pager=pager("/app/batches", {}, number, shown.total, PAGE_SIZE),
    )
