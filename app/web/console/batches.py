"""The list of batches."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.usecases.batches.show_batches import SHOWN, show_batches
from app.web.auth import HOME, CheckedForm, Reader
from app.web.console.pages import PAGE_SIZE, page, pager
from app.web.deps import ConfigDep, RuntimeDep

router = APIRouter()
PageNumber = Annotated[int, Query(alias="page", ge=1, le=100_000)]
# Whoever does not want to see refused and cancelled batches does not want to say so each day.
HIDE_COOKIE: Final = "pli-hide"
HIDE_SECONDS: Final = 365 * 24 * 3600


@router.get("/batches")
def batch_list(
    request: Request, account: Reader, rt: RuntimeDep, show: str = "", number: PageNumber = 1
) -> Response:
    """`show` narrows the list to the batches behind one of the figures above it."""
    show = show if show in SHOWN else ""
    hide = request.cookies.get(HIDE_COOKIE) == "yes"
    shown = show_batches(
        rt,
        account.organisation_id,
        show=show,
        hide=hide,
        offset=(number - 1) * PAGE_SIZE,
        limit=PAGE_SIZE,
    )
    return page(
        request,
        account,
        "home",
        batches=shown.batches,
        totals=shown.totals,
        given_up=shown.given_up,
        hidden=hide,
        show=show,
        pager=pager("/app/batches", {"show": show}, number, shown.total, PAGE_SIZE),
    )


@router.post("/batches/given-up")
def hide_given_up(_account: Reader, config: ConfigDep, form: CheckedForm) -> Response:
    """Whether this browser's list shows refused and cancelled batches."""
    response = RedirectResponse("/app/batches", 303)
    response.set_cookie(
        HIDE_COOKIE,
        "yes" if form.get("hide") == "yes" else "no",
        max_age=HIDE_SECONDS,
        path=HOME,
        secure=config.secure,
        httponly=True,
        samesite="lax",
    )
    return response
