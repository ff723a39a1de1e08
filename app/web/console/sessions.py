"""Logging in and out, and the language of the pages."""

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
from app.web.auth import HOME, CheckedForm, ConsoleUser
from app.web.console.pages import back_to
from app.web.deps import LANGUAGE_COOKIE, ClientNet, ConfigDep, RuntimeDep, WebConfig, language_of
from app.web.problems import LOGIN
from app.web.security import nonce
from app.web.templating import PageContext, render
from app.web.texts import LANGUAGES, Language

router = APIRouter()
LANGUAGE_SECONDS = 365 * 24 * 3600


def home(_account: ConsoleUser) -> Response:
    """The bare address leads to the list of batches."""
    return RedirectResponse("/app/batches", 303)


@router.get("/login")
def login_page(
    request: Request, rt: RuntimeDep, config: ConfigDep, next: Annotated[str, Query()] = ""
) -> Response:
    token = auth.session_token(request, config)
    ended = bool(token) and identify_session(rt, token, rt.now()) is None
    return _login_page(request, config, "expired" if ended else "", wanted=auth.safe_next(next))


@router.post("/login")
async def login(request: Request, rt: RuntimeDep, config: ConfigDep, net: ClientNet) -> Response:
    try:
        form = await auth.get_login_form(request, config)
    except Forbidden as error:
        if error.code != "form_expired":
            raise
        # The page waited longer than its token lives: give a fresh one, with nothing to explain.
        return _login_page(request, config, error="expired", status=403)
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


def _log_in(request: Request, rt: RuntimeDep, config: WebConfig, net: str, form: dict[str, str]) -> Response:
    wanted, email = auth.safe_next(form.get("next")), form.get("email", "")
    outcome = log_in(rt, email, form.get("password", ""), net, rt.now())
    if isinstance(outcome, LoginRefused):
        if outcome.retry_after:
            return _login_page(
                request, config, "wait", email, wanted, retry_after=outcome.retry_after, status=429
            )
        return _login_page(request, config, "wrong", email, wanted, status=403)
    response = RedirectResponse(wanted, 303)
    auth.begin_session(response, config, outcome.token)
    return response


def _login_page(
    request: Request,
    config: WebConfig,
    error: str = "",
    email: str = "",
    wanted: str = HOME,
    *,
    retry_after: int = 0,
    status: int = 200,
) -> Response:
    response = HTMLResponse(status_code=status)
    shown = PageContext(
        lang=language_of(request),
        nonce=nonce(request),
        path=LOGIN,
        csrf_token=auth.login_token(request, response, config),
    )
    body = render("console/login.html", shown, error=error, retry_after=retry_after, email=email, next=wanted)
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
