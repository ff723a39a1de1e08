"""The review: every finding with its page beside it, and what a clerk may do about it."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.core.accounts import Permission
from app.core.errors import Conflict
from app.usecases.batches.cancel_batch import cancel_batch
from app.usecases.batches.confirm_batch import confirm_batch
from app.usecases.batches.exclude_blocking import exclude_blocking
from app.usecases.batches.show_review import show_review
from app.usecases.documents.confirm_finding import confirm_finding
from app.usecases.documents.correct_phone import correct_phone
from app.usecases.documents.exclude_document import exclude_document
from app.usecases.documents.include_document import include_document
from app.usecases.documents.show_page import show_page
from app.web.auth import CheckedForm, Preparer, Reader
from app.web.console.batches import PageNumber
from app.web.console.pages import PAGE_SIZE, back_to, go, page, pager
from app.web.deps import RuntimeDep

router = APIRouter()
Show = Literal["all", "blocking", "warning", "ready", "unsent"]
# A thumbnail in the list, and a page to read.
WIDTHS = {"small": 320, "large": 1240}


@router.get("/batches/{batch_id}/review")
def review_page(
    request: Request,
    batch_id: UUID,
    account: Reader,
    rt: RuntimeDep,
    show: Show = "all",
    kind: Annotated[str, Query(pattern="^[a-z_]{0,40}$")] = "",
    q: str = "",
    number: PageNumber = 1,
) -> Response:
    try:
        shown = show_review(
            rt,
            account.organisation_id,
            batch_id,
            show=show,
            kind=kind,
            query=q,
            offset=(number - 1) * PAGE_SIZE,
            limit=PAGE_SIZE,
        )
    except Conflict:
        # Released or cancelled meanwhile: the batch's own page says so.
        return RedirectResponse(f"/app/batches/{batch_id}", 303)
    holding = [code for code in shown.batch_blockers if code != "codes_not_printed"]
    path = f"/app/batches/{batch_id}/review"
    return page(
        request,
        account,
        "review",
        batch=shown,
        counts=shown.counts,
        kinds=[{"code": code, "count": count} for code, count in shown.kinds],
        show=show,
        kind=kind,
        q=q,
        sheet_warnings=shown.sheet_warnings,
        same_files_as=shown.same_files_as,
        same_files_confirmed=shown.same_files_confirmed,
        rows=shown.lines,
        pager=pager(path, {"show": show, "kind": kind, "q": q}, number, shown.matching, PAGE_SIZE),
        reason={"code": holding[0], "detail": ""} if holding else None,
        can={"prepare": account.may(Permission.PREPARE), "release": account.may(Permission.RELEASE)},
    )


@router.get("/documents/{document_id}/pages/{number}.png")
def page_image(
    document_id: UUID,
    number: int,
    account: Reader,
    rt: RuntimeDep,
    size: Literal["small", "large"] = "large",
) -> Response:
    png = show_page(rt, account.organisation_id, document_id, number, width=WIDTHS[size])
    return Response(png, media_type="image/png")


@router.post("/documents/{document_id}/exclude")
def exclude(
    request: Request, document_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    exclude_document(rt, account.organisation_id, document_id, account.actor)
    return go(request, back_to(form.get("back", ""), "/app/batches"), "excluded")


@router.post("/documents/{document_id}/include")
def include(
    request: Request, document_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    include_document(rt, account.organisation_id, document_id, account.actor)
    return go(request, back_to(form.get("back", ""), "/app/batches"), "included")


@router.post("/documents/{document_id}/confirm")
def confirm(
    request: Request, document_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    confirm_finding(rt, account.organisation_id, document_id, form.get("finding", ""), account.actor)
    return go(request, back_to(form.get("back", ""), "/app/batches"), "confirmed")


@router.post("/documents/{document_id}/phone")
def phone(
    request: Request, document_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    refused = correct_phone(rt, account.organisation_id, document_id, form.get("phone", ""), account.actor)
    back = back_to(form.get("back", ""), "/app/batches")
    if refused is not None:
        return go(request, back, "phone_refused", refused.problem.value)
    return go(request, back, "phone_changed")


@router.post("/batches/{batch_id}/exclude")
def exclude_all(
    request: Request, batch_id: UUID, account: Preparer, rt: RuntimeDep, _form: CheckedForm
) -> Response:
    excluded = exclude_blocking(rt, account.organisation_id, batch_id, account.actor)
    return go(request, f"/app/batches/{batch_id}/review", "excluded_all", excluded)


@router.post("/batches/{batch_id}/confirm")
def confirm_all(
    request: Request, batch_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    confirm_batch(rt, account.organisation_id, batch_id, form.get("problem", ""), account.actor)
    return go(request, back_to(form.get("back", ""), f"/app/batches/{batch_id}/review"), "confirmed")


@router.post("/batches/{batch_id}/cancel")
def cancel(
    request: Request, batch_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    if form.get("confirm") != "yes":
        return go(request, f"/app/batches/{batch_id}/review")
    cancel_batch(rt, account.organisation_id, batch_id, account.actor)
    return go(request, f"/app/batches/{batch_id}", "cancelled")
