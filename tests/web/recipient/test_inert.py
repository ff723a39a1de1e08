"""GET, HEAD and OPTIONS consume nothing, whoever sends them: previews, scanners, proxies, crawlers."""

import random

import pytest
from fastapi.routing import APIRoute

from app.crypto.tokens import new_ref
from app.web.recipient import entering, opt_out, reading
from tests.web.live import Live, unlock_form

AGENTS = (
    "WhatsApp/2.23.20.0",
    "facebookexternalhit/1.1",
    "Mozilla/5.0 (compatible; Google-Safety; +http://www.google.com/bot.html)",
    "Slackbot-LinkExpanding 1.0",
    "curl/8.5",
    "",
)
HEADERS = {
    "User-Agent": AGENTS,
    "Accept": ("*/*", "text/html", "application/json", "image/avif,image/webp", "\x7f"),
    "Accept-Language": ("fr", "en;q=0.1", "xx", "*"),
    "Range": ("bytes=0-1", "bytes=-1", "bytes=1-,2-", "nonsense"),
    "If-None-Match": ("*", '"x"'),
    "If-Range": ('"x"', "yesterday"),
    "Sec-Fetch-Site": ("cross-site", "none", "same-origin"),
    "Sec-Fetch-Dest": ("document", "image", "empty"),
    "Purpose": ("prefetch",),
    "X-Forwarded-For": ("1.2.3.4", "::1", "garbage", "1.2.3.4, 5.6.7.8"),
    "X-HTTP-Method-Override": ("POST", "DELETE"),
    "Content-Type": ("application/json", "multipart/form-data; boundary=x"),
    "Cookie": ("pli-cookies=1", "a=b", "pli-lang=en"),
    "Origin": ("null", "https://evil.example"),
}


def some_headers(chance: random.Random) -> dict[str, str]:
    names = chance.sample(sorted(HEADERS), chance.randrange(len(HEADERS)))
    return {name: chance.choice(HEADERS[name]) for name in names}


@pytest.mark.parametrize("held", [False, True], ids=["stranger", "reader"])
def test_no_row_changes_on_any_route(live: Live, held: bool) -> None:
    letter = live.letter()
    chance = random.Random(7)
    client = live.client()
    if held:
        client.get(f"/{letter.ref}")
        assert client.post(f"/{letter.ref}/unlock", data=dict(unlock_form(letter))).status_code == 303
    templates = [
        route.path
        for router in (entering.router, opt_out.router, reading.router)
        for route in router.routes
        if isinstance(route, APIRoute)
    ]
    assert len(templates) >= 13
    before = live.rows()
    for template in templates:
        for ref in (letter.ref, new_ref()):
            address = template.replace("{rest:path}", letter.secret).format(
                ref=ref, ticket="2" * 22, name="x", token="2" * 10
            )
            for method in ("GET", "HEAD", "OPTIONS"):
                answer = client.request(method, address, headers=some_headers(chance))
                assert answer.status_code < 500, (method, template)
    assert live.rows() == before
    row = live.link_row(letter)
    assert (row["openings"], row["bad"]) == (int(held), 0)
