"""The pages of a link as responses."""

from datetime import date
from urllib.parse import quote, urlsplit

from babel.dates import format_date
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.core.errors import InvalidInput, TooLarge
from app.db.queries.reading import Introduction
from app.web.deps import LANGUAGE_COOKIE, WebConfig, get_config, language_of
from app.web.problems import TABLE, Problem
from app.web.security import nonce
from app.web.templating import PageContext, month_name, render
from app.web.texts import LANGUAGES, LOCALES, Language, texts
from links.text import is_ref

LANGUAGE_SECONDS = 365 * 24 * 3600
HELLO = "/hello"
OPT_OUT = "o"
_OVERLOADED = frozenset({"argon2_queue", "argon2_slow", "pages_queue"})
_UNREADABLE = frozenset({400, TABLE[InvalidInput].status, TABLE[TooLarge].status})


def https_links(config: WebConfig) -> bool:
    """Whether links are opened over HTTPS, so that cookies of this door are for HTTPS only."""
    return config.link_url.startswith("https://")


def host_name(request: Request) -> str:
    """The host as it is typed: all that may be said before the proof."""
    return urlsplit(get_config(request).link_url).hostname or ""


def day_text(day: date, lang: Language) -> str:
    """A day as it is written in a sentence."""
    return format_date(day, format="long", locale=LOCALES[lang])


def title_text(kind: str, period: str, lang: Language) -> str:
    """What the document is called, with its month."""
    title = texts().translator(lang).plain(f"recipient.kind.{kind}")
    return f"{title} {month_name(period, lang)}" if period else title


def file_name(kind: str, period: str, lang: Language) -> str:
    """What a phone saves the document as: ASCII, ends in .pdf."""
    stem = texts().translator(lang).plain(f"recipient.file.{kind}")
    return f"{stem}-{period}.pdf" if period else f"{stem}.pdf"


def page(request: Request, name: str, path: str, status: int = 200, **values: object) -> Response:
    """A rendered page; a language chosen in the address is remembered. `path` never holds a secret."""
    shown = PageContext(lang=language_of(request), nonce=nonce(request), path=path)
    response = HTMLResponse(render(name, shown, **values), status)
    remember_language(request, response)
    return response


def remember_language(request: Request, response: Response) -> None:
    """Keep a language that was chosen in the address."""
    if (chosen := request.query_params.get("lang")) in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE,
            chosen,
            max_age=LANGUAGE_SECONDS,
            path="/",
            secure=https_links(get_config(request)),
            httponly=True,
            samesite="lax",
        )


def landing(
    request: Request,
    ref: str,
    form_nonce: str,
    *,
    status: int,
    problem: str,
    secret: str = "",
    known: Introduction | None = None,
    tries_left: int = 0,
    retry_after: int = 0,
    capitals_matter: bool = True,
) -> Response:
    """The page that asks for the password, once more. Without a proof, `known` being None, it says the same for every
    ref."""
    html = landing_html(
        language_of(request),
        nonce(request),
        ref,
        host_name(request),
        form_nonce,
        problem=problem,
        secret=secret,
        known=known,
        tries_left=tries_left,
        retry_after=retry_after,
        capitals_matter=capitals_matter,
    )
    response = HTMLResponse(html, status)
    remember_language(request, response)
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def landing_html(
    lang: Language,
    page_nonce: str,
    ref: str,
    host: str,
    form_nonce: str,
    *,
    problem: str = "",
    secret: str = "",
    known: Introduction | None = None,
    tries_left: int = 0,
    retry_after: int = 0,
    capitals_matter: bool = True,
) -> str:
    """The page that asks for the password; with a `problem`, why it asks again. `capitals_matter` in the password that
    was wrong."""
    return render(
        "recipient/landing.html",
        PageContext(lang=lang, nonce=page_nonce, path=f"/{ref}"),
        ref=ref,
        host_name=host,
        form_nonce=form_nonce,
        secret=secret,
        brand=known.brand if known else None,
        sender=known.sender if known else "",
        contact=known.contact if known else "",
        kind=known.kind if known else "",
        period=known.period if known else "",
        expires=known.last_day if known else None,
        password_policy=known.password_policy if known else "",
        problem=problem,
        tries_left=tries_left,
        retry_after=retry_after,
        capitals_matter=capitals_matter,
        report_url="",
    )


def notice(
    request: Request,
    kind: str,
    status: int,
    *,
    known: Introduction | None = None,
    ref: str = "",
    closed: str = "",
) -> Response:
    """A page that ends the visit; with `ref` it leads back to that link's page. `closed` is the ref whose secret the
    browser is to forget."""
    return page(
        request,
        "recipient/notice.html",
        f"/{ref or closed}",
        status,
        host_name=host_name(request),
        brand=known.brand if known else None,
        kind=kind,
        sender=known.sender if known else "",
        contact=known.contact if known else "",
        retry_url=f"/{ref}" if ref else "",
        closed=closed,
    )


def opt_out_notice(request: Request, status: int) -> Response:
    """An opt-out address that nobody was given, or that cannot be used now. Another language shows it again."""
    path = quote(request.url.path)
    return page(
        request,
        "recipient/notice.html",
        path,
        status,
        host_name=host_name(request),
        brand=None,
        kind="optout_unavailable" if status >= 500 else "optout_unknown",
        sender="",
        contact="",
        retry_url=path if status >= 500 else "",
        closed="",
    )


def error_page(request: Request, problem: Problem) -> Response:
    """An error at this door: one of the calm pages, without a word of detail."""
    first = request.url.path.lstrip("/").partition("/")[0]
    if first == OPT_OUT:
        return opt_out_notice(request, problem.status)
    ref = first if is_ref(first) else ""
    if problem.status == 401:
        return _session_over(request, ref)
    kind, status = _ending(problem)
    if request.method == "POST" and request.url.path.endswith(HELLO):
        # The page's script asks, not a person.
        return JSONResponse({"state": kind if kind in ("unavailable", "overloaded") else "unknown"}, status)
    return notice(request, kind, status, ref=ref if kind != "unknown" else "")


def _ending(problem: Problem) -> tuple[str, int]:
    if problem.status in _UNREADABLE:
        return "incomplete", 400
    if problem.status == 403:
        return "forbidden", 403
    if problem.status >= 500:
        return ("overloaded" if problem.code in _OVERLOADED else "unavailable"), problem.status
    return "unknown", problem.status


def _session_over(request: Request, ref: str) -> Response:
    """A person goes back to the link's page; an image or a script is told plainly, or it would read that page as a
    document."""
    if request.headers.get("sec-fetch-dest", "document") == "document":
        return RedirectResponse(f"/{ref}", status_code=303)
    return Response(status_code=401)
