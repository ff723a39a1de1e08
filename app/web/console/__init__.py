"""The door of the pay office: HTML pages behind a login, a session and a CSRF token.

Every route parses, calls one use case and renders. GET changes nothing; a POST answers with a redirect, or with the
same page and what is wrong.
"""

from fastapi import APIRouter

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


@router.api_route("/{rest:path}", methods=["GET", "HEAD", "POST"])
def nothing(_account: ConsoleUser) -> None:
    """Anything else under this prefix is the console's, or links would take it for one of theirs."""
    raise NotFound("no_such_page", "nothing is served at this address")


__all__ = ["error_page", "router"]
