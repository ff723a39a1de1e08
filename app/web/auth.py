"""Who is asking: the console cookie, the API key, and proof that a form was ours.

A console form is accepted when the browser says it comes from a page of ours (Sec-Fetch-Site, Origin) and it carries
the token of the session, in the field `csrf` or the header X-CSRF-Token. The token is what counts: our pages send no
referrer, and browsers then write `Origin: null`. The login form has no session yet, so its token is also in a cookie.
"""

import hmac
import re
from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request
from starlette.responses import Response

from app.core.accounts import Permission
from app.core.errors import Forbidden, Unauthenticated
from app.crypto.tokens import new_token
from app.usecases.accounts.identify_client import Client, identify_client
from app.usecases.accounts.identify_session import Account, identify_session
from app.usecases.accounts.log_in import SESSION_LIFE
from app.web.deps import ConfigDep, RuntimeDep, WebConfig, get_config
from app.web.uploads import Fields, read_form, read_form_lists

HOME: Final = "/app"
CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "x-csrf-token"
_LOGIN_SECONDS: Final = 3600
REVIEW_FORM_BYTES: Final = 1024 * 1024
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_FRAGMENT = re.compile(r"[A-Za-z0-9-]{1,60}")
# A path of the console or the simulator, with a query; no second slash, no backslash, no control character.
_OWN_PATH = re.compile(r"/(app|simulator)(/[A-Za-z0-9_.~%-]+)*/?(\?[A-Za-z0-9_.~%&=+:/-]*)?")


def console_cookie(config: WebConfig) -> str:
    """The name of the session cookie. `__Host-` binds it to this host, and needs HTTPS."""
    return "__Host-pli-console" if config.secure else "pli-console"


def login_cookie(config: WebConfig) -> str:
    """The name of the cookie that goes with the login form."""
    return "__Host-pli-login" if config.secure else "pli-login"


def begin_session(response: Response, config: WebConfig, token: str) -> None:
    """Put the session into the browser and take the login form's token out."""
    _set_cookie(response, config, console_cookie(config), token, int(SESSION_LIFE.total_seconds()))
    _set_cookie(response, config, login_cookie(config), "", 0)


def end_session(response: Response, config: WebConfig) -> None:
    """Take the session out of the browser."""
    _set_cookie(response, config, console_cookie(config), "", 0)


def session_token(request: Request, config: WebConfig) -> str:
    """The token in the session cookie; empty without one."""
    return request.cookies.get(console_cookie(config), "")


def get_console_user(request: Request, rt: RuntimeDep, config: ConfigDep) -> Account:
    """The person logged in. Raises Unauthenticated, which the console answers with a way to the login."""
    token = session_token(request, config)
    account = identify_session(rt, token, rt.now()) if token else None
    if account is None:
        raise Unauthenticated("not_logged_in", "log in and come back")
    return account


ConsoleUser = Annotated[Account, Depends(get_console_user)]


def allowed(permission: Permission) -> Callable[[Account], Account]:
    """A dependency that gives the person logged in, or raises Forbidden when their role lacks the permission."""

    def check(account: ConsoleUser) -> Account:
        if not account.may(permission):
            raise Forbidden(
                "role_not_allowed", f"the role {account.role} may not {permission}; ask an administrator"
            )
        return account

    return check


Reader = Annotated[Account, Depends(allowed(Permission.READ))]
Preparer = Annotated[Account, Depends(allowed(Permission.PREPARE))]
Releaser = Annotated[Account, Depends(allowed(Permission.RELEASE))]
Configurer = Annotated[Account, Depends(allowed(Permission.CONFIGURE))]


def require_own_page(request: Request, config: WebConfig) -> None:
    """Raises Forbidden when the browser says that the request was made by a page of another site."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site not in (None, "same-origin") or (
        origin not in (None, "null") and origin.lower() not in config.origins
    ):
        raise Forbidden(
            "foreign_page", "this request came from a page of another site; use the form of the console"
        )


def require_token(request: Request, expected: str, fields: Fields) -> None:
    """Raises Forbidden unless the header or the field carries the token, compared in constant time."""
    sent = request.headers.get(CSRF_HEADER) or (fields[CSRF_FIELD][-1] if CSRF_FIELD in fields else "")
    if not expected or not hmac.compare_digest(sent.encode(), expected.encode()):
        raise Forbidden("form_expired", "this form is too old or not ours; load the page again and repeat")


def upload_check(request: Request, account: Account) -> Callable[[Fields], None]:
    """For `read_upload(..., before_files=...)`: no file is taken before the form has proved to be ours."""
    require_own_page(request, get_config(request))

    def check(fields: Fields) -> None:
        require_token(request, account.csrf_token, fields)

    return check


async def get_checked_lists(
    request: Request, account: ConsoleUser, config: ConfigDep
) -> dict[str, list[str]]:
    """Every value of every field of a console form that proved to be ours. Large enough for the review of a batch
    in which thousands of lines are excluded."""
    require_own_page(request, config)
    form = await read_form_lists(request, max_bytes=REVIEW_FORM_BYTES)
    require_token(request, account.csrf_token, form)
    return form


CheckedLists = Annotated[dict[str, list[str]], Depends(get_checked_lists)]


def get_checked_form(form: CheckedLists) -> dict[str, str]:
    """The last value of every field."""
    return {name: values[-1] for name, values in form.items()}


CheckedForm = Annotated[dict[str, str], Depends(get_checked_form)]


def login_token(request: Request, response: Response, config: WebConfig) -> str:
    """The token for the login form, kept in a cookie: the one the browser has, so that two tabs both work."""
    token = request.cookies.get(login_cookie(config), "")
    if not _TOKEN.fullmatch(token):
        token = new_token()
    _set_cookie(response, config, login_cookie(config), token, _LOGIN_SECONDS)
    return token


async def get_login_form(request: Request, config: ConfigDep) -> dict[str, str]:
    """The fields of a login form that proved to be ours. Raises Forbidden `form_expired` otherwise."""
    require_own_page(request, config)
    form = await read_form(request)
    fields = {name: [value] for name, value in form.items()}
    require_token(request, request.cookies.get(login_cookie(config), ""), fields)
    return form


LoginForm = Annotated[dict[str, str], Depends(get_login_form)]


def safe_next(wanted: str | None) -> str:
    """The path to go to after the login: a page of the console or simulator, or the home page. Never another site."""
    if not wanted or not _OWN_PATH.fullmatch(wanted):
        return HOME
    path = urlsplit(wanted).path
    return HOME if "/." in path or path.startswith(("/app/login", "/app/logout")) else wanted


def back_to(wanted: str, otherwise: str) -> str:
    """The page a form came from, with its place in it; never another site."""
    path, _, place = wanted.partition("#")
    if not path or safe_next(path) != path:
        return otherwise
    return f"{path}#{place}" if _FRAGMENT.fullmatch(place) else path


_bearer = HTTPBearer(auto_error=False, description="An API key: pli_live_… or pli_test_…")


def get_api_client(
    rt: RuntimeDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Client:
    """The program asking, from `Authorization: Bearer <key>`. Raises Unauthenticated."""
    if credentials is None:
        raise Unauthenticated(
            "api_key_missing", "send your API key as Authorization: Bearer pli_live_… or pli_test_…"
        )
    client = identify_client(rt, credentials.credentials)
    if client is None:
        raise Unauthenticated("api_key_unknown", "this API key is not known or was revoked; make a new one")
    return client


ApiClient = Annotated[Client, Depends(get_api_client)]


def get_live_client(client: ApiClient) -> Client:
    """A program whose acts reach people: a test key is one only where nothing but the simulator can send. Raises
    Forbidden."""
    if not client.may_send:
        raise Forbidden(
            "test_key_never_sends", "a test key cannot do this in this organisation; use a live key"
        )
    return client


LiveClient = Annotated[Client, Depends(get_live_client)]


def _set_cookie(response: Response, config: WebConfig, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=config.secure, httponly=True, samesite="lax"
    )
