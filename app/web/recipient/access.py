"""What proves that a form is ours and that a browser may read."""

from typing import Annotated, Final

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Forbidden, Unauthenticated
from app.crypto import nonces
from app.runtime import Runtime
from app.usecases.opening.read_document import Readable, authorize_bytes
from app.web.deps import ConfigDep, RuntimeDep, WebConfig, client_address
from app.web.recipient.pages import https_links
from links.sessions import LIFE, SessionKind

PROBE_COOKIE: Final = "pli-cookies"


def cookie_name(config: WebConfig, ref: str) -> str:
    """One session per link, so that two documents can be open at once. `__Host-` needs HTTPS."""
    return f"__Host-pli-{ref}" if https_links(config) else f"pli-{ref}"


def set_cookie(response: Response, config: WebConfig, name: str, value: str, seconds: int | None) -> None:
    """A cookie of this door; without `seconds` it goes with the browser, with 0 at once."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=https_links(config),
        httponly=True,
        samesite="lax",
    )


def begin_reading(response: Response, config: WebConfig, ref: str, value: str) -> None:
    """Put the session of one link into the browser."""
    set_cookie(response, config, cookie_name(config, ref), value, int(LIFE["cookie"].total_seconds()))


def end_reading(response: Response, config: WebConfig, ref: str) -> None:
    """Take it out again."""
    set_cookie(response, config, cookie_name(config, ref), "", 0)


def session_kind(request: Request) -> SessionKind:
    """A ticket in the address for browsers inside apps that dropped the cookie of the link's page."""
    return "cookie" if PROBE_COOKIE in request.cookies else "ticket"


def session_value(request: Request, config: WebConfig, ref: str) -> str:
    """The ticket of the address, or the cookie; empty without either."""
    ticket: str | None = request.path_params.get("ticket")
    return ticket or request.cookies.get(cookie_name(config, ref), "")


def require_own_page(request: Request, config: WebConfig) -> None:
    """Raises Forbidden when the browser says that a page of another site asks."""
    origin = request.headers.get("origin", "null").lower()
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin" or (
        origin != "null" and origin not in config.origins
    ):
        raise Forbidden("foreign_page", "this request came from a page of another site")


def require_own_form(request: Request, rt: Runtime, config: WebConfig, ref: str, nonce: str) -> None:
    """The same for what changes something. Our pages send no referrer, so browsers write `Origin: null`, as a page
    without an origin does too: then the signed nonce of the form must be there."""
    require_own_page(request, config)
    if request.headers.get("origin") == "null" and not nonces.is_valid(rt.vault.ring, ref, nonce, rt.now()):
        raise Forbidden("form_expired", "this form is too old or not ours; open the link again")


def get_readable(request: Request, ref: str, rt: RuntimeDep, config: ConfigDep) -> Readable:
    """The document of this session. Raises Unauthenticated, which sends the reader back to the link's page."""
    readable = authorize_bytes(rt, ref, session_value(request, config, ref), rt.now())
    if readable is None:
        raise Unauthenticated("reading_over", "open the link again and enter the password")
    return readable


async def get_client_address(request: Request, config: ConfigDep) -> str:
    return client_address(request, config.trusted_proxies)


ClientAddress = Annotated[str, Depends(get_client_address)]
ReadableDep = Annotated[Readable, Depends(get_readable)]
