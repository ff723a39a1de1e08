"""Routes of the simulated phones."""

from collections.abc import Sequence
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.carriers.simulated.phones import PhoneSummary, SimulatedPhones
from app.core.accounts import Permission
from app.core.errors import Forbidden
from app.messaging.numbers.phone import Phone, read_phone
from app.usecases.accounts.identify_session import Account
from app.usecases.messages.name_phones import name_phones
from app.web.auth import CheckedForm, ConsoleUser, safe_next
from app.web.deps import RuntimeDep, language_of
from app.web.security import nonce
from app.web.simulator.views import handset_view, legend
from app.web.templating import PageContext, render

WALL: Final = "/simulator"
PHONES_A_PAGE: Final = 12
MESSAGES_ON_WALL: Final = 6
MESSAGES_ON_HANDSET: Final = 200


def get_simulator_user(account: ConsoleUser) -> Account:
    """Raises Forbidden for an organisation whose messages go to real people."""
    if not account.simulator_only:
        raise Forbidden("simulator_closed", "this organisation sends for real; it has no simulated phones")
    return account


def get_phones(request: Request) -> SimulatedPhones:
    phones: SimulatedPhones = request.app.state.phones
    return phones


UserDep = Annotated[Account, Depends(get_simulator_user)]
PhonesDep = Annotated[SimulatedPhones, Depends(get_phones)]
router = APIRouter(prefix=WALL, include_in_schema=False, dependencies=[Depends(get_simulator_user)])


@router.api_route("", methods=["GET", "HEAD"])
def wall(
    request: Request, user: UserDep, phones: PhonesDep, rt: RuntimeDep, q: str = "", page: str = "1"
) -> Response:
    """The phones, latest activity first, a dozen at a time; or the one whose number is searched."""
    lang = language_of(request, user.language)
    number = max(1, int(page)) if page.isdecimal() and len(page) < 6 else 1
    total = phones.count(user.organisation_id)
    first = (number - 1) * PHONES_A_PAGE
    found: Sequence[PhoneSummary] = (
        _searched(phones, user, q)
        if q.strip()
        else phones.recent(user.organisation_id, limit=PHONES_A_PAGE, offset=first)
    )
    names = name_phones(rt, user.organisation_id, [phone.number for phone in found])
    return _page(
        request,
        user,
        "simulator/wall.html",
        WALL,
        handsets=[
            handset_view(
                phones.show(user.organisation_id, phone.id),
                lang,
                MESSAGES_ON_WALL,
                names.get(phone.number, ""),
            )
            for phone in found
        ],
        q=q,
        total=total,
        here=_address(q=q) if q.strip() else _address(page=number) if number > 1 else WALL,
        pager={
            "first": min(first + 1, total),
            "last": min(first + PHONES_A_PAGE, total),
            "total": total,
            "previous": _address(page=number - 1) if number > 1 else None,
            "next": _address(page=number + 1) if first + PHONES_A_PAGE < total else None,
        },
        magic=legend(lang),
    )


@router.api_route("/handsets/{phone_id}", methods=["GET", "HEAD"])
def handset(request: Request, phone_id: UUID, user: UserDep, phones: PhonesDep, rt: RuntimeDep) -> Response:
    """One phone with all it shows."""
    phone = phones.show(user.organisation_id, phone_id)
    lang = language_of(request, user.language)
    here = f"{WALL}/handsets/{phone_id}"
    number = phone.summary.number
    name = name_phones(rt, user.organisation_id, [number]).get(number, "")
    shown = handset_view(phone, lang, MESSAGES_ON_HANDSET, name)
    return _page(request, user, "simulator/handset.html", here, handset=shown, here=here)


@router.post("/handsets/{phone_id}/open")
def open_handset(
    phone_id: UUID, form: CheckedForm, user: UserDep, phones: PhonesDep, rt: RuntimeDep
) -> Response:
    """Take a phone in hand: what it shows is read."""
    phones.mark_read(user.organisation_id, phone_id, rt.now())
    return _back({**form, "back": f"{WALL}/handsets/{phone_id}"}, phone_id)


@router.post("/handsets/{phone_id}/power")
def power(phone_id: UUID, form: CheckedForm, user: UserDep, phones: PhonesDep) -> Response:
    """Switch a phone on or off."""
    phones.set_power(user.organisation_id, phone_id, form.get("on") == "1")
    return _back(form, phone_id)


@router.post("/handsets/{phone_id}/rcs")
def rcs(phone_id: UUID, form: CheckedForm, user: UserDep, phones: PhonesDep) -> Response:
    """Switch RCS on or off."""
    phones.set_rcs(user.organisation_id, phone_id, form.get("on") == "1")
    return _back(form, phone_id)


@router.post("/handsets/{phone_id}/reply")
def reply(phone_id: UUID, form: CheckedForm, user: UserDep, phones: PhonesDep, rt: RuntimeDep) -> Response:
    """Answer the sender that wrote last."""
    phones.reply(user.organisation_id, phone_id, form.get("to", ""), form.get("text", ""), rt.now())
    return _back(form, phone_id)


@router.post("/handsets/{phone_id}/messages/{message_id}/tap")
def tap(
    phone_id: UUID, message_id: UUID, form: CheckedForm, user: UserDep, phones: PhonesDep, rt: RuntimeDep
) -> Response:
    """Tap a button of a card that opens no page."""
    position = form.get("position", "")
    at = int(position) if position.isdecimal() and len(position) < 4 else -1
    phones.tap(user.organisation_id, message_id, at, rt.now())
    return _back(form, phone_id)


def _searched(phones: SimulatedPhones, user: Account, q: str) -> list[PhoneSummary]:
    read = read_phone(q)
    found = phones.find(user.organisation_id, read.e164) if isinstance(read, Phone) else None
    return [found] if found else []


def _address(**query: str | int) -> str:
    return f"{WALL}?{urlencode(query)}"


def _back(form: dict[str, str], phone_id: UUID) -> Response:
    """To the page the form was on, with the phone in sight."""
    return RedirectResponse(f"{safe_next(form.get('back', WALL))}#h-{phone_id}", status_code=303)


def _page(request: Request, user: Account, name: str, path: str, **values: object) -> Response:
    shown = PageContext(
        lang=language_of(request, user.language),
        nonce=nonce(request),
        path=path,
        zone=user.zone,
        csrf_token=user.csrf_token,
        user=user.name,
        organisation=user.organisation,
        simulator=True,
        may_prepare=user.may(Permission.PREPARE),
    )
    return HTMLResponse(render(name, shown, **values))
