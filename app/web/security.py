"""What guards every request before a route sees it, as plain ASGI: hosts, body sizes, headers, the log.

Nothing here derives from Starlette's BaseHTTPMiddleware, which reads ahead of a stream and cuts it when a client
leaves. `stack()` gives the middlewares in order; build the application with `redirect_slashes=False` (the automatic
redirect copies the Host header into its Location), `docs_url=None`, `redoc_url=None`, `openapi_url=None`, and the
server with `proxy_headers=False` (`deps.client_net` reads X-Forwarded-For itself).
"""

import logging
import re
import secrets
import time
from collections.abc import Iterable, Sequence
from enum import StrEnum
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import NotFound, TooLarge
from app.core.log import fields
from app.web.templating import CONSOLE_CSP, DOCUMENT_CSP, LINK_CSP

log = logging.getLogger(__name__)

KIB = 1024
API_CSP = "default-src 'none'; frame-ancestors 'none'"
# Where files may come in; how large they may be is a setting.
UPLOADS = re.compile(r"/(app|v1)/batches/?")
# Room around the files for the other fields and the part headers.
UPLOAD_OVERHEAD = 1024 * KIB

COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}
HSTS = "max-age=31536000"
_LENGTH = re.compile(r"[0-9]{1,18}")


class Door(StrEnum):
    """Who a path is for. Everything without a prefix of its own belongs to links."""

    CONSOLE = "console"
    API = "api"
    CALLBACKS = "callbacks"
    SIMULATOR = "simulator"
    OPERATIONS = "operations"
    STATIC = "static"
    RECIPIENT = "recipient"


BODY_LIMITS = {
    Door.CONSOLE: 1024 * KIB,  # a review form names every excluded line of a large batch
    Door.API: 1024 * KIB,
    Door.CALLBACKS: 64 * KIB,
    Door.SIMULATOR: 64 * KIB,
    Door.RECIPIENT: 4 * KIB,
    Door.OPERATIONS: 0,
    Door.STATIC: 0,
}

_PREFIXES = {
    "app": Door.CONSOLE,
    "v1": Door.API,
    "callbacks": Door.CALLBACKS,
    "simulator": Door.SIMULATOR,
    "healthz": Door.OPERATIONS,
    "readyz": Door.OPERATIONS,
    "metrics": Door.OPERATIONS,
    "static": Door.STATIC,
}


def door_of(path: str) -> Door:
    """The door a path leads to. The bare address `/` is the console's: it sends on to it."""
    first = path.lstrip("/").partition("/")[0]
    return Door.CONSOLE if not first else _PREFIXES.get(first, Door.RECIPIENT)


def nonce(request: Request) -> str:
    """The nonce of this response's content security policy, for `PageContext.nonce`."""
    value: str = request.state.nonce
    return value


def use_document_policy(request: Request) -> None:
    """Say, before answering, that this page shows a document: PDF.js needs its worker and fonts."""
    request.state.csp = DOCUMENT_CSP


def stack(
    boundary: Middleware, *, public_url: str, link_url: str, allowed_hosts: Iterable[str], upload_bytes: int
) -> list[Middleware]:
    """Every middleware, outermost first. `boundary` turns exceptions into answers (`problems.boundary`)."""
    public, links = _host(public_url), _host(link_url)
    hosts = sorted({public, links, *allowed_hosts})
    return [
        Middleware(
            SecurityHeaders, https=public_url.startswith("https://") and link_url.startswith("https://")
        ),
        Middleware(RequestLog),
        Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
        boundary,
        Middleware(NoNul),
        Middleware(DoorsByHost, public_host=public, link_host=links),
        Middleware(BodyLimit, upload_bytes=upload_bytes),
    ]


class SecurityHeaders:
    """Adds the headers of the door. A response that set Cache-Control itself keeps it; anything else is `no-store`."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        wanted = COMMON_HEADERS | ({"Strict-Transport-Security": HSTS} if https else {})
        wanted["Cache-Control"] = "no-store"
        self._wanted = [(name.lower().encode(), value.encode()) for name, value in wanted.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["nonce"] = secrets.token_urlsafe(16)
        door = door_of(scope["path"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                # One pass over the raw headers: names are in lower case there, as ASGI asks.
                given = list(message.get("headers", ()))
                present = dict(given)
                given += [header for header in self._wanted if header[0] not in present]
                if policy := _policy(door, present.get(b"content-type", b"").decode("latin-1"), state):
                    given = [header for header in given if header[0] != b"content-security-policy"]
                    given.append((b"content-security-policy", policy.encode()))
                message = {**message, "headers": given}
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _policy(door: Door, content_type: str, state: dict[str, object]) -> str | None:
    if content_type.startswith("text/html"):
        template = str(state.get("csp") or (LINK_CSP if door is Door.RECIPIENT else CONSOLE_CSP))
        return template.format(nonce=state["nonce"])
    # A policy on a PDF stops some phones' own viewers.
    return None if content_type.startswith("application/pdf") or door is Door.STATIC else API_CSP


class RequestLog:
    """One line per request: door, method, template of the route, status, milliseconds. Never the path or the query,
    for a mangled link carries its secret there."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        finally:
            log.info(
                "request",
                extra=fields(
                    door=door_of(scope["path"]).value,
                    method=scope["method"],
                    route=route_template(scope),
                    status=status,
                    ms=round((time.perf_counter() - started) * 1000, 1),
                ),
            )


def route_template(scope: Scope) -> str:
    """`/{ref}/unlock`, prefixes of included routers too; `none` when no route matched."""
    # FastAPI leaves the route as it was declared in `route`, and the route as it was included in a scope of its own.
    included = scope.get("fastapi", {}).get("effective_route_context")
    template = getattr(included or scope.get("route"), "path", None)
    return template if isinstance(template, str) else "none"


class NoNul:
    """Nothing is served at an address that holds a NUL: databases refuse to look for one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            raise NotFound("no_such_page", "nothing is served at an address with a NUL")
        await self.app(scope, receive, send)


class DoorsByHost:
    """Where links have a host of their own, that host serves links and static files only, and the public host serves
    no link. With one host for both, everything is served there."""

    def __init__(self, app: ASGIApp, *, public_host: str, link_host: str) -> None:
        self.app = app
        self.public_host = public_host
        self.link_host = link_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.public_host != self.link_host and not self._allowed(scope):
            raise NotFound("no_such_page", "this address is not served on this host")
        await self.app(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        door = door_of(scope["path"])
        if door in (Door.STATIC, Door.OPERATIONS):
            return True
        host = _host("//" + Headers(scope=scope).get("host", ""))
        return (door is Door.RECIPIENT) is (host == self.link_host) or host not in (
            self.public_host,
            self.link_host,
        )


class BodyLimit:
    """Refuses bodies over the limit of their door with TooLarge, by their announced length or while they are read."""

    def __init__(self, app: ASGIApp, *, upload_bytes: int) -> None:
        self.app = app
        self.upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        announced = Headers(scope=scope).get("content-length", "0")
        if not _LENGTH.fullmatch(announced) or int(announced) > limit:
            raise _too_large(limit)
        read = 0

        async def receive_within_limit() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b"")) if message["type"] == "http.request" else 0
            if read > limit:
                raise _too_large(limit)
            return message

        await self.app(scope, receive_within_limit, send)

    def _limit(self, path: str) -> int:
        if UPLOADS.fullmatch(path):
            return self.upload_bytes + UPLOAD_OVERHEAD
        return BODY_LIMITS[door_of(path)]


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        "body_too_large", f"the request is larger than the {limit} bytes allowed here; send less at once"
    )


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "").lower()


def origins(urls: Sequence[str]) -> frozenset[str]:
    """`scheme://host[:port]` of each address, as a browser writes it in Origin."""
    return frozenset(f"{parts.scheme}://{parts.netloc}".lower() for parts in map(urlsplit, urls))
