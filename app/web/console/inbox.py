"""Answers that came in: who wrote what, and what a person decides about it."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app.core.accounts import Permission
from app.usecases.inbox.settle_answer import settle_answer
from app.usecases.inbox.show_inbox import show_inbox
from app.usecases.inbox.withdraw_document import withdraw_document
from app.web.auth import CheckedForm, Preparer, Reader, Releaser
from app.web.console.pages import PAGE_SIZE, back_to, go, page, pager
from app.web.deps import RuntimeDep

router = APIRouter(prefix="/inbox")

ALL: Final = "all"


@router.get("")
def listing(
    request: Request,
    account: Reader,
    rt: RuntimeDep,
    show: Annotated[str, Query()] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    waiting = show != ALL
    found = show_inbox(
        rt, account.organisation_id, waiting=waiting, offset=(number - 1) * PAGE_SIZE, limit=PAGE_SIZE
    )
    return page(
        request,
        account,
        "inbox",
        inbox=found,
        waiting=waiting,
        pager=pager("/app/inbox", {"show": "" if waiting else ALL}, number, found.total, PAGE_SIZE),
        may_decide=account.may(Permission.PREPARE),
        may_withdraw=account.may(Permission.RELEASE),
    )


@router.post("/{inbound_id}")
def settle(
    request: Request, inbound_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    settle_answer(rt, account.organisation_id, inbound_id, form.get("decision", ""), account.actor)
    return go(request, back_to(form.get("back", ""), "/app/inbox"), "answer_settled")


@router.post("/{inbound_id}/withdraw")
def withdraw(
    request: Request, inbound_id: UUID, account: Releaser, rt: RuntimeDep, form: CheckedForm
) -> Response:
    back = back_to(form.get("back", ""), "/app/inbox")
    if form.get("confirm") != "yes":
        return go(request, back)
    withdraw_document(rt, account.organisation_id, inbound_id, account.actor)
    return go(request, back, "revoked")
