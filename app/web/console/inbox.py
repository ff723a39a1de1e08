"""Answers that came in: who wrote what, and what a person decides about it."""

from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from app.core.accounts import Permission
from app.core.errors import InvalidInput
from app.usecases.accounts.identify_session import Account
from app.usecases.inbox.answer_person import NotSent, answer_person
from app.usecases.inbox.settle_answer import settle_answer
from app.usecases.inbox.show_conversation import show_conversation
from app.usecases.inbox.show_inbox import show_inbox
from app.usecases.inbox.withdraw_document import withdraw_document
from app.web.auth import CheckedForm, Preparer, Reader, Releaser, back_to
from app.web.console.pages import PAGE_SIZE, go, page, pager
from app.web.deps import RuntimeDep

router = APIRouter(prefix="/inbox")

ALL: Final = "all"
LONGEST_REPLY: Final = 2_000
_NOTHING_WRONG: Final = NotSent("")


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


@router.get("/{inbound_id}")
def conversation(request: Request, inbound_id: UUID, account: Reader, rt: RuntimeDep) -> Response:
    """What was said with one person, and the form to answer."""
    return _conversation(request, account, rt, inbound_id)


@router.post("/{inbound_id}/reply")
def reply(
    request: Request, inbound_id: UUID, account: Preparer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    typed = form.get("text", "").replace("\r\n", "\n")[:LONGEST_REPLY]
    try:
        wrong = answer_person(
            rt, account.organisation_id, inbound_id, typed, _key(form.get("key", "")), account.actor
        )
    except InvalidInput as error:
        wrong = NotSent(error.code)
    if wrong is not None:
        return _conversation(request, account, rt, inbound_id, typed, wrong)
    return go(request, f"/app/inbox/{inbound_id}#latest", "reply_queued")


def _key(text: str) -> UUID:
    """The name of the form; one that came without is a form of its own."""
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _conversation(
    request: Request,
    account: Account,
    rt: RuntimeDep,
    inbound_id: UUID,
    typed: str = "",
    wrong: NotSent = _NOTHING_WRONG,
) -> Response:
    return page(
        request,
        account,
        "conversation",
        422 if wrong.code else 200,
        path=f"/app/inbox/{inbound_id}",
        talk=show_conversation(rt, account.organisation_id, inbound_id),
        typed=typed,
        wrong=wrong,
        key=uuid4(),
        longest=LONGEST_REPLY,
        may_decide=account.may(Permission.PREPARE),
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
