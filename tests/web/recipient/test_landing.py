"""The page of a link before anything is proven: the same for everybody, small, and inert."""

import re
from http.client import HTTPConnection

import pytest

from app.core.log import JsonLines
from app.crypto.tokens import new_ref
from app.db.session import Database
from app.web.recipient.first import ReadyPage
from app.web.recipient.pages import landing_html
from app.web.templating import month_name
from app.web.texts import LANGUAGES
from links.lifecycle import revoke_documents
from tests.web.live import Letter, Live
from tests.web.recipient.acting import hello

NONCE = re.compile(r"nonce=\"[^\"]+\"|name=\"nonce\" value=\"[^\"]+\"")
LINK_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
}


def stranger_refs(live: Live) -> dict[str, str]:
    """A live, a revoked, an expired-looking and an unknown ref."""
    gone = live.letter()
    with live.rt.begin() as session:
        revoke_documents(session, [gone.document_id], "revoked", live.rt.now())
    return {"live": live.letter().ref, "revoked": gone.ref, "unknown": new_ref()}


def test_the_page_is_the_same_for_every_ref_and_asks_the_database_nothing(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = stranger_refs(live)

    def forbidden(*_: object) -> None:
        raise AssertionError("a stranger's GET must not reach the database")

    monkeypatch.setattr(Database, "read", forbidden)
    monkeypatch.setattr(Database, "begin", forbidden)
    client = live.client()
    pages = {name: client.get(f"/{ref}") for name, ref in refs.items()}
    assert {page.status_code for page in pages.values()} == {200}
    bodies = {NONCE.sub("", page.text.replace(refs[name], "REF")) for name, page in pages.items()}
    assert len(bodies) == 1
    assert "Boulangerie" not in pages["live"].text
    assert "localhost" in pages["live"].text


def test_the_ready_page_is_the_rendered_one_and_its_nonces_are_fresh(live: Live, letter: Letter) -> None:
    client = live.client()
    for lang in LANGUAGES:
        pages = [client.get(f"/{letter.ref}", headers={"Accept-Language": lang}) for _ in range(3)]
        used = set()
        for page in pages:
            (policy_nonce,) = set(re.findall(r' nonce="([^"]+)"', page.text))
            (form_nonce,) = re.findall(r'name="nonce" value="([^"]+)"', page.text)
            assert f"'nonce-{policy_nonce}'" in page.headers["content-security-policy"]
            assert page.text == landing_html(lang, policy_nonce, letter.ref, "localhost", form_nonce)
            used.add(policy_nonce)
        assert len(used) == len(pages)


def test_its_line_in_the_log_names_the_route_and_not_the_ref(
    live: Live, letter: Letter, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="app.web.security"):
        live.client().get(f"/{letter.ref}")
    (line,) = [record for record in caplog.records if record.msg == "request"]
    assert '"route": "/{ref}"' in JsonLines().format(line)
    assert letter.ref not in JsonLines().format(line)


@pytest.mark.parametrize("value", ["", '"><script>', "a b", "é", "a\n"])
def test_nothing_that_html_could_read_goes_into_a_gap(value: str) -> None:
    page = ReadyPage("<p id=GAPx>GAPx</p>", {"name": "GAPx"})
    assert page.fill(name="Zo-_9") == b"<p id=Zo-_9>Zo-_9</p>"
    with pytest.raises(ValueError, match="a gap takes"):
        page.fill(name=value)


def test_the_page_only_answers_to_get_and_head(live: Live, letter: Letter) -> None:
    answer = live.client().post(f"/{letter.ref}")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_the_page_with_all_it_loads_is_under_30_kb(live: Live, letter: Letter) -> None:
    client = live.client()
    page = client.get(f"/{letter.ref}")
    loaded = len(page.content)
    for address in re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", page.text):
        loaded += len(client.get(address).content)
    assert loaded < 30_000


def test_the_page_carries_the_headers_of_its_door(live: Live, letter: Letter) -> None:
    page = live.client().get(f"/{letter.ref}")
    assert {name: page.headers[name] for name in LINK_HEADERS} == LINK_HEADERS
    policy = page.headers["content-security-policy"]
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)
    assert nonce is not None
    assert policy.startswith("default-src 'none'")
    assert f'<script nonce="{nonce[1]}">' in page.text
    assert 'property="og:title"' in page.text


def test_head_answers_as_get_does_without_a_body(live: Live, letter: Letter) -> None:
    client = live.client()
    got, headed = client.get(f"/{letter.ref}"), client.head(f"/{letter.ref}")
    assert headed.status_code == 200
    assert headed.content == b""
    assert headed.headers["content-type"] == got.headers["content-type"]
    assert headed.headers["content-length"] == got.headers["content-length"]


@pytest.mark.parametrize(
    "path",
    [
        "/{ref}",
        "/{ref}/",
        "/{ref}?utm_source=sms",
        "/{ref}%23{s}",
        "/{ref}%2523{s}",
        "/{ref}/%23{s}",
        "/{ref}/{s}",
        "/{ref}/{s}/",
        "/{ref}%23{s}%3E",
        "/{ref}%23{s}.",
        "/{ref}%23{s}%20",
        "/{ref}/hello",
        "/{ref}/unlock",
    ],
)
def test_a_link_mangled_on_the_way_still_shows_its_page_and_never_its_secret(
    live: Live, letter: Letter, path: str
) -> None:
    connection = HTTPConnection("localhost", int(live.base.rpartition(":")[2]))
    connection.request("GET", path.format(ref=letter.ref, s=letter.secret))
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    assert answer.status == 200
    assert f'data-ref="{letter.ref}"' in body
    assert letter.secret not in body
    assert letter.secret not in str(answer.getheaders())


@pytest.mark.parametrize("path", ["/favicon.ico", "/short", "/0OIl0OIl", "/wp-login.php", "/a/b/c/d"])
def test_what_is_no_link_gets_a_calm_404(live: Live, path: str) -> None:
    page = live.client().get(path)
    assert page.status_code == 404
    assert "Ce lien ne correspond à aucun document" in page.text


def test_the_language_is_asked_for_then_remembered(live: Live, letter: Letter) -> None:
    client = live.client()
    assert "Mot de passe" in client.get(f"/{letter.ref}").text
    assert "Password" in client.get(f"/{letter.ref}", headers={"Accept-Language": "en-GB"}).text
    assert "Password" in client.get(f"/{letter.ref}?lang=en").text
    assert "Password" in client.get(f"/{letter.ref}").text
    assert (
        hello(client, letter.ref, letter.secret).json()["title"]
        == f"Payslip {month_name(letter.period, 'en')}"
    )
