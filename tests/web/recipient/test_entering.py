"""From the link's page to the open document, over a real port: order, states, limits, forms."""

import re
import secrets
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest

from app.crypto import nonces
from app.crypto.epochs import EpochName
from app.crypto.passwords import Argon2Pool
from app.crypto.tokens import new_link_secret, new_ref
from app.db.queries import messages
from app.db.session import Database
from app.usecases.operations.destroy_past import destroy_past
from app.web.templating import month_name
from links.lifecycle import revoke_documents
from tests.web.live import Letter, Live, unlock_form

NONCE = re.compile(r"nonce=\"[^\"]+\"|name=\"nonce\" value=\"[^\"]+\"")
LINK_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
}


@pytest.fixture
def phone(live: Live) -> httpx.Client:
    """A browser in a network of its own that has loaded some link's page, as browsers do before they post."""
    client = live.client()
    client.get(f"/{new_ref()}")
    return client


def unlock(
    phone: httpx.Client, letter: Letter, password: str | None = None, **changed: str
) -> httpx.Response:
    return phone.post(f"/{letter.ref}/unlock", data=dict(unlock_form(letter, password, **changed)))


def hello(phone: httpx.Client, ref: str, secret: str, **headers: str) -> httpx.Response:
    return phone.post(f"/{ref}/hello", json={"s": secret}, headers=headers)


def stranger_refs(live: Live) -> dict[str, str]:
    """A live, a revoked, an expired-looking and an unknown ref."""
    gone = live.letter()
    with live.rt.begin() as session:
        revoke_documents(session, [gone.document_id], "revoked", live.rt.now())
    return {"live": live.letter().ref, "revoked": gone.ref, "unknown": new_ref()}


# The page


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


# The proof


def test_hello_tells_who_sends_only_to_whoever_holds_the_link(live: Live, letter: Letter) -> None:
    phone = live.client()
    assert hello(phone, letter.ref, letter.secret).json() == {
        "state": "live",
        "sender": "Boulangerie Épi",
        "contact": "paie@exemple.test ou 01 99 00 12 34",
        "title": f"Bulletin de paie {month_name(letter.period, 'fr')}",
        "expires": "31 décembre 2026",
        "password": "sheet",
        "brand": "#0b6e63",
        "brand_ink": "#ffffff",
    }
    strangers = [hello(phone, letter.ref, new_link_secret(16)), hello(phone, new_ref(), letter.secret)]
    assert [each.json() for each in strangers] == [{"state": "unknown"}] * 2
    assert [each.status_code for each in strangers] == [200, 200]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b'{"s": 1}',
        b'{"s": null}',
        b'{"s": "short"}',
        b"\xff\xfe",
        b"[" * 4000,
    ],
)
def test_hello_answers_json_whatever_it_is_sent(live: Live, letter: Letter, body: bytes) -> None:
    before = live.rows()
    answer = live.client().post(f"/{letter.ref}/hello", content=body)
    assert (answer.status_code, answer.json()) == (400, {"state": "unknown"})
    assert live.rows() == before


def test_a_body_over_4_kib_is_not_read(live: Live, letter: Letter) -> None:
    phone = live.client()
    answer = phone.post(f"/{letter.ref}/hello", content=b'{"s": "' + b"x" * 5000)
    assert (answer.status_code, answer.json()) == (400, {"state": "unknown"})
    page = unlock(phone, letter, "x" * 5000)
    assert page.status_code == 400
    assert "Ce lien est incomplet" in page.text


def test_a_network_that_asks_too_often_is_told_to_wait_and_still_opens_its_own_link(
    live: Live, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    derivations: list[int] = []
    real = Argon2Pool.derive

    def counted(pool: Argon2Pool, secret: bytes, salt: bytes, kdf: int) -> bytes:
        derivations.append(kdf)
        return real(pool, secret, salt, kdf)

    monkeypatch.setattr(Argon2Pool, "derive", counted)
    phone = live.client()
    phone.get(f"/{letter.ref}")
    statuses = [hello(phone, letter.ref, new_link_secret(16)).status_code for _ in range(12)]
    statuses += [unlock(phone, letter, "x", s=new_link_secret(16)).status_code for _ in range(12)]
    assert statuses == [200] * 12 + [404] * 8 + [429] * 4
    limited = unlock(phone, letter, "x", s=new_link_secret(16))
    assert 1 <= int(limited.headers["retry-after"]) <= 60
    assert "Ce lien ne correspond à aucun document" in limited.text
    assert derivations == []
    assert live.link_row(letter)["bad"] == 0
    assert unlock(phone, letter).status_code == 303
    assert len(derivations) == 1


# The password


def test_the_right_password_opens_and_one_opening_is_counted(
    live: Live, phone: httpx.Client, letter: Letter
) -> None:
    answer = unlock(phone, letter)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/{letter.ref}/document")
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(
        rf"pli-{letter.ref}=[A-Za-z0-9_-]{{43}}; HttpOnly; Max-Age=900; Path=/; SameSite=lax", cookie
    )
    for _ in range(3):
        assert phone.get(f"/{letter.ref}/document").status_code == 200
    assert live.link_row(letter)["openings"] == 1
    assert live.journal(letter).count("link:unlock_ok") == 1


def test_download_leads_to_the_file_itself(phone: httpx.Client, letter: Letter) -> None:
    answer = unlock(phone, letter, then="download")
    assert answer.headers["location"] == f"/{letter.ref}/bulletin-de-paie-{letter.period}.pdf?download"
    file = phone.get(answer.headers["location"])
    assert file.headers["content-disposition"].startswith("attachment; filename=")


def test_a_wrong_password_says_how_many_tries_are_left(
    live: Live, phone: httpx.Client, letter: Letter
) -> None:
    page = unlock(phone, letter, "motdepasse-9")
    assert page.status_code == 403
    assert "Mot de passe incorrect" in page.text
    assert "Il reste 19 essais" in page.text
    assert "Boulangerie Épi" in page.text
    assert "31 décembre 2026" in page.text
    assert f'name="s" value="{letter.secret}"' in page.text
    assert "motdepasse" not in page.text
    assert live.link_row(letter)["bad"] == 1
    assert unlock(phone, letter).status_code == 303
    assert live.link_row(letter)["bad"] == 1


def test_a_button_pressed_without_a_password_costs_no_try(
    live: Live, phone: httpx.Client, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise AssertionError("Argon2 must not run for nothing")

    monkeypatch.setattr(Argon2Pool, "derive", forbidden)
    before = live.rows()
    for nothing in ("", "   "):
        page = unlock(phone, letter, nothing)
        assert page.status_code == 400
        assert "Saisissez votre mot de passe" in page.text
        assert f'name="s" value="{letter.secret}"' in page.text
    assert live.rows() == before
    with live.rt.begin() as session:
        revoke_documents(session, [letter.document_id], "revoked", live.rt.now())
    assert unlock(phone, letter, "").status_code == 410, "the true state comes first"


def test_even_the_right_password_waits_after_five_wrong_ones(
    live: Live, phone: httpx.Client, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses = [unlock(phone, letter, f"perdu {n}").status_code for n in range(5)]
    assert statuses == [403] * 4 + [429]

    def forbidden(*_: object) -> None:
        raise AssertionError("Argon2 must not run while the reader has to wait")

    with monkeypatch.context() as patched:
        patched.setattr(Argon2Pool, "derive", forbidden)
        limited = unlock(phone, letter)
    assert limited.status_code == 429
    assert 1 <= int(limited.headers["retry-after"]) <= 30
    assert "Trop d’essais d’affilée" in limited.text
    assert live.link_row(letter)["bad"] == 5
    elsewhere = live.client()
    elsewhere.get(f"/{letter.ref}")
    assert unlock(elsewhere, letter).status_code == 303, "another network is not held back"
    live.clock.push(seconds=31)
    assert unlock(phone, letter).status_code == 303


def test_twenty_wrong_passwords_freeze_the_link_for_good(live: Live, letter: Letter) -> None:
    last = None
    for n in range(20):
        phone = live.client()
        last = unlock(phone, letter, f"perdu {n}")
        live.clock.push(minutes=16)
    assert last is not None
    assert last.status_code == 403
    assert "Ce lien est bloqué" in last.text
    again = unlock(live.client(), letter)
    assert again.status_code == 403
    assert "paie@exemple.test" in again.text
    assert live.journal(letter)[-1] == "link:frozen"
    assert hello(live.client(), letter.ref, letter.secret).json()["state"] == "frozen"


def test_a_link_without_password_opens_with_the_link_alone(live: Live, phone: httpx.Client) -> None:
    letter = live.send(people=8, policy="none")[0]
    assert len(letter.secret) == 22
    assert hello(phone, letter.ref, letter.secret).json()["password"] == "none"
    assert unlock(phone, letter, "").status_code == 303


def test_a_full_password_queue_costs_no_try(
    live: Live, phone: httpx.Client, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = live.link_row(letter)["bad"]
    room = live.rt.passwords._room
    taken = 0
    while room.acquire(blocking=False):
        taken += 1
    try:
        page = unlock(phone, letter)
    finally:
        for _ in range(taken):
            room.release()
    assert page.status_code == 503
    assert page.headers["retry-after"] == "5"
    assert "Beaucoup de monde en ce moment" in page.text
    assert live.link_row(letter)["bad"] == before


# States


def test_a_revoked_link_says_so_to_its_holder_only(live: Live, phone: httpx.Client, letter: Letter) -> None:
    assert unlock(phone, letter).status_code == 303
    with live.rt.begin() as session:
        revoke_documents(session, [letter.document_id], "revoked", live.rt.now())
    page = unlock(phone, letter)
    assert page.status_code == 410
    assert "L’expéditeur a retiré ce document" in page.text
    assert "paie@exemple.test" in page.text
    assert hello(phone, letter.ref, letter.secret).json()["state"] == "revoked"
    assert hello(phone, letter.ref, new_link_secret(16)).json() == {"state": "unknown"}
    assert phone.get(f"/{letter.ref}/view.pdf", headers={"Sec-Fetch-Dest": "empty"}).status_code == 401


def test_an_expired_link_stays_expired_when_its_keys_are_destroyed(live: Live) -> None:
    letter = live.send(people=8, expires_on=live.rt.now().date().isoformat())[0]
    phone = live.client()
    assert hello(phone, letter.ref, letter.secret).json()["state"] == "live"
    live.clock.push(days=1)
    page = unlock(phone, letter)
    assert page.status_code == 410
    assert "Ce lien a expiré" in page.text
    live.clock.push(days=1)
    destroy_past(live.rt)
    row = live.link_row(letter)
    assert row["wrapped_link"] is None
    organisation = live.house.organisation.id
    assert live.rt.vault.epochs.get(EpochName.link(organisation, row["hard_day"])) is None
    again = unlock(phone, letter)
    assert (again.status_code, "Ce lien a expiré" in again.text) == (410, True)
    assert hello(phone, letter.ref, letter.secret).json()["state"] == "expired"
    assert live.link_row(letter)["bad"] == 0


def test_a_missing_epoch_key_is_a_503_and_counts_nothing(
    live: Live, phone: httpx.Client, letter: Letter
) -> None:
    day = live.link_row(letter)["hard_day"]
    key = live.folder / "epochs" / f"{EpochName.link(live.house.organisation.id, day)}.key"
    before = live.rows()
    key.rename(key.with_suffix(".away"))
    try:
        page = unlock(phone, letter)
    finally:
        key.with_suffix(".away").rename(key)
    assert page.status_code == 503
    assert "Momentanément indisponible" in page.text
    assert live.rows() == before
    assert unlock(phone, letter).status_code == 303


def test_no_journal_no_session(
    live: Live, phone: httpx.Client, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("disk full")

    before = live.rows()
    with monkeypatch.context() as patched:
        patched.setattr("app.db.queries.journal.append", full)
        page = unlock(phone, letter)
    assert page.status_code == 500
    assert "set-cookie" not in page.headers
    assert live.rows()["link_session"] == before["link_session"]
    assert unlock(phone, letter).status_code == 303
    with monkeypatch.context() as patched:
        patched.setattr("app.db.queries.journal.append", full)
        assert phone.get(f"/{letter.ref}/view.pdf").status_code == 500


# Whose form


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_form_of_another_site_is_refused_before_anything_is_asked(
    live: Live, phone: httpx.Client, letter: Letter, headers: dict[str, str]
) -> None:
    before = live.rows()
    page = phone.post(f"/{letter.ref}/unlock", data=dict(unlock_form(letter)), headers=headers)
    assert page.status_code == 403
    assert f'href="/{letter.ref}"' in page.text, "a person gets back to the page"
    assert live.rows() == before


def test_browsers_that_write_no_origin_need_the_nonce_of_the_page(
    live: Live, phone: httpx.Client, letter: Letter
) -> None:
    found = re.search(r"name=\"nonce\" value=\"([^\"]+)\"", phone.get(f"/{letter.ref}").text)
    assert found is not None
    null = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}

    def post(nonce: str) -> int:
        form = dict(unlock_form(letter, nonce=nonce))
        return phone.post(f"/{letter.ref}/unlock", data=form, headers=null).status_code

    assert post(found[1]) == 303
    assert post(nonces.issue(live.rt.vault.ring, new_ref(), live.rt.now())) == 403
    live.clock.push(minutes=31)
    assert post(found[1]) == 403


def test_our_own_origin_needs_no_nonce(live: Live, phone: httpx.Client, letter: Letter) -> None:
    headers = {"Origin": live.base, "Sec-Fetch-Site": "same-origin"}
    form = dict(unlock_form(letter))
    assert phone.post(f"/{letter.ref}/unlock", data=form, headers=headers).status_code == 303


def test_hello_is_refused_to_other_sites_in_json(live: Live, letter: Letter) -> None:
    answer = hello(live.client(), letter.ref, letter.secret, **{"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.json()) == (403, {"state": "unknown"})


@pytest.mark.parametrize(
    "changed",
    [
        {"s": "short"},
        {"s": ""},
        {"s": "0" * 16},
        {"password": "x" * 129},
        {"s": "", "link": "https://pay.test/"},
    ],
)
def test_an_incomplete_link_counts_nothing(
    live: Live, phone: httpx.Client, letter: Letter, changed: dict[str, str]
) -> None:
    before = live.rows()
    form = {**unlock_form(letter), **changed}
    page = phone.post(f"/{letter.ref}/unlock", data=form)
    assert page.status_code == 400
    assert "Ce lien est incomplet" in page.text
    assert live.rows() == before


def pasted_forms(letter: Letter) -> list[str]:
    ref, s = letter.ref, letter.secret
    whole = f"https://pay.test/{ref}#{s}"
    return [
        whole,
        whole.replace("https", "HTTPS"),
        whole.replace("#", "%23"),
        whole.replace("#", "%2523"),
        whole.replace("#", "%252523"),
        whole.replace("#", "/"),
        whole.replace("#", "/#"),
        f"pay.test/{ref}#{s}",
        f"{ref}#{s}",
        f"{ref} {s}",
        f"{ref}{s}",
        s,
        f"#{s}",
        f"%23{s}",
        f"  {whole}  ",
        f"\u00a0{whole}\u00a0",
        f"\u200b{whole[:20]}\u200b{whole[20:]}",
        f"\u2068{whole}\u2069",
        f"{whole[:25]}\n{whole[25:]}",
        f"{whole[:-4]}\r\n{whole[-4:]}",
        *(
            whole + end
            for end in ("/", ".", ",", ";", ":", "!", "?", ")", "]", ">", "»", "”", "’", "'", " .")
        ),
        f"<{whole}>",
        f"«\u00a0{whole}\u00a0»",
        f"EPI: bulletin de paie\n{whole}\nMot de passe: celui remis",
        whole.replace(f"{ref}#", f"{ref}?utm_source=x#"),
    ]


def test_every_way_a_link_is_pasted_opens_it(
    live: Live, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One derivation serves all: what is tested is the reading of the link.
    kept: dict[tuple[Any, ...], bytes] = {}
    real = Argon2Pool.derive
    monkeypatch.setattr(
        Argon2Pool,
        "derive",
        lambda pool, *given: kept.get(given) or kept.setdefault(given, real(pool, *given)),
    )
    phone = live.client()
    phone.get(f"/{letter.ref}")
    forms = pasted_forms(letter)
    assert len(forms) >= 30
    refused = [form for form in forms if unlock(phone, letter, s="", link=form).status_code != 303]
    assert refused == []


def test_a_link_pasted_on_the_page_of_another_opens_its_own_document(
    live: Live, phone: httpx.Client, letter: Letter
) -> None:
    other = live.letter()
    form = dict(unlock_form(other, s="", link=other.url))
    answer = phone.post(f"/{letter.ref}/unlock", data=form)
    assert answer.headers["location"] == f"/{other.ref}/document"


# Without cookies, and the end


def test_a_browser_that_drops_cookies_reads_by_a_ticket(live: Live, letter: Letter) -> None:
    app = live.client(cookies=False)
    app.get(f"/{letter.ref}")
    answer = unlock(app, letter)
    ticket = re.fullmatch(rf"/{letter.ref}/t/([1-9A-Za-z]{{22}})/document", answer.headers["location"])
    assert ticket is not None
    assert "set-cookie" not in answer.headers
    page = app.get(answer.headers["location"])
    assert f"/{letter.ref}/t/{ticket[1]}/view.pdf" in page.text
    for name in ("page-1.png", "view.pdf", "bulletin.pdf?download"):
        assert app.get(f"/{letter.ref}/t/{ticket[1]}/{name}").status_code == 200
    other = live.letter()
    assert app.get(f"/{other.ref}/t/{ticket[1]}/view.pdf").status_code == 303
    rows = [row for row in live.rows()["link_session"] if "ticket" in row]
    assert len(rows) >= 1
    live.clock.push(minutes=2)
    assert app.get(f"/{letter.ref}/t/{ticket[1]}/view.pdf").status_code == 303


def test_one_opening_makes_one_session(live: Live, letter: Letter) -> None:
    before = len(live.rows()["link_session"])
    unlock(live.client(cookies=False), letter)
    assert len(live.rows()["link_session"]) == before + 1


def test_closing_ends_the_session_at_once(live: Live, phone: httpx.Client, letter: Letter) -> None:
    unlock(phone, letter)
    page = phone.get(f"/{letter.ref}/document")
    nonce = re.search(r"name=\"nonce\" value=\"([^\"]+)\"", page.text)
    assert nonce is not None
    cookie = phone.cookies[f"pli-{letter.ref}"]
    null = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert phone.post(f"/{letter.ref}/close", headers=null).status_code == 403
    closed = phone.post(f"/{letter.ref}/close", data={"nonce": nonce[1]}, headers=null)
    assert closed.status_code == 200
    assert "Le document est refermé" in closed.text
    assert f"pli:{letter.ref}" in closed.text
    assert "Max-Age=0" in closed.headers["set-cookie"]
    stolen = live.client()
    stolen.cookies.set(f"pli-{letter.ref}", cookie)
    assert stolen.get(f"/{letter.ref}/view.pdf").status_code == 303


def test_a_session_ends_after_a_quarter_of_an_hour(live: Live, phone: httpx.Client, letter: Letter) -> None:
    unlock(phone, letter)
    live.clock.push(minutes=14)
    assert phone.get(f"/{letter.ref}/view.pdf").status_code == 200
    live.clock.push(minutes=1)
    answer = phone.get(f"/{letter.ref}/view.pdf")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/{letter.ref}")


# No leak


def test_neither_secret_nor_password_is_written_anywhere(
    live: Live, phone: httpx.Client, letter: Letter, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    canary = "canari-" + secrets.token_hex(8)
    bodies = [
        unlock(phone, letter, canary),
        unlock(phone, letter, canary, s=letter.secret + "x"),
        phone.post(f"/{letter.ref}/unlock", files={"password": (None, canary), "s": (None, letter.secret)}),
        phone.post(f"/{letter.ref}/unlock", json={"password": canary, "s": letter.secret}),
        phone.post(f"/{letter.ref}/unlock", files={"link": ("a.txt", canary.encode())}),
        phone.post(f"/{letter.ref}/hello", json={"s": canary}),
        phone.post(f"/{letter.ref}/hello", content=f'{{"s": "{canary}'.encode()),
        phone.get(f"/{letter.ref}%23{letter.secret}"),
        phone.get(f"/{letter.ref}/{letter.secret}?password={canary}"),
        phone.put(f"/{letter.ref}/{letter.secret}", content=canary.encode()),
        unlock(phone, letter),
    ]
    assert all(canary not in each.text for each in bodies)
    holding = [each for each in bodies if letter.secret in each.text]
    assert [each.status_code for each in holding] == [403] * len(holding), (
        "given back after a failed try only"
    )
    lines = "\n".join(live.logs.lines)
    assert "/{ref}/unlock" in lines
    for secret in (canary, letter.secret, letter.password):
        assert secret not in lines
    assert list(tmp_path.iterdir()) == []
    for file in live.folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert letter.secret.encode() not in data, file.name
            assert canary.encode() not in data, file.name
            assert letter.password.encode() not in data, file.name


def test_delivered_texts_are_wiped_from_the_outbox(live: Live, letter: Letter) -> None:
    with live.rt.read() as session:
        (message,) = messages.of_document(session, letter.document_id)
    assert message.state == "delivered"
    assert (message.text_sealed, message.card_sealed) == (None, None)
    assert message.wiped_at is not None
