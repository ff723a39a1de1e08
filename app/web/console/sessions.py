"""Logging in and out, and the language of the pages."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.core.errors import Forbidden
from app.usecases.accounts.choose_language import choose_language
from app.usecases.accounts.identify_session import identify_session
from app.usecases.accounts.log_in import LoginRefused, log_in
from app.usecases.accounts.log_out import log_out
from app.web import auth
from app.web.auth import HOME, CheckedForm, ConsoleUser, back_to
from app.web.console.pages import go, with_parameters
from app.web.deps import LANGUAGE_COOKIE, ClientNet, ConfigDep, RuntimeDep, WebConfig, language_of
from app.web.lost import LOGIN, UNDONE
from app.web.security import nonce
from app.web.templating import PageContext, render
from app.web.texts import LANGUAGES, Language

router = APIRouter()
LANGUAGE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class Place:
    """Where the login leads, an address of our own, and what was not done there: one of UNDONE, or empty."""

    next: str
    undone: str = ""


HOME_PAGE = Place(HOME)


def home(_account: ConsoleUser) -> Response:
    """The bare address leads to the list of batches."""
    return RedirectResponse("/app/batches", 303)


@router.get("/login")
def login_page(
    request: Request,
    rt: RuntimeDep,
    config: ConfigDep,
    next: Annotated[str, Query()] = "",
    undone: Annotated[str, Query()] = "",
) -> Response:
    token = auth.session_token(request, config)
    ended = undone in UNDONE or (bool(token) and identify_session(rt, token, rt.now()) is None)
    return _login_page(request, config, "expired" if ended else "", place=_place(next, undone))


@router.post("/login")
async def login(request: Request, rt: RuntimeDep, config: ConfigDep, net: ClientNet) -> Response:
    try:
        form = await auth.get_login_form(request, config)
    except Forbidden as error:
        if error.code != "form_expired":
            raise
        # The page waited longer than its token lives: give a fresh one, with nothing to explain.
        place = _place(request.query_params.get("next", ""), request.query_params.get("undone", ""))
        return _login_page(request, config, "expired", place=place, status=403)
    return await run_in_threadpool(_log_in, request, rt, config, net, form)


@router.post("/logout")
def logout(request: Request, rt: RuntimeDep, config: ConfigDep, _form: CheckedForm) -> Response:
    log_out(rt, auth.session_token(request, config))
    response = RedirectResponse(LOGIN, 303)
    auth.end_session(response, config)
    return response


@router.post("/language")
def language(account: ConsoleUser, rt: RuntimeDep, config: ConfigDep, form: CheckedForm) -> Response:
    chosen = form.get("lang", "")
    response = RedirectResponse(back_to(form.get("back", ""), HOME), 303)
    for lang in LANGUAGES:
        if chosen == lang:
            choose_language(rt, account.user_id, lang)
            _remember(response, config, lang)
    return response


def _place(wanted: str, undone: str) -> Place:
    return Place(back_to(wanted, HOME), undone if undone in UNDONE else "")


def _sentence(place: Place) -> str:
    return f"undone_{place.undone}" if place.undone else ""


def _log_in(request: Request, rt: RuntimeDep, config: WebConfig, net: str, form: dict[str, str]) -> Response:
    place, email = _place(form.get("next", ""), form.get("undone", "")), form.get("email", "")
    outcome = log_in(rt, email, form.get("password", ""), net, rt.now())
    if isinstance(outcome, LoginRefused):
        if outcome.retry_after:
            return _login_page(
                request, config, "wait", email, place, retry_after=outcome.retry_after, status=429
            )
        return _login_page(request, config, "wrong", email, place, status=403)
    response = go(request, place.next, "undone" if place.undone else "", _sentence(place))
    auth.begin_session(response, config, outcome.token)
    return response


def _login_page(
    request: Request,
    config: WebConfig,
    error: str = "",
    email: str = "",
    place: Place = HOME_PAGE,
    *,
    retry_after: int = 0,
    status: int = 200,
) -> Response:
    response = HTMLResponse(status_code=status)
    shown = PageContext(
        lang=language_of(request),
        nonce=nonce(request),
        path=with_parameters(
            LOGIN, {"next": "" if place.next == HOME else place.next, "undone": place.undone}
        ),
        csrf_token=auth.login_token(request, response, config),
    )
    body = render(
        "console/login.html",
        shown,
        error=error,
        retry_after=retry_after,
        email=email,
        next=place.next,
        undone=place.undone,
    )
    response.body = body.encode()
    response.headers["content-length"] = str(len(response.body))
    if request.query_params.get("lang") in LANGUAGES:
        _remember(response, config, language_of(request))
    if retry_after:
        response.headers["retry-after"] = str(retry_after)
    return response


def _remember(response: Response, config: WebConfig, lang: Language) -> None:
    response.set_cookie(
        LANGUAGE_COOKIE,
        lang,
        max_age=LANGUAGE_SECONDS,
        path="/",
        secure=config.secure,
        httponly=True,
        samesite="lax",
    )
