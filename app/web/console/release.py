"""The last look, the access-code letters, and the release itself."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.core.accounts import Permission
from app.core.errors import Conflict
from app.usecases.accounts.identify_session import Account
from app.usecases.batches.export_access_codes import export_access_codes
from app.usecases.batches.release_batch import release_batch
from app.usecases.batches.show_release import show_release
from app.web.auth import CheckedForm, Preparer, Reader, Releaser
from app.web.console.exports import attachment
from app.web.console.pages import go, page
from app.web.deps import RuntimeDep

router = APIRouter()


@router.get("/batches/{batch_id}/release")
def release_page(request: Request, batch_id: UUID, account: Reader, rt: RuntimeDep) -> Response:
    return _page(request, batch_id, account, rt)


@router.post("/batches/{batch_id}/release")
def release(
    request: Request, batch_id: UUID, account: Releaser, rt: RuntimeDep, form: CheckedForm
) -> Response:
    if form.get("confirm") != "yes":
        return _page(request, batch_id, account, rt, "confirm_missing")
    try:
        release_batch(rt, account.organisation_id, batch_id, account.actor)
    except Conflict as error:
        return _page(request, batch_id, account, rt, error.code)
    return go(request, f"/app/batches/{batch_id}", "released")


@router.post("/batches/{batch_id}/letters.pdf")
def letters(batch_id: UUID, account: Preparer, rt: RuntimeDep, _form: CheckedForm) -> Response:
    """A POST: whoever takes the codes is written down, and the release may follow."""
    made = export_access_codes(rt, account.organisation_id, batch_id, account.actor)
    return attachment(made.pdf, made.title, "codes", "pdf")


def _page(request: Request, batch_id: UUID, account: Account, rt: RuntimeDep, problem: str = "") -> Response:
    try:
        shown = show_release(rt, account.organisation_id, batch_id)
    except Conflict:
        # Something changed meanwhile: the review, or the batch's own page, says what.
        return RedirectResponse(f"/app/batches/{batch_id}", 303)
    return page(
        request,
        account,
        "release",
        409 if problem else 200,
        batch=shown,
        leaving=shown.leaving,
        recipients=shown.recipients,
        channels=[{"name": shown.channel, "count": shown.leaving}],
        excluded=shown.excluded,
        unsendable=shown.on_paper,
        absent=shown.absent,
        holding=shown.batch_blockers,
        previews=shown.previews,
        segments_total=sum(preview.total_segments for preview in shown.previews),
        warnings=shown.warnings,
        letters=shown.letters,
        letters_printed=shown.letters_printed,
        held_until=shown.held_until,
        unreached=shown.unreached,
        error={"code": problem, "detail": ""} if problem else None,
        can={"prepare": account.may(Permission.PREPARE), "release": account.may(Permission.RELEASE)},
    )
