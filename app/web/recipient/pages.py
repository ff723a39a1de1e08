"""The pages of a link as responses."""

from datetime import date
from urllib.parse import urlsplit

from babel.dates import format_date
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.messaging.notices import period_label
from app.web.deps import LANGUAGE_COOKIE, get_config, language_of
from app.web.problems import Problem
from app.web.security import nonce
from app.web.templating import PageContext, render
from app.web.texts import Language, texts
from links.text import is_ref

PASSWORD_KINDS = {"generated": "code", "sheet": "text", "usual": "text", "none": "none"}
_KINDS_BY_STATUS = {403: "forbidden", 404: "unknown", 503: "unavailable"}
LANGUAGE_SECONDS = 365 * 24 * 3600


def context(request: Request, path: str) -> PageContext:
    """What a page of a link knows of its reader; `path` never holds a secret."""
    return PageContext(lang=language_of(request), nonce=nonce(request), path=path)


def host_name(request: Request) -> str:
    """The host as it is typed: all that may be said before the proof."""
    return urlsplit(get_config(request).link_url).hostname or ""


def document_title(kind: str, lang: Language) -> str:
    """What the document is called."""
    return texts().translator(lang)(f"recipient.kind.{kind}")


def period_text(period: str, lang: Language) -> str:
    """The month, or nothing."""
    return period_label(period, lang)


def day_text(day: date, lang: Language) -> str:
    """A day as it is written in a sentence."""
    return format_date(day, "d MMMM y", locale=lang)


def file_name(kind: str, period: str, lang: Language) -> str:
    """What a phone saves the document as."""
    stem = texts().translator(lang)(f"recipient.file.{kind}")
    return f"{stem}-{period}.pdf" if period else f"{stem}.pdf"


def page(request: Request, name: str, path: str, status: int = 200, **values: object) -> Response:
    """A rendered page; a language chosen by the query is remembered."""
    response = HTMLResponse(render(name, context(request, path), **values), status)
    if (chosen := request.query_params.get("lang")) in ("fr", "en"):
        response.set_cookie(
            LANGUAGE_COOKIE,
            chosen,
            max_age=LANGUAGE_SECONDS,
            path="/",
            secure=get_config(request).secure,
            httponly=True,
            samesite="lax",
        )
    return response


def landing(
    request: Request,
    ref: str,
    form_nonce: str,
    *,
    status: int = 200,
    problem: str = "",
    secret: str = "",
    sender: str = "",
    contact: str = "",
    brand: str | None = None,
    title: str = "",
    expires: date | None = None,
    password_kind: str = "text",
    tries_left: int = 0,
    retry_after: int = 0,
) -> Response:
    """The page that asks for the password. Without a proof it says the same for every ref."""
    response = page(
        request,
        "recipient/landing.html",
        f"/{ref}",
        status,
        ref=ref,
        host_name=host_name(request),
        brand=brand,
        form_nonce=form_nonce,
        secret=secret,
        sender=sender,
        contact=contact,
        title=title,
        expires=expires,
        password_kind=password_kind,
        problem=problem,
        tries_left=tries_left,
        retry_after=retry_after,
        report_url="",
    )
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def notice(
    request: Request, kind: str, status: int, *, sender: str = "", contact: str = "", retry_url: str = ""
) -> Response:
    """A page that ends the visit, or asks to come back."""
    return page(
        request,
        "recipient/notice.html",
        urlsplit(retry_url).path or "/",
        status,
        host_name=host_name(request),
        brand=None,
        kind=kind,
        sender=sender,
        contact=contact,
        retry_url=retry_url,
    )


def error_page(request: Request, problem: Problem) -> Response:
    """An error at this door: one of the calm pages, without a word of detail."""
    kind = _KINDS_BY_STATUS.get(problem.status, "unavailable" if problem.status >= 500 else "unknown")
    if problem.code in ("argon2_queue", "argon2_slow", "pages_queue"):
        kind = "overloaded"
    ref = request.path_params.get("ref", "")
    if problem.status == 401:
        return RedirectResponse(f"/{ref}" if is_ref(ref) else "/", status_code=303)
    return notice(request, kind, problem.status, retry_url=f"/{ref}" if ref and problem.status >= 500 else "")
