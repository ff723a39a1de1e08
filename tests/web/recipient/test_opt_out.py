"""The page of an opt-out address: opening it ends nothing, one tap does, and nobody learns whose number it is."""

import html
import re

import pytest

from app.core.errors import KeysUnavailable
from app.db.queries import consents
from app.messaging.permission.consent import is_stopped
from app.usecases.consents.give_opt_out_link import give_opt_out_link
from tests.web.live import Live


def _address(live: Live, number: str) -> str:
    return give_opt_out_link(live.rt, live.house.organisation.id, number).removeprefix(
        live.rt.policies.link_url
    )


def _stopped(live: Live, number: str) -> bool:
    organisation_id = live.house.organisation.id
    with live.rt.read() as session:
        ledger = consents.ledger(session, organisation_id, live.rt.vault.phone_index(organisation_id, number))
    return is_stopped(ledger, "", live.rt.now())


def test_one_tap_ends_marketing_without_a_login(live: Live) -> None:
    number = "+33611009001"
    address, client = _address(live, number), live.client()
    shown = client.get(address)
    assert shown.status_code == 200
    assert "Ne plus recevoir de publicité" in html.unescape(shown.text)
    assert live.house.organisation.name in shown.text
    assert not _stopped(live, number)
    done = client.post(address)
    assert done.status_code == 200
    assert "C’est fait" in html.unescape(done.text)
    assert _stopped(live, number)
    assert "C’est fait" in html.unescape(client.get(address).text)


def test_opening_and_previews_end_nothing(live: Live) -> None:
    number = "+33611009002"
    address, client = _address(live, number), live.client()
    before = live.rows()
    for method in ("GET", "HEAD"):
        assert client.request(method, address).status_code == 200
    assert live.rows() == before
    assert not _stopped(live, number)


def test_the_page_names_no_number_and_no_document(live: Live) -> None:
    number = "+33611009003"
    page = live.client().get(_address(live, number)).text
    assert "611009003" not in page
    assert "11 00 90 03" not in page
    assert "Un document vous attend" not in html.unescape(page)
    assert len(page.encode()) < 30_000


def test_in_english(live: Live) -> None:
    page = html.unescape(live.client().get(_address(live, "+33611009004"), params={"lang": "en"}).text)
    assert "Stop marketing messages?" in page


@pytest.mark.parametrize("token", ["2222222222", "short", "0" * 10, "%2e%2e", "x" * 200])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_nobody_was_given_is_unknown(live: Live, token: str, method: str) -> None:
    assert live.client().request(method, f"/o/{token}").status_code == 404


@pytest.mark.parametrize("address", ["/o/2222222222", "/o/222", "/o/2222222222/", "/o/2222222222/Bonjour"])
def test_a_bad_address_speaks_of_advertising_and_not_of_a_document(live: Live, address: str) -> None:
    client = live.client()
    for lang, title, words in (
        ("fr", "Ce lien d’arrêt n’est pas reconnu", "Rien n’a changé"),
        ("en", "This opt-out link is not recognised", "Nothing has changed"),
    ):
        answer = client.get(address, params={"lang": lang})
        shown = html.unescape(answer.text)
        assert answer.status_code == 404
        assert title in shown
        assert words in shown
        assert f'href="{address}?lang=' in shown
        assert not re.search(r"\bdocument\b", re.sub(r"<script.*?</script>|<style.*?</style>", "", shown))


def test_a_service_that_is_down_says_that_the_opt_out_did_not_count(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = _address(live, "+33611009005")

    def down(*_: object) -> None:
        raise KeysUnavailable("no_keys", "the key store is away")

    monkeypatch.setattr("app.web.recipient.opt_out.opt_out_by_link", down)
    answer = live.client().post(address)
    assert answer.status_code == 503
    shown = html.unescape(answer.text)
    assert "Votre demande n’a pas pu être prise en compte" in shown
    assert f'href="{address}"' in shown
