"""One person's document: its history, and what may be done about it."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.accounts import Permission
from app.usecases.documents.resend_documents import resend_document
from app.usecases.documents.revoke_document import revoke_document
from app.usecases.documents.show_document import show_document
from app.web.auth import CheckedForm, Reader, Releaser, back_to
from app.web.console.pages import go, page
from app.web.console.watch import after_resend
from app.web.deps import RuntimeDep

router = APIRouter()


@router.get("/documents/{document_id}")
def document_page(request: Request, document_id: UUID, account: Reader, rt: RuntimeDep) -> Response:
    shown = show_document(rt, account.organisation_id, document_id)
    may_send = account.may(Permission.RELEASE)
    return page(
        request,
        account,
        "document",
        batch={"id": shown.batch_id, "title": shown.batch_title},
        document=shown,
        events=shown.events,
        can={"resend": may_send and shown.resendable, "revoke": may_send and shown.revocable},
    )


@router.post("/documents/{document_id}/resend")
def resend(
    request: Request, document_id: UUID, account: Releaser, rt: RuntimeDep, form: CheckedForm
) -> Response:
    resent = resend_document(rt, account.organisation_id, document_id, account.actor)
    return after_resend(request, back_to(form.get("back", ""), f"/app/documents/{document_id}"), resent)


@router.post("/documents/{document_id}/revoke")
def revoke(
    request: Request, document_id: UUID, account: Releaser, rt: RuntimeDep, form: CheckedForm
) -> Response:
    address = f"/app/documents/{document_id}"
    if form.get("confirm") != "yes":
        return go(request, f"{address}#revoke")
    revoke_document(rt, account.organisation_id, document_id, account.actor)
    return go(request, back_to(form.get("back", ""), address), "revoked")
