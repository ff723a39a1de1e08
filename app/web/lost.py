"""Whoever sends a form after the session ended: which page she was on, and what was not done.

The form itself says where it stands, in its field `back`; otherwise it is the nearest page above the address that was
posted to. Files are never read for it.
"""

import re
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request

from app.core.errors import PliError
from app.web.auth import HOME, REVIEW_FORM_BYTES, back_to
from app.web.uploads import URLENCODED, read_form

LOGIN: Final = "/app/login"
UPLOAD: Final = "/app/batches"
UPLOAD_PAGE: Final = "/app/batches/new"
# Sentences `console.detail.undone_<code>`.
UPLOADED, RELEASED, EXCLUDED, CONFIRMED, CORRECTED, ACTED = (
    "upload",
    "release",
    "exclusion",
    "confirmation",
    "correction",
    "action",
)
UNDONE: Final = frozenset({UPLOADED, RELEASED, EXCLUDED, CONFIRMED, CORRECTED, ACTED})
_VERBS: Final = {
    "release": RELEASED,
    "exclude": EXCLUDED,
    "exclude-dead": EXCLUDED,
    "confirm": CONFIRMED,
    "phone": CORRECTED,
}
# Whoever leaves, or changes the language, has lost nothing.
_NOTHING_LOST: Final = frozenset({"/app/logout", "/app/language"})
# No page has a longer address; going up from one of 64 KB step by step would take seconds.
_LONGEST_PAGE: Final = 200
_LAST_STEP = re.compile(r"/[^/]*$")
ID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PAGE = re.compile(
    "/app/(batches"
    f"|batches/{ID}(/(review|exclude|mapping|release|recall))?"
    f"|documents/{ID}"
    f"|inbox(/{ID})?"
    f"|senders(/{ID})?"
    "|templates|consents|rules|settings)"
    "|/simulator(/handsets/[^/]+)?"
)


async def login_address(request: Request) -> str:
    """The login that leads back, and says what was not done. Safe as the address of a redirect: only a page of our own
    is led back to, and only one of UNDONE is said."""
    if request.method in ("GET", "HEAD"):
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return f"{LOGIN}?{urlencode({'next': wanted})}"
    if request.url.path in _NOTHING_LOST:
        return LOGIN
    back = await _back(request) or nearest_page(request.url.path)
    return f"{LOGIN}?{urlencode({'next': back, 'undone': _undone(request.url.path)})}"


def _undone(path: str) -> str:
    return UPLOADED if path == UPLOAD else _VERBS.get(path.rpartition("/")[2], ACTED)


async def _back(request: Request) -> str:
    if not request.headers.get("content-type", "").startswith(URLENCODED.decode()):
        return ""
    try:
        form = await read_form(request, REVIEW_FORM_BYTES)
    except PliError:
        return ""
    return back_to(form.get("back", ""), "")


def nearest_page(path: str) -> str:
    """The page that a form posting to this path stands on, or the one above it."""
    if path == UPLOAD:
        return UPLOAD_PAGE
    path = path[:_LONGEST_PAGE]
    while path and not _PAGE.fullmatch(path):
        path = _LAST_STEP.sub("", path)
    return back_to(path, HOME)
