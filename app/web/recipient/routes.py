"""Routes of a link. GET and HEAD consume nothing; every route that serves bytes goes through `authorize_bytes`."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from app.core.errors import Forbidden, InvalidInput, Unauthenticated
from app.crypto import nonces
from app.documents.limits import Refused
from app.runtime import Runtime
from app.usecases.opening.close_reading import close_reading
from app.usecases.opening.greet_reader import Greeting, greet_reader
from app.usecases.opening.read_document import Readable, authorize_bytes, note_reading
from app.usecases.opening.unlock_document import (
    MustWait,
    NotOpen,
    NotProven,
    Outcome,
    Unlocked,
    Wrong,
    unlock_document,
)
from app.web.deps import ClientNet, ConfigDep, RuntimeDep, WebConfig, language_of
from app.web.recipient import pages
from app.web.recipient.ranges import Span, Unsatisfiable, read_range
from app.web.security import use_document_policy
from app.web.templating import ink_on
from app.web.uploads import read_form
from links.state import LinkState
from links.text import LinkText, is_ref, is_secret, parse, parse_for

router = APIRouter(include_in_schema=False)

BODY_BYTES: Final = 4096
IMAGE_WIDTH: Final = 1080
SESSION_SECONDS: Final = 15 * 60
PROBE_COOKIE: Final = "pli-cookies"
FIRST_TEXT: Final = 4000


class Hello(BaseModel):
    """What the landing page's script sends."""

    s: Annotated[str, Field(max_length=64)]


def cookie_name(config: WebConfig, ref: str) -> str:
    """One session per link, so that two documents can be open at once."""
    return f"__Host-pli-{ref}" if config.secure else f"pli-{ref}"


def require_own_form(request: Request, rt: Runtime, config: WebConfig, ref: str, nonce: str) -> None:
    """Raises Forbidden for a post from another site. `Origin: null` needs our signed nonce: browsers send it from
    pages without a referrer."""
    if request.headers.get("sec-fetch-site") not in (None, "same-origin"):
        raise Forbidden("foreign_page", "this request came from a page of another site")
    origin = request.headers.get("origin")
    if origin is None or origin.lower() in config.origins:
        return
    if origin != "null" or not nonces.is_valid(rt.vault.ring, ref, nonce, rt.now()):
        raise Forbidden("foreign_page", "this request came from a page of another site")


@router.api_route("/{ref}", methods=["GET", "HEAD"])
@router.api_route("/{ref}/", methods=["GET", "HEAD"])
def landing(request: Request, ref: str, rt: RuntimeDep) -> Response:
    """The same page, at the same pace, whatever the ref. A link mangled into the path shows it too."""
    return _landing(request, rt, ref)


def _landing(request: Request, rt: Runtime, ref: str) -> Response:
    parsed = parse(ref)
    if not is_ref(ref):
        if parsed.ref is None:
            return pages.notice(request, "unknown", 404)
        ref = parsed.ref
    response = pages.landing(request, ref, nonces.issue(rt.vault.ring, ref, rt.now()))
    response.set_cookie(
        PROBE_COOKIE, "1", path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax"
    )
    return response


@router.post("/{ref}/hello")
def hello(
    request: Request, ref: str, body: Hello, rt: RuntimeDep, config: ConfigDep, net: ClientNet
) -> Response:
    """Proof of link only; reads, and counts strangers against their own network."""
    require_own_form(request, rt, config, ref, "")
    if not is_ref(ref) or not is_secret(body.s):
        return JSONResponse({"state": "unknown"})
    greeting = greet_reader(rt, ref, body.s, net, rt.now())
    if not isinstance(greeting, Greeting):
        return JSONResponse({"state": "unknown", "retry_after": greeting.retry_after})
    lang = language_of(request, greeting.language)
    title = pages.document_title(greeting.kind, lang)
    if period := pages.period_text(greeting.period, lang):
        title = f"{title} · {period}"
    return JSONResponse(
        {
            "state": greeting.state.value,
            "sender": greeting.sender,
            "contact": greeting.contact,
            "title": title,
            "expires": pages.day_text(greeting.last_day, lang),
            "phrase": "",
            "password": pages.PASSWORD_KINDS[greeting.password_policy],
            "brand": greeting.brand,
            "brand_ink": ink_on(greeting.brand),
        }
    )


@router.post("/{ref}/unlock")
async def unlock(request: Request, ref: str, rt: RuntimeDep, config: ConfigDep, net: ClientNet) -> Response:
    """Link and password in; a session and the document out."""
    form = await read_form(request, max_bytes=BODY_BYTES)
    require_own_form(request, rt, config, ref, form.get("nonce", ""))
    secret = form.get("s", "")
    given = LinkText(ref, secret) if is_secret(secret) else parse_for(ref, form.get("link", ""))
    if not is_ref(ref) or not isinstance(given, LinkText) or len(form.get("password", "")) > 128:
        fresh = nonces.issue(rt.vault.ring, ref, rt.now())
        return pages.landing(request, ref, fresh, status=400, problem="incomplete")
    kind: Literal["cookie", "ticket"] = "cookie" if PROBE_COOKIE in request.cookies else "ticket"
    outcome = await run_in_threadpool(
        unlock_document, rt, given.ref, given.secret, form.get("password", ""), net, rt.now(), kind
    )
    return _answer(request, rt, config, given, outcome, kind, download=form.get("then") == "download")


def _answer(
    request: Request,
    rt: Runtime,
    config: WebConfig,
    given: LinkText,
    outcome: Outcome,
    kind: str,
    *,
    download: bool,
) -> Response:
    fresh = nonces.issue(rt.vault.ring, given.ref, rt.now())
    match outcome:
        case Unlocked():
            return _enter(request, config, given.ref, outcome, kind, download)
        case NotOpen(state, sender):
            return pages.notice(
                request,
                state.value,
                410 if state is not LinkState.FROZEN else 403,
                sender=sender.name,
                contact=sender.contact,
            )
        case Wrong(sender, frozen=True):
            return pages.notice(request, "frozen", 403, sender=sender.name, contact=sender.contact)
        case Wrong(sender, left, retry_after):
            return pages.landing(
                request,
                given.ref,
                fresh,
                status=403,
                problem="wait" if retry_after else "wrong_password",
                secret=given.secret,
                sender=sender.name,
                contact=sender.contact,
                brand=sender.brand,
                tries_left=left,
                retry_after=retry_after,
            )
        case MustWait(sender, retry_after):
            return pages.landing(
                request,
                given.ref,
                fresh,
                status=429,
                problem="wait",
                secret=given.secret,
                sender=sender.name,
                contact=sender.contact,
                brand=sender.brand,
                retry_after=retry_after,
            )
        case NotProven():
            return pages.landing(request, given.ref, fresh, status=404, problem="unknown")


def _enter(
    request: Request, config: WebConfig, ref: str, opened: Unlocked, kind: str, download: bool
) -> Response:
    lang = language_of(request, opened.language)
    target = f"{pages.file_name('payslip', opened.period, lang)}?download" if download else "document"
    if kind == "ticket":
        return RedirectResponse(f"/{ref}/t/{opened.value}/{target}", status_code=303)
    response = RedirectResponse(f"/{ref}/{target}", status_code=303)
    response.set_cookie(
        cookie_name(config, ref),
        opened.value,
        max_age=SESSION_SECONDS,
        path="/",
        secure=config.secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.post("/{ref}/close")
@router.post("/{ref}/t/{ticket}/close")
async def close(request: Request, ref: str, rt: RuntimeDep, config: ConfigDep) -> Response:
    """End the session, on purpose."""
    require_own_form(request, rt, config, ref, "")
    if value := _session_value(request, config, ref):
        await run_in_threadpool(close_reading, rt, value)
    response = pages.notice(request, "closed", 200, retry_url=f"/{ref}" if is_ref(ref) else "")
    response.delete_cookie(
        cookie_name(config, ref), path="/", secure=config.secure, httponly=True, samesite="lax"
    )
    return response


def _session_value(request: Request, config: WebConfig, ref: str) -> str:
    """The ticket of the path, or the cookie."""
    ticket = request.path_params.get("ticket")
    return str(ticket) if ticket else request.cookies.get(cookie_name(config, ref), "")


def get_readable(request: Request, ref: str, rt: RuntimeDep, config: ConfigDep) -> Readable:
    """The document of this session. Raises Unauthenticated, which sends the reader back to the link's page."""
    readable = authorize_bytes(rt, ref, _session_value(request, config, ref), rt.now())
    if readable is None:
        raise Unauthenticated("reading_over", "open the link again and enter the password")
    return readable


ReadableDep = Annotated[Readable, Depends(get_readable)]


@router.api_route("/{ref}/document", methods=["GET", "HEAD"])
@router.api_route("/{ref}/t/{ticket}/document", methods=["GET", "HEAD"])
def document(request: Request, ref: str, rt: RuntimeDep, readable: ReadableDep) -> Response:
    """The document on the phone: its first page as an image, then drawn by PDF.js."""
    lang = language_of(request, readable.language)
    pdf = readable.whole()
    image = rt.renderer.image(readable.document.id.bytes, pdf, 0, width=IMAGE_WIDTH)
    texts_of_pages = rt.renderer.texts(pdf)
    left = readable.expires_at - rt.now()
    use_document_policy(request)
    return pages.page(
        request,
        "recipient/document.html",
        f"/{ref}/document",
        ref=_base(request, ref),
        sender=readable.sender,
        title=pages.document_title(readable.kind, lang),
        period_text=pages.period_text(readable.period, lang),
        brand=readable.brand,
        file_name=pages.file_name(readable.kind, readable.period, lang),
        page_count=len(texts_of_pages) or len(readable.document.pages),
        first_page=None
        if isinstance(image, Refused)
        else {
            "width": image.width,
            "height": image.height,
            "text": texts_of_pages[0][:FIRST_TEXT] if texts_of_pages else "",
        },
        minutes=max(1, int(left.total_seconds() // 60)),
    )


def _base(request: Request, ref: str) -> str:
    """Where the addresses of this reading begin: under the ref, or under its ticket."""
    ticket = request.path_params.get("ticket")
    return f"{ref}/t/{ticket}" if ticket else ref


@router.api_route("/{ref}/page-1.png", methods=["GET", "HEAD"])
@router.api_route("/{ref}/t/{ticket}/page-1.png", methods=["GET", "HEAD"])
def first_page(request: Request, rt: RuntimeDep, readable: ReadableDep) -> Response:
    """The first page as an image."""
    image = rt.renderer.image(readable.document.id.bytes, readable.whole(), 0, width=IMAGE_WIDTH)
    if isinstance(image, Refused):
        raise InvalidInput("page_not_drawn", "this page cannot be drawn; download the document instead")
    if request.method == "GET":
        note_reading(rt, readable, "viewed", rt.now())
    return Response(image.png, media_type="image/png", headers={"Cache-Control": "private, no-store"})


@router.api_route("/{ref}/{name}.pdf", methods=["GET", "HEAD"])
@router.api_route("/{ref}/t/{ticket}/{name}.pdf", methods=["GET", "HEAD"])
def pdf(request: Request, rt: RuntimeDep, readable: ReadableDep) -> Response:
    """The document itself, whole or one range of it. Only the address of the Download button counts as downloaded."""
    download = "download" in request.query_params
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": f'"{readable.etag}"',
        "Cache-Control": "private, no-store",
        "Content-Disposition": _disposition(request, readable, attachment=download),
        "X-Content-Type-Options": "nosniff",
    }
    wanted = read_range(request.headers.get("range"), readable.size)
    if_range = request.headers.get("if-range")
    if if_range is not None and if_range != headers["ETag"]:
        wanted = read_range(None, readable.size)
    if isinstance(wanted, Unsatisfiable):
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{readable.size}"})
    start, end, status = 0, readable.size, 200
    if isinstance(wanted, Span):
        start, end, status = wanted.start, wanted.end, 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{readable.size}"
    headers["Content-Length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type="application/pdf")
    if start == 0:
        note_reading(rt, readable, "downloaded" if download else "viewed", rt.now())
    return StreamingResponse(
        iterate_in_threadpool(readable.stream(start, end)), status, headers, media_type="application/pdf"
    )


def _disposition(request: Request, readable: Readable, *, attachment: bool) -> str:
    """A name for old browsers and one for new ones (RFC 6266)."""
    name = pages.file_name(readable.kind, readable.period, language_of(request, readable.language))
    kind = "attachment" if attachment else "inline"
    return f"{kind}; filename=\"{name}\"; filename*=UTF-8''{name}"


@router.api_route("/{ref}/{secret:path}", methods=["GET", "HEAD"])
def mangled(request: Request, ref: str, rt: RuntimeDep) -> Response:
    """A link whose `#` became a slash, or nothing we know: the page of the link, which reads its own address."""
    if not is_ref(ref):
        return pages.notice(request, "unknown", 404)
    return _landing(request, rt, ref)
