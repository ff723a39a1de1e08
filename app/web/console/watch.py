"""What a person does about a batch at work: try again what stopped, send again, take back."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.core.errors import Conflict
from app.usecases.batches.recall_batch import recall_batch
from app.usecases.batches.retry_batch import retry_batch
from app.usecases.batches.show_recall import show_recall
from app.usecases.documents.resend_documents import Resent, resend_batch
from app.web.auth import CheckedForm, Releaser
from app.web.console.pages import go, page
from app.web.deps import RuntimeDep

router = APIRouter()


@router.post("/batches/{batch_id}/retry")
def retry(
    request: Request, batch_id: UUID, account: Releaser, rt: RuntimeDep, _form: CheckedForm
) -> Response:
    started = retry_batch(rt, account.organisation_id, batch_id, account.actor)
    return go(request, f"/app/batches/{batch_id}", "retried" if started else "retried_none")


@router.post("/batches/{batch_id}/resend")
def resend(
    request: Request, batch_id: UUID, account: Releaser, rt: RuntimeDep, _form: CheckedForm
) -> Response:
    resent = resend_batch(rt, account.organisation_id, batch_id, account.actor)
    return after_resend(request, f"/app/batches/{batch_id}", resent)


@router.get("/batches/{batch_id}/recall")
def recall_page(request: Request, batch_id: UUID, account: Releaser, rt: RuntimeDep) -> Response:
    return _recall_page(request, batch_id, account, rt)


@router.post("/batches/{batch_id}/recall")
def recall(
    request: Request, batch_id: UUID, account: Releaser, rt: RuntimeDep, form: CheckedForm
) -> Response:
    reason = form.get("reason", "").strip()
    if form.get("confirm") != "yes" or not reason:
        return _recall_page(
            request, batch_id, account, rt, "reason_missing" if not reason else "confirm_missing"
        )
    recall_batch(rt, account.organisation_id, batch_id, account.actor, reason)
    return go(request, f"/app/batches/{batch_id}", "recalled")


def after_resend(request: Request, address: str, resent: Resent) -> Response:
    """Back to the page, with how many leave again, or why none does."""
    if resent.sent:
        return go(request, address, "resent", resent.sent)
    return go(request, address, "text_gone" if resent.gone else "resent_none")


def _recall_page(
    request: Request, batch_id: UUID, account: Releaser, rt: RuntimeDep, problem: str = ""
) -> Response:
    try:
        shown = show_recall(rt, account.organisation_id, batch_id)
    except Conflict:
        # Recalled meanwhile, or never released: the batch's own page says which.
        return RedirectResponse(f"/app/batches/{batch_id}", 303)
    return page(
        request,
        account,
        "recall",
        422 if problem else 200,
        batch=shown,
        counts=shown.counts,
        replaced=shown.replaced,
        error={"code": problem, "detail": ""} if problem else None,
    )
