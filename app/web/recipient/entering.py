"""Routes up to the document: the link's page, the proof, the password, and the end of a reading."""

import json
from typing import Final

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.core.errors import InvalidInput
from app.crypto import nonces
from app.crypto.passwords import reads_as_code
from app.runtime import Runtime
from app.usecases.opening.close_reading import close_reading
from app.usecases.opening.greet_reader import Greeting, Neutral, greet_reader
from app.usecases.opening.unlock_document import (
    MustWait,
    NoPassword,
    NotOpen,
    NotProven,
    Refusal,
    Unlocked,
    Wrong,
    unlock_document,
)
from app.web.deps import ConfigDep, RuntimeDep, WebConfig, language_of
from app.web.recipient import access, pages
from app.web.recipient.first import first_page
from app.web.templating import contact_href, ink_on
from app.web.uploads import read_form
from links.opening import MAX_PASSWORD
from links.sessions import SessionKind
from links.state import LinkState
from links.text import LinkText, is_ref, is_secret, parse, parse_for

router = APIRouter()

BODY_BYTES: Final = 4096
_STATUS = {LinkState.EXPIRED: 410, LinkState.REVOKED: 410, LinkState.FROZEN: 403}


@router.api_route("/{ref}", methods=["GET", "HEAD"])
@router.api_route("/{ref}/", methods=["GET", "HEAD"])
@router.api_route("/{ref}/{rest:path}", methods=["GET", "HEAD"])
async def mangled(request: Request, ref: str) -> Response:
    """A link mangled into the path gets the page of its ref too, and its script reads the address. What is nothing but
    a ref has a way of its own (`first`)."""
    if ref == pages.OPT_OUT:
        return pages.opt_out_notice(request, 404)
    found = ref if is_ref(ref) else parse(ref).ref
    return pages.notice(request, "unknown", 404) if found is None else first_page(request, found)


@router.post("/{ref}/hello")
async def hello(
    request: Request, ref: str, rt: RuntimeDep, config: ConfigDep, address: access.ClientAddress
) -> Response:
    """Proof of link only; reads, and counts strangers against their own network."""
    secret = _secret_of(await request.body())
    if not is_ref(ref) or not is_secret(secret):
        return JSONResponse({"state": "unknown"}, 400)
    access.require_own_page(request, config)
    greeting = await run_in_threadpool(greet_reader, rt, ref, secret, address, rt.now())
    return _greeted(request, greeting)


def _secret_of(body: bytes) -> str:
    """The field `s` of the JSON that the page's script sends; empty when there is no such thing."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    secret = asked.get("s") if isinstance(asked, dict) else None
    return secret if isinstance(secret, str) else ""


def _greeted(request: Request, greeting: Greeting | Neutral) -> Response:
    if isinstance(greeting, Neutral):
        if not greeting.retry_after:
            return JSONResponse({"state": "unknown"})
        answer = {"state": "unknown", "retry_after": greeting.retry_after}
        return JSONResponse(answer, 429, headers={"Retry-After": str(greeting.retry_after)})
    known, lang = greeting.known, language_of(request)
    return JSONResponse(
        {
            "state": greeting.state.value,
            "sender": known.sender,
            "contact": known.contact,
            "contact_href": contact_href(known.contact),
            "title": pages.title_text(known.kind, known.period, lang),
            "expires": pages.day_text(known.last_day, lang),
            "password": known.password_policy,
            "brand": known.brand,
            "brand_ink": ink_on(known.brand),
        }
    )


@router.post("/{ref}/unlock")
async def unlock(
    request: Request, ref: str, rt: RuntimeDep, config: ConfigDep, address: access.ClientAddress
) -> Response:
    """Link and password in; a session and the document out. First what was sent, then whether our page sent it, then
    the order of `links.opening`."""
    form = await read_form(request, max_bytes=BODY_BYTES)
    given, password = _given(ref, form), form.get("password", "")
    if given is None or len(password) > MAX_PASSWORD:
        if not is_ref(ref):
            raise InvalidInput("not_a_link", "the address is not one of a link")
        fresh = nonces.issue(rt.vault.ring, ref, rt.now())
        return pages.landing(request, ref, fresh, status=400, problem="incomplete")
    access.require_own_form(request, rt, config, ref, form.get("nonce", ""))
    kind = access.session_kind(request)
    outcome = await run_in_threadpool(
        unlock_document, rt, given.ref, given.secret, password, address, rt.now(), kind
    )
    if isinstance(outcome, Unlocked):
        return _enter(request, config, given.ref, outcome, kind, download=form.get("then") == "download")
    return _refused(request, rt, given, outcome, capitals_matter=not reads_as_code(password))


def _given(ref: str, form: dict[str, str]) -> LinkText | None:
    """The link of the form: the secret that the script found, or what a person pasted."""
    secret = form.get("s", "")
    if is_secret(secret):
        return LinkText(ref, secret) if is_ref(ref) else None
    pasted = parse_for(ref, form.get("link", ""))
    return pasted if isinstance(pasted, LinkText) and is_ref(pasted.ref) else None


def _refused(
    request: Request, rt: Runtime, given: LinkText, outcome: Refusal, *, capitals_matter: bool
) -> Response:
    fresh = nonces.issue(rt.vault.ring, given.ref, rt.now())
    match outcome:
        case NotOpen(known, state):
            return pages.notice(request, state.value, _STATUS[state], known=known)
        case Wrong(known, left, 0):
            return pages.landing(
                request,
                given.ref,
                fresh,
                status=403,
                problem="wrong_password",
                secret=given.secret,
                known=known,
                tries_left=left,
                capitals_matter=capitals_matter,
            )
        case Wrong(known, _, retry_after) | MustWait(known, retry_after):
            return pages.landing(
                request,
                given.ref,
                fresh,
                status=429,
                problem="wait",
                secret=given.secret,
                known=known,
                retry_after=retry_after,
            )
        case NoPassword(known):
            return pages.landing(
                request,
                given.ref,
                fresh,
                status=400,
                problem="no_password",
                secret=given.secret,
                known=known,
            )
        case NotProven(retry_after):
            return pages.landing(
                request,
                given.ref,
                fresh,
                status=429 if retry_after else 404,
                problem="unknown",
                retry_after=retry_after,
            )


def _enter(
    request: Request, config: WebConfig, ref: str, opened: Unlocked, kind: SessionKind, *, download: bool
) -> Response:
    known = opened.known
    name = pages.file_name(known.kind, known.period, language_of(request))
    target = f"{name}?download" if download else "document"
    if kind == "ticket":
        return RedirectResponse(f"/{ref}/t/{opened.value}/{target}", status_code=303)
    response = RedirectResponse(f"/{ref}/{target}", status_code=303)
    access.begin_reading(response, config, ref, opened.value)
    return response


@router.post("/{ref}/close")
@router.post("/{ref}/t/{ticket}/close")
async def close(request: Request, ref: str, rt: RuntimeDep, config: ConfigDep) -> Response:
    """End the session, on purpose."""
    form = await read_form(request, max_bytes=BODY_BYTES)
    access.require_own_form(request, rt, config, ref, form.get("nonce", ""))
    if not is_ref(ref):
        raise InvalidInput("not_a_link", "the address is not one of a link")
    if value := access.session_value(request, config, ref):
        await run_in_threadpool(close_reading, rt, value)
    response = pages.notice(request, "closed", 200, closed=ref)
    access.end_reading(response, config, ref)
    return response
