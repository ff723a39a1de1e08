"""The password: what opens, what waits, what is counted, and how a reading ends."""

import re

import httpx
import pytest

from app.crypto.passwords import Argon2Pool
from links.lifecycle import revoke_documents
from tests.web.live import Letter, Live, unlock_form
from tests.web.recipient.acting import hello, unlock


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


@pytest.mark.parametrize(("typed", "capitals"), [("7k3m-9qxf", False), ("motdepasse-9", True), ("Zm4", True)])
def test_capitals_are_spoken_of_only_where_they_matter(
    live: Live, phone: httpx.Client, letter: Letter, typed: str, capitals: bool
) -> None:
    page = unlock(phone, letter, typed)
    assert ("Vérifiez les majuscules" in page.text) is capitals
    assert "les caractères proches, comme 5 et S" in page.text
    english = phone.post(f"/{letter.ref}/unlock?lang=en", data=dict(unlock_form(letter, typed)))
    assert ("Check capitals" in english.text) is capitals


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
    assert "Trop d’essais" in limited.text
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
