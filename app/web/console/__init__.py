"""The door of the pay office: HTML pages behind a login, a session and a CSRF token.

Every route parses, calls one use case and renders. GET changes nothing; a POST answers with a redirect, or with the
same page and what is wrong.
"""

from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match

from app.core.errors import NotFound
from app.web.auth import ConsoleUser
from app.web.console import (
    batches,
    consents,
    documents,
    exports,
    inbox,
    live,
    mapping,
    release,
    review,
    rules,
    senders,
    sessions,
    settings,
    templates,
    upload,
    watch,
)
from app.web.console.pages import error_page

router = APIRouter(prefix="/app", include_in_schema=False)
router.add_api_route("", sessions.home, methods=["GET"])
for part in (sessions, batches, upload, live, mapping, review, release, watch, documents, exports, settings):
    router.include_router(part.router)
for part in (templates, inbox, consents, rules, senders):
    router.include_router(part.router)


def _answers(path: str, method: str) -> bool:
    """Whether one of the pages or forms above has this address."""
    asked = {"type": "http", "path": path, "method": method, "root_path": "", "headers": []}
    return any(route.matches(dict(asked))[0] is Match.FULL for route in router.routes[:-1])


def _page_above(path: str) -> str:
    """The nearest page above an address that only forms are sent to; empty where no form is."""
    if not _answers(path, "POST"):
        return ""
    while path and not _answers(path, "GET"):
        path = path.rpartition("/")[0]
    return path


@router.api_route("/{rest:path}", methods=["GET", "HEAD", "POST"])
def nothing(request: Request, _account: ConsoleUser) -> Response:
    """Anything else under this prefix is the console's, or links would take it for one of theirs. A page that a form
    answered has the form's address; whoever loads it anew is led back to where the form was."""
    page = "" if request.method == "POST" else _page_above(request.url.path)
    if not page:
        raise NotFound("no_such_page", "nothing is served at this address")
    return RedirectResponse(quote(page), 303)


__all__ = ["error_page", "router"]
