"""Where messages come from: the senders of the organisation, what each may do, and how fast it works right now."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated
from uuid import UUID

import anyio
from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.core.accounts import Permission
from app.core.errors import Conflict, InvalidInput
from app.usecases.accounts.identify_session import Account
from app.usecases.senders.ask_sender import ask_sender
from app.usecases.senders.move_sender import move_sender
from app.usecases.senders.show_senders import SendersShown, show_sender, show_senders
from app.usecases.senders.switch_kind import switch_kind
from app.web.auth import CheckedForm, Configurer, Reader
from app.web.console.live import LONGEST_STREAM_SECONDS, LOOK_EVERY_SECONDS
from app.web.console.pages import fragment, go, page
from app.web.deps import RuntimeDep

router = APIRouter(prefix="/senders")

HOME = "/app/senders"


def get_senders(account: Reader, rt: RuntimeDep) -> SendersShown:
    """Those of whoever asks, before any answer begins."""
    return show_senders(rt, account.organisation_id)


Shown = Annotated[SendersShown, Depends(get_senders)]


@router.get("")
def listing(request: Request, account: Reader, shown: Shown) -> Response:
    return _list(request, account, shown)


@router.get("/events", response_class=EventSourceResponse)
async def events(
    request: Request, shown: Shown, account: Reader, rt: RuntimeDep
) -> AsyncIterator[ServerSentEvent]:
    """The table each time that something in it changes."""
    ends = anyio.current_time() + LONGEST_STREAM_SECONDS
    sent = ""
    while True:
        part = await run_in_threadpool(fragment, request, account, "_senders", shown=shown)
        if part != sent:
            yield ServerSentEvent(raw_data=part)
            sent = part
        if anyio.current_time() > ends:
            return
        await anyio.sleep(LOOK_EVERY_SECONDS)
        shown = await run_in_threadpool(show_senders, rt, account.organisation_id)


@router.get("/new")
def new(request: Request, account: Configurer, shown: Shown) -> Response:
    return _form(request, account, shown, {}, "")


@router.post("")
def ask(request: Request, account: Configurer, rt: RuntimeDep, form: CheckedForm) -> Response:
    try:
        sender_id = ask_sender(
            rt, account.organisation_id, form.get("kind", ""), form.get("address", ""), account.acting
        )
    except (InvalidInput, Conflict) as error:
        return _form(request, account, show_senders(rt, account.organisation_id), form, error.code)
    return go(request, f"{HOME}/{sender_id}", "sender_asked")


@router.post("/kinds")
def switch(request: Request, account: Configurer, rt: RuntimeDep, form: CheckedForm) -> Response:
    on = form.get("on") == "yes"
    try:
        switch_kind(
            rt,
            account.organisation_id,
            form.get("kind", ""),
            account.acting,
            on=on,
            confirmed=form.get("confirm") == "yes",
        )
    except (InvalidInput, Conflict) as error:
        return _list(request, account, show_senders(rt, account.organisation_id), error.code)
    return go(request, f"{HOME}#kinds", "sender_kind_on" if on else "sender_kind_off")


@router.get("/{sender_id}")
def sender_page(request: Request, sender_id: UUID, account: Reader, rt: RuntimeDep) -> Response:
    return _sender(request, account, rt, sender_id)


@router.post("/{sender_id}")
def move(
    request: Request, sender_id: UUID, account: Configurer, rt: RuntimeDep, form: CheckedForm
) -> Response:
    state, confirmed = form.get("state", ""), form.get("confirm") == "yes"
    try:
        move_sender(rt, account.organisation_id, sender_id, state, account.acting, confirmed=confirmed)
    except (InvalidInput, Conflict) as error:
        return _sender(request, account, rt, sender_id, error.code)
    return go(request, f"{HOME}/{sender_id}", "sender_moved")


def _list(request: Request, account: Account, shown: SendersShown, error: str = "") -> Response:
    return page(
        request,
        account,
        "senders",
        422 if error else 200,
        path=HOME,
        shown=shown,
        error=error,
        may_edit=account.may(Permission.CONFIGURE),
        may_switch=account.may(Permission.OWN),
    )


def _form(
    request: Request, account: Account, shown: SendersShown, typed: Mapping[str, str], error: str
) -> Response:
    return page(
        request,
        account,
        "new_sender",
        422 if error else 200,
        path=f"{HOME}/new",
        kinds=shown.kinds,
        typed={"kind": typed.get("kind", ""), "address": typed.get("address", "")},
        error=error,
    )


def _sender(request: Request, account: Account, rt: RuntimeDep, sender_id: UUID, error: str = "") -> Response:
    sender, history = show_sender(rt, account.organisation_id, sender_id)
    return page(
        request,
        account,
        "sender",
        422 if error else 200,
        sender=sender,
        history=history,
        error=error,
        may_edit=account.may(Permission.CONFIGURE),
    )
