"""The page of a link before anything is proven, by the shortest way.

It is what everybody opens first, and on payday all at once. It is the same for every ref, so it is rendered once for each
language and kept as bytes with gaps; its route is looked at before all others and needs no thread.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from app.crypto import nonces
from app.web.deps import get_config, get_runtime, language_of
from app.web.recipient import access, pages
from app.web.security import nonce
from app.web.texts import LANGUAGES, Language
from links.text import ALPHABET, REF_LENGTH

_PATH: Final = re.compile(f"/([{ALPHABET}]{{{REF_LENGTH}}})")
# What stands in the gaps while the page is rendered: no text and no style sheet holds such a word.
_MARKS: Final = {"ref": "GAPxREFxGAP", "nonce": "GAPxNONCExGAP", "form_nonce": "GAPxFORMxGAP"}
_FILLING: Final = re.compile(r"[A-Za-z0-9_-]+")


class ReadyPage:
    """A page with gaps, as bytes."""

    def __init__(self, html: str, marks: Mapping[str, str]) -> None:
        """`marks` are the words of `html` that stand for gaps, by the name of what goes into them."""
        names = {mark: name for name, mark in marks.items()}
        pieces = re.split(f"({'|'.join(map(re.escape, names))})", html)
        self._pieces = [piece.encode() for piece in pieces]
        self._gaps = [(at, names[piece]) for at, piece in enumerate(pieces) if piece in names]

    def fill(self, **values: str) -> bytes:
        """The page with a value in each gap. Raises ValueError for a value that HTML could read as anything but
        letters, since nothing is escaped here any more."""
        if not all(map(_FILLING.fullmatch, values.values())):
            raise ValueError("a gap takes letters, digits, - and _ only")
        encoded = {name: value.encode() for name, value in values.items()}
        pieces = self._pieces.copy()
        for at, name in self._gaps:
            pieces[at] = encoded[name]
        return b"".join(pieces)


@lru_cache(maxsize=len(LANGUAGES))
def _ready(lang: Language, link_url: str) -> ReadyPage:
    host = urlsplit(link_url).hostname or ""
    html = pages.landing_html(lang, _MARKS["nonce"], _MARKS["ref"], host, _MARKS["form_nonce"])
    return ReadyPage(html, _MARKS)


def first_page(request: Request, ref: str) -> Response:
    """The page of `ref`, which has the form of one. Nothing is looked up."""
    rt, config = get_runtime(request), get_config(request)
    body = _ready(language_of(request), config.link_url).fill(
        ref=ref, nonce=nonce(request), form_nonce=nonces.issue(rt.vault.ring, ref, rt.now())
    )
    response = HTMLResponse(body)
    pages.remember_language(request, response)
    access.set_cookie(response, config, access.PROBE_COOKIE, "1", None)
    return response


class FirstPageRoute(BaseRoute):
    """GET and HEAD of `/{ref}`."""

    path = "/{ref}"

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whole or not at all: other methods and mangled addresses are for the routes of `entering`."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            found = _PATH.fullmatch(scope["path"])
            if found is not None:
                return Match.FULL, {"route": self, "path_params": {"ref": found[1]}}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        response = first_page(Request(scope, receive), scope["path_params"]["ref"])
        await response(scope, receive, send)
