"""The review: every finding with its page beside it, and what a clerk may do about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, get_args
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.core.accounts import Permission
from app.core.errors import Conflict, InvalidInput
from app.runtime import Runtime
from app.usecases.accounts.identify_session import Account
from app.usecases.batches.cancel_batch import cancel_batch
from app.usecases.batches.confirm_batch import confirm_batch, confirm_findings
from app.usecases.batches.exclude_blocking import exclude_blocking
from app.usecases.batches.exclude_dead import exclude_dead
from app.usecases.batches.include_lot import include_lot
from app.usecases.batches.reopen_mapping import reopen_mapping
from app.usecases.batches.show_blocking import show_blocking
from app.usecases.batches.show_review import STATUSES, Worked, show_review
from app.usecases.documents.confirm_finding import confirm_finding
from app.usecases.documents.correct_phone import correct_phone
from app.usecases.documents.exclude_document import exclude_document
from app.usecases.documents.include_document import include_document
from app.usecases.documents.show_document import show_document
from app.usecases.documents.show_page import show_page
from app.web.auth import CheckedForm, Preparer, Reader, back_to
from app.web.console.batches import PageNumber
from app.web.console.pages import go, page, pager, with_parameters
from app.web.deps import RuntimeDep
from app.web.lost import ID

router = APIRouter()
# More than elsewhere: a clerk runs an eye over all of them, and most are one short line.
PAGE_SIZE = 100
Show = Literal["all", "blocking", "warning", "ready", "unsent"]
# A thumbnail in the list, a page to look at, and one whose small print is read.
WIDTHS = {"small": 320, "large": 1240, "zoom": 2400}
_KIND = "^[a-z_]{0,40}$"
_ID = re.compile(ID)
_REVIEW = re.compile(f"/app/batches/({ID})/review")


@dataclass(frozen=True)
class Wanted:
    """Which lines of a review are asked for; `number` counts pages from 1. `worked` was just worked on."""

    show: Show = "all"
    kind: str = ""
    q: str = ""
    number: int = 1
    worked: Worked | None = None


@dataclass(frozen=True)
class RefusedPhone:
    """A corrected number that was not taken: its line, what was typed, and the code of what is wrong with it."""

    row: UUID
    typed: str
    code: str


@router.get("/batches/{batch_id}/review")
def review_page(
    request: Request,
    batch_id: UUID,
    account: Reader,
    rt: RuntimeDep,
    show: Show = "all",
    kind: Annotated[str, Query(pattern=_KIND)] = "",
    q: str = "",
    number: PageNumber = 1,
    done: UUID | None = None,
    was: str = "",
) -> Response:
    worked = Worked(done, was) if done is not None and was in STATUSES else None
    return _page(request, batch_id, account, rt, Wanted(show, kind, q, number, worked))


def _page(
    request: Request,
    batch_id: UUID,
    account: Account,
    rt: Runtime,
    wanted: Wanted,
    refused: RefusedPhone | None = None,
    address: str = "",
) -> Response:
    """The review; `address` is its own when another was posted to."""
    try:
        shown = show_review(
            rt,
            account.organisation_id,
            batch_id,
            show=wanted.show,
            kind=wanted.kind,
            query=wanted.q,
            offset=(wanted.number - 1) * PAGE_SIZE,
            limit=PAGE_SIZE,
            worked=wanted.worked,
        )
    except Conflict:
        # Released or cancelled meanwhile: the batch's own page says so.
        return RedirectResponse(f"/app/batches/{batch_id}", 303)
    holding = [code for code in shown.batch_blockers if code != "codes_not_printed"]
    path = f"/app/batches/{batch_id}/review"
    if shown.matching and not shown.lines:
        # The last line of the last page was settled.
        last = (shown.matching + PAGE_SIZE - 1) // PAGE_SIZE
        return RedirectResponse(with_parameters(path, {**dict(request.query_params), "page": str(last)}), 303)
    return page(
        request,
        account,
        "review",
        422 if refused else 200,
        path=address,
        refused=refused,
        batch=shown,
        counts=shown.counts,
        kinds=[{"code": code, "count": count} for code, count in shown.kinds],
        show=wanted.show,
        kind=wanted.kind,
        q=wanted.q,
        number=wanted.number,
        worked=wanted.worked,
        sheet_warnings=shown.sheet_warnings,
        same_files=shown.same_files,
        same_files_confirmed=shown.same_files_confirmed,
        rows=shown.lines,
        pager=pager(
            path,
            {"show": wanted.show, "kind": wanted.kind, "q": wanted.q},
            wanted.number,
            shown.matching,
            PAGE_SIZE,
        ),
        reason={"code": holding[0], "detail": ""} if holding else None,
        can={"prepare": account.may(Permission.PREPARE), "release": account.may(Permission.RELEASE)},
    )


@router.get("/documents/{document_id}/pages/{number}.png")
def page_image(
    document_id: UUID,
    number: int,
    account: Reader,
    rt: RuntimeDep,
    size: Literal["small", "large", "zoom"] = "large",
) -> Response:
    png = show_page(rt, account.organisation_id, document_id, number, width=WIDTHS[size])
    return Response(png, media_type="image/png")


@router.post("/documents/{document_id}/exclude")
def exclude(
    request: Request, document_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    exclude_document(rt, account.organisation_id, document_id, account.actor)
    return go(request, _place(form, document_id), "excluded")


@router.post("/documents/{document_id}/include")
def include(
    request: Request, document_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    include_document(rt, account.organisation_id, document_id, account.actor)
    return go(request, _place(form, document_id), "included")


@router.post("/documents/{document_id}/confirm")
def confirm(
    request: Request, document_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    confirm_finding(rt, account.organisation_id, document_id, form.get("finding", ""), account.actor)
    return go(request, _place(form, document_id), "confirmed")


@router.get("/documents/{document_id}/phone")
def phone_again(document_id: UUID, account: Reader, rt: RuntimeDep) -> Response:
    """A page with a refused number, loaded anew: back to its line in the review, which leads on when that is over."""
    shown = show_document(rt, account.organisation_id, document_id)
    search = f"?{urlencode({'q': shown.staff_number})}" if shown.staff_number else ""
    return RedirectResponse(f"/app/batches/{shown.batch_id}/review{search}#d-{document_id}", 303)


@router.post("/documents/{document_id}/phone")
def phone(
    request: Request, document_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    typed = form.get("phone", "")
    refused = correct_phone(rt, account.organisation_id, document_id, typed, account.actor)
    if refused is None:
        return go(request, _place(form, document_id), "phone_changed")
    # A page and not a redirect: a number that a person typed belongs in no address and no cookie.
    address = back_to(form.get("back", ""), "/app/batches").partition("#")[0]
    review = _REVIEW.fullmatch(urlsplit(address).path)
    if review is None:
        raise InvalidInput("phone_refused", "this is no number that a text message can reach")
    mistake = RefusedPhone(document_id, typed, refused.problem.value)
    return _page(request, UUID(review[1]), account, rt, _wanted(address), mistake, address)


def _place(form: Mapping[str, str], document_id: UUID) -> str:
    """The review as it was, at the line just worked on; that line stays where it stood, or what followed it does."""
    back = back_to(form.get("back", ""), "/app/batches")
    address = back.partition("#")[0]
    was = form.get("was", "")
    if was not in STATUSES or not _REVIEW.fullmatch(urlsplit(address).path):
        return back
    asked = {**dict(parse_qsl(urlsplit(address).query)), "done": str(document_id), "was": was}
    return f"{with_parameters(urlsplit(address).path, asked)}#d-{document_id}"


def _wanted(address: str) -> Wanted:
    """The lines that an address of a review asks for; what it does not understand is left out."""
    asked = dict(parse_qsl(urlsplit(address).query))
    shows: tuple[Show, ...] = get_args(Show)
    show: Show = next((each for each in shows if each == asked.get("show")), "all")
    kind, number = asked.get("kind", ""), asked.get("page", "")
    return Wanted(
        show,
        kind if re.fullmatch(_KIND, kind) else "",
        asked.get("q", ""),
        max(1, int(number)) if re.fullmatch("[0-9]{1,5}", number) else 1,
    )


@router.get("/batches/{batch_id}/exclude")
def exclude_page(request: Request, batch_id: UUID, account: Preparer, rt: RuntimeDep) -> Response:
    """Who would be left out, before anybody is."""
    try:
        blocked = show_blocking(rt, account.organisation_id, batch_id)
    except Conflict:
        return RedirectResponse(f"/app/batches/{batch_id}", 303)
    if not blocked.lines:
        return RedirectResponse(f"/app/batches/{batch_id}/review", 303)
    return page(request, account, "exclude", batch=blocked, lines=blocked.lines)


@router.post("/batches/{batch_id}/exclude")
def exclude_all(
    request: Request, batch_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    seen = {UUID(each) for each in _ID.findall(form.get("lines", ""))}
    lot, excluded = exclude_blocking(rt, account.organisation_id, batch_id, seen, account.actor)
    return _after_exclusion(request, batch_id, lot, excluded)


def _after_exclusion(request: Request, batch_id: UUID, lot: UUID, excluded: int) -> Response:
    undo = f"/app/batches/{batch_id}/include/{lot}" if excluded else ""
    return go(request, f"/app/batches/{batch_id}/review", "excluded_all", excluded, undo=undo)


@router.post("/batches/{batch_id}/include/{lot}")
def include_all(
    request: Request, batch_id: UUID, lot: UUID, account: Preparer, rt: RuntimeDep, _form: CheckedForm
) -> Response:
    """Undo the exclusion of a lot."""
    included = include_lot(rt, account.organisation_id, batch_id, lot, account.actor)
    return go(request, f"/app/batches/{batch_id}/review", "included_all", included)


@router.post("/batches/{batch_id}/exclude-dead")
def exclude_dead_numbers(
    request: Request, batch_id: UUID, account: Preparer, rt: RuntimeDep, _form: CheckedForm
) -> Response:
    lot, excluded = exclude_dead(rt, account.organisation_id, batch_id, account.actor)
    return _after_exclusion(request, batch_id, lot, excluded)


@router.post("/batches/{batch_id}/confirm")
def confirm_all(
    request: Request, batch_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    back = back_to(form.get("back", ""), f"/app/batches/{batch_id}/review")
    if finding := form.get("finding", ""):
        count = confirm_findings(rt, account.organisation_id, batch_id, finding, account.actor)
        return go(request, back, "confirmed_all", count)
    confirm_batch(rt, account.organisation_id, batch_id, form.get("problem", ""), account.actor)
    return go(request, back, "confirmed")


@router.post("/batches/{batch_id}/columns")
def reopen(
    request: Request, batch_id: UUID, account: Preparer, rt: RuntimeDep, _form: CheckedForm
) -> Response:
    """The review showed that a column was taken for another: choose again."""
    reopen_mapping(rt, account.organisation_id, batch_id, account.actor)
    return go(request, f"/app/batches/{batch_id}/mapping")


@router.post("/batches/{batch_id}/cancel")
def cancel(
    request: Request, batch_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    if form.get("confirm") != "yes":
        return go(request, f"/app/batches/{batch_id}/review")
    cancel_batch(rt, account.organisation_id, batch_id, account.actor)
    return go(request, f"/app/batches/{batch_id}", "cancelled")
