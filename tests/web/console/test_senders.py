"""The page of senders: who sees what, who may change what, and what is said when something does not go."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.messaging.sending.senders import PROFILES, Kind
from app.usecases.senders.show_senders import show_senders
from tests.web.console.office import Browser, Office, add_person, open_office, words

MOBILE = "06 12 34 56 78"


@pytest.fixture
def office(tmp_path: Path, database_url: str) -> Iterator[Office]:
    """An office for each test, on SQLite and on PostgreSQL."""
    with open_office(tmp_path / "data", database_url=database_url) as opened:
        yield opened


def admin(office: Office) -> Browser:
    """Somebody who administers the organisation and does not own it."""
    add_person(office.rt, office.house.organisation.id, "admin")
    return office.browser("admin")


def ask(browser: Browser, kind: str, address: str) -> Any:
    browser.get("/app/senders/new")
    return browser.post("/app/senders", kind=kind, address=address)


def address_of(office: Office, address: str) -> str:
    """The page of a sender."""
    found = show_senders(office.rt, office.house.organisation.id).senders
    return next(f"/app/senders/{one.id}" for one in found if one.address == address)


def test_one_row_tells_everything_of_a_sender(office: Office) -> None:
    said = words(office.browser().get("/app/senders"))
    for part in (
        "EPI",
        "Nom affiché · SMS",
        "Accepté",
        "Utile, Commercial, Alerte",
        "Tous les pays, sauf Canada, Porto Rico, États-Unis",
        "Accusés de réception",
        "Pas de réponse possible",
        "100 segments/s au plus",
        "Pour l’obtenir : jusqu’à 2 semaines, sans abonnement",
        "0 message/s",
        "0 segment/s",
    ):
        assert part in said, part


def test_a_clerk_finds_the_page_in_the_menu_and_in_the_settings(office: Office) -> None:
    clerk = office.browser()
    assert clerk.get("/app/settings").text.count('href="/app/senders"') == 2
    assert 'href="/app/senders/new"' not in clerk.get("/app/senders").text


def test_a_sender_is_asked_for_approved_and_followed(office: Office) -> None:
    boss = admin(office)
    answer = ask(boss, "short_code_38", "38 012")
    assert "Demande enregistrée." in words(answer)
    here = answer.url.path
    assert here == address_of(office, "38012")
    assert "Demandé" in words(answer)
    assert "Admin Exemple" in words(answer)
    assert "France métropolitaine" in words(answer)
    answer = boss.post(here, state="waiting")
    assert "L’opérateur étudie la demande" in words(answer)
    answer = boss.post(here, state="approved")
    assert answer.url.path == here
    assert "État enregistré." in words(answer)
    assert words(answer).count("Admin Exemple") >= 3
    assert re.search(r"38012.*?Accepté", words(boss.get("/app/senders")))


@pytest.mark.parametrize(
    ("kind", "address", "said"),
    [
        ("name", "Boulangerie", "Demande enregistrée."),
        ("name", "Boulangerie Épi", "Un nom affiché a onze caractères au plus."),
        ("name", "Épi", "Un nom affiché n’a que des lettres sans accent"),
        ("name", "36105", "Un nom affiché ne peut pas être fait de chiffres seulement"),
        ("name", "epi", "Votre organisation a déjà cet expéditeur"),
        ("short_code_36", "38012", "a cinq chiffres et commence par 36"),
        ("short_code_38", "36105", "a cinq chiffres et commence par 38"),
        ("long_code_09", MOBILE, "commence par 09 37, 09 38 ou 09 39"),
        ("long_code_06", MOBILE, "Les numéros 06 et 07 sont désactivés"),
        ("rcs_agent", " ", "Donnez le nom de l’agent"),
        ("pigeon", "EPI", "Choisissez une des sortes d’expéditeur"),
    ],
)
def test_what_is_wrong_with_an_address_is_said_at_the_field(
    office: Office, kind: str, address: str, said: str
) -> None:
    owner = office.browser("owner")
    answer = ask(owner, kind, address)
    assert said in words(answer)
    if answer.status_code == 422:
        assert f'value="{address}"' in answer.text
        assert len(show_senders(office.rt, office.house.organisation.id).senders) == 2


def test_every_kind_is_offered_in_words_in_both_languages(office: Office) -> None:
    for lang in ("fr", "en"):
        page = office.browser("owner").get("/app/senders/new", lang=lang)
        assert page.status_code == 200
        assert page.text.count('type="radio"') == len(Kind)
    assert office.browser("owner").get("/app/senders", lang="en").status_code == 200
    owner = office.browser("owner")
    for kind, address in (("short_code_36", "36105"), ("long_code_09", "0937123456"), ("rcs_agent", "Épi")):
        ask(owner, kind, address)
        assert owner.get(address_of(office, "+33937123456" if kind == "long_code_09" else address), lang="en")
    assert {profile.off for profile in PROFILES.values()} == {"", "arcep-2018-0881-2022-1583"}


def test_a_role_that_may_not_configure_looks_only(office: Office) -> None:
    here = address_of(office, "EPI")
    for role in ("clerk", "releaser", "auditor"):
        browser = office.browser(role)
        assert "Seule une personne qui administre" in words(browser.get(here))
        assert browser.post(here, state="disabled", confirm="yes").status_code == 403
        assert browser.post("/app/senders", kind="name", address="X").status_code == 403
        assert browser.get("/app/senders/new").status_code == 403
        answer = browser.post("/app/senders/kinds", kind="long_code_06", on="yes", confirm="yes")
        assert answer.status_code == 403
    assert "Accepté" in words(office.browser().get(here))


def test_disabling_the_last_sender_warns_first(office: Office) -> None:
    owner, here = office.browser("owner"), address_of(office, "EPI")
    assert "C’est le dernier expéditeur accepté pour ce canal (SMS)" in words(owner.get(here))
    answer = owner.post(here, state="disabled")
    assert answer.status_code == 422
    assert "Plus rien ne partirait par ce canal" in words(answer)
    assert "Accepté" in words(answer)
    answer = owner.post(here, state="disabled", confirm="yes")
    assert answer.status_code == 200
    assert "Aucun expéditeur SMS n’est accepté" in words(owner.get("/app/senders"))


def test_only_an_owner_turns_mobile_numbers_on_having_read_why_they_are_off(office: Office) -> None:
    boss = admin(office)
    page = boss.get("/app/senders")
    assert "décisions 2018-0881 et 2022-1583" in words(page)
    assert "Seule une personne propriétaire" in words(page)
    refused = boss.post("/app/senders/kinds", kind="long_code_06", on="yes", confirm="yes")
    assert refused.status_code == 403
    owner = office.browser("owner")
    owner.get("/app/senders")
    unread = owner.post("/app/senders/kinds", kind="long_code_06", on="yes")
    assert (unread.status_code, "Cochez la case" in words(unread)) == (422, True)
    answer = owner.post("/app/senders/kinds", kind="long_code_06", on="yes", confirm="yes")
    assert "Autorisé par Owner Exemple" in words(answer)
    asked = ask(boss, "long_code_06", MOBILE)
    assert "06 12 34 56 78" in words(asked)
    assert "10 segments/s au plus" in words(asked)
    here = asked.url.path
    assert boss.post(here, state="approved").status_code == 200
    owner.get("/app/senders")
    answer = owner.post("/app/senders/kinds", kind="long_code_06", on="")
    assert "Désactivé par Owner Exemple" in words(answer)
    closed = words(boss.get(here))
    assert "Désactivé par défaut : voir pourquoi." in closed
    assert 'name="state"' not in boss.get(here).text


def test_a_step_that_somebody_else_took_meanwhile_is_told(office: Office) -> None:
    owner = office.browser("owner")
    here = ask(owner, "short_code_36", "36105").url.path
    owner.post(here, state="refused")
    answer = owner.post(here, state="waiting")
    assert (answer.status_code, "a changé d’état entre-temps" in words(answer)) == (422, True)


def test_the_sender_of_another_organisation_does_not_exist(office: Office) -> None:
    owner = office.browser("owner")
    missing = "/app/senders/00000000-0000-4000-8000-000000000000"
    assert owner.get(missing).status_code == 404
    assert owner.post(missing, state="approved").status_code == 404


def test_an_open_page_hears_the_table_once_while_nothing_changes(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an open page hears, in its own language: the table, and nothing more while nothing changes."""
    monkeypatch.setattr("app.web.console.senders.LOOK_EVERY_SECONDS", 0.01)
    monkeypatch.setattr("app.web.console.senders.LONGEST_STREAM_SECONDS", 0.5)
    owner = office.browser("owner")
    (address,) = re.findall(r'connect="([^"]+)"', owner.get("/app/senders", lang="en").text)
    heard = owner.client.get(address)
    assert heard.headers["content-type"].startswith("text/event-stream")
    assert heard.text.count("<table") == 1
    assert "<html" not in heard.text
    assert "Name shown" in heard.text
