"""What the console's routes answer with: pages, redirects with a sentence for the next page, and errors."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.core.accounts import Permission
from app.usecases.accounts.identify_session import Account
from app.usecases.inbox.count_waiting import count_waiting
from app.web.auth import HOME
from app.web.deps import get_config, get_runtime, language_of
from app.web.problems import Problem
from app.web.security import nonce
from app.web.templating import Notice, PageContext, render
from app.web.texts import Translator, texts

NOTICE_COOKIE: Final = "pli-notice"
NOTICE_SECONDS: Final = 60
Kind = Literal["ok", "info", "warn", "bad"]
# What an action may say on the next page; the sentences are `console.notice.<code>`.
NOTICES: Final[Mapping[str, Kind]] = {
    "undone": "warn",
    "excluded": "ok",
    "excluded_all": "ok",
    "included": "ok",
    "included_all": "ok",
    "confirmed": "ok",
    "confirmed_all": "ok",
    "phone_changed": "ok",
    "cancelled": "ok",
    "released": "ok",
    "retried": "ok",
    "retried_none": "info",
    "resent": "ok",
    "resent_none": "info",
    "text_gone": "warn",
    "revoked": "ok",
    "recalled": "ok",
    "saved": "ok",
    "text_kept": "ok",
    "answer_settled": "ok",
    "reply_queued": "ok",
    "rule_kept": "ok",
    "sender_asked": "ok",
    "sender_moved": "ok",
    "sender_kind_on": "ok",
    "sender_kind_off": "ok",
}
_NOTICE = re.compile(r"([a-z_]{1,40})(?::([a-z0-9_]{1,40}))?(?:@(/app/[a-z0-9/-]{1,120}))?")
PAGE_SIZE: Final = 25


@dataclass(frozen=True)
class Pager:
    """Where a page lies among all: numbers from 1, addresses of its neighbours or None."""

    first: int
    last: int
    total: int
    previous: str | None
    next: str | None


def with_parameters(path: str, wanted: Mapping[str, str]) -> str:
    """An address with those parameters that are not empty."""
    parameters = {name: value for name, value in wanted.items() if value}
    return path + ("?" + urlencode(parameters) if parameters else "")


def pager(path: str, wanted: Mapping[str, str], number: int, total: int, size: int) -> Pager:
    """`wanted` are the parameters of the list, empty ones left out; `number` counts pages from 1."""

    def address(page_number: int) -> str:
        return with_parameters(path, {**wanted, "page": str(page_number) if page_number > 1 else ""})

    offset = (number - 1) * size
    return Pager(
        first=min(offset + 1, total),
        last=min(offset + size, total),
        total=total,
        previous=address(number - 1) if number > 1 else None,
        next=address(number + 1) if offset + size < total else None,
    )


def context(
    request: Request, account: Account, notices: tuple[Notice, ...] = (), path: str = "", answers: int = 0
) -> PageContext:
    """What every page of a logged-in person knows. `path` is where the page is found when that is not the address asked
    for, `answers` how many wait to be read."""
    return PageContext(
        lang=language_of(request, account.language),
        nonce=nonce(request),
        path=path or _address(request),
        zone=account.zone,
        csrf_token=account.csrf_token,
        user=account.name,
        organisation=account.organisation,
        simulator=account.simulator_only,
        may_prepare=account.may(Permission.PREPARE),
        answers=answers,
        notices=notices,
    )


def _address(request: Request) -> str:
    """Path and parameters, without a language: whoever changes it comes back to the same list."""
    left = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return request.url.path + ("?" + urlencode(left) if left else "")


def page(
    request: Request, account: Account, name: str, status: int = 200, *, path: str = "", **values: object
) -> Response:
    """A page of the console, with the sentence that the last action left. `path` as for `context`."""
    lang = language_of(request, account.language)
    left = _notice(texts().translator(lang), request.cookies.get(NOTICE_COOKIE, ""))
    answers = count_waiting(get_runtime(request), account.organisation_id)
    shown = context(request, account, (left,) if left else (), path, answers)
    response = HTMLResponse(render(f"console/{name}.html", shown, **values), status)
    if NOTICE_COOKIE in request.cookies:
        response.delete_cookie(NOTICE_COOKIE, path=HOME)
    return response


def fragment(request: Request, account: Account, name: str, **values: object) -> str:
    """A part of a page, for what is sent while it is open."""
    return render(f"console/{name}.html", context(request, account), **values)


def go(request: Request, address: str, notice: str = "", detail: object = "", *, undo: str = "") -> Response:
    """Answer a POST with a redirect; `notice` is one of NOTICES, `detail` a count or a code in its sentence, `undo` the
    address to post to when the person takes the action back."""
    response = RedirectResponse(address, 303)
    if notice:
        value = f"{notice}:{detail}" if detail != "" else notice
        value += f"@{undo}" if undo else ""
        response.set_cookie(
            NOTICE_COOKIE,
            value,
            max_age=NOTICE_SECONDS,
            path=HOME,
            secure=get_config(request).secure,
            httponly=True,
            samesite="lax",
        )
    return response


def _notice(translator: Translator, value: str) -> Notice | None:
    match = _NOTICE.fullmatch(value)
    if match is None or match[1] not in NOTICES:
        return None
    code, detail, undo = match[1], match[2] or "", match[3] or ""
    key = f"console.notice.{code}"
    if detail.isdecimal():
        return Notice(NOTICES[code], translator.plain_plural(key, int(detail[:9])), undo)
    detail_key = f"console.detail.{detail}"
    shown = translator.plain(detail_key) if detail and translator.has(detail_key) else detail
    return Notice(NOTICES[code], translator.plain(key, detail=shown), undo)


def error_page(request: Request, problem: Problem) -> Response:
    """A calm page with what to do next. It knows nobody: an error may come before the login is looked at."""
    shown = PageContext(lang=language_of(request), nonce=nonce(request), path=request.url.path)
    # An id that is none, a method that is not served: for the person it is a page that does not exist.
    missing = problem.status == 405 or problem.code == "invalid_fields"
    status = 404 if missing else problem.status
    body = render(
        "console/error.html", shown, status=status, code=problem.code, error_id=problem.reference, back=HOME
    )
    return HTMLResponse(body, status)
