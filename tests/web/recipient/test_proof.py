"""The proof of link, and whose form is accepted."""

import re
from typing import Any

import httpx
import pytest

from app.crypto import nonces
from app.crypto.passwords import Argon2Pool
from app.crypto.tokens import new_link_secret, new_ref
from app.web.templating import month_name
from tests.web.live import Letter, Live, unlock_form
from tests.web.recipient.acting import hello, unlock


def test_hello_tells_who_sends_only_to_whoever_holds_the_link(live: Live, letter: Letter) -> None:
    phone = live.client()
    assert hello(phone, letter.ref, letter.secret).json() == {
        "state": "live",
        "sender": "Boulangerie Épi",
        "contact": "paie@exemple.test ou 01 99 00 12 34",
        "contact_href": "mailto:paie@exemple.test",
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
