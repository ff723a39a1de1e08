"""The editor of texts: the counter follows the typing, by the server's own count."""

import re

import pytest
from playwright.sync_api import expect

from app.carriers.base import Inbound
from app.messaging.sending.senders import Kind
from app.usecases.consents.give_opt_out_link import give_opt_out_link
from app.usecases.messages.record_inbound import record_inbound
from tests.browser.conftest import Open, log_in_as_owner
from tests.browser.looking import overflow, violations
from tests.senders import add_sender
from tests.web.live import Live

pytestmark = pytest.mark.browser


def test_the_counter_follows_the_typing(open_page: Open, live: Live) -> None:
    page = open_page(1280)
    log_in_as_owner(page)
    page.goto("/app/templates/payslip_notice/sms/fr")
    segments = page.locator("#count .stat__value").first
    expect(segments).to_have_text("1")
    text = page.locator("#text")
    typed = text.input_value()
    text.press_sequentially(" Bonne journée à tous, et merci de votre confiance !", delay=0)
    expect(segments).to_have_text("2")
    text.fill(typed.replace("{link}", ""))
    expect(page.locator("#count")).to_contain_text("personne ne peut ouvrir son document")
    text.fill(typed + " l’été")
    expect(page.locator("#count table")).to_contain_text("right single quotation mark")


def test_values_pasted_from_a_list_are_kept_while_typing(open_page: Open, live: Live) -> None:
    page = open_page(390)
    log_in_as_owner(page)
    page.goto("/app/templates/new")
    page.fill("input[name=key]", "rendez_vous")
    page.fill("#text", "Bonjour {prenom}")
    values = page.locator("textarea[name='list.prenom']")
    values.fill("Li\nMaximilienne")
    expect(page.locator("#count .bubble")).to_have_text("Bonjour Maximilienne")
    page.locator("#text").press_sequentially(" !")
    expect(page.locator("#count .bubble")).to_have_text("Bonjour Maximilienne !")
    expect(values).to_have_value(re.compile("Maximilienne"))
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


def test_one_tap_on_the_opt_out_page(open_page: Open, live: Live) -> None:
    address = give_opt_out_link(live.rt, live.house.organisation.id, "+33611008001")
    page = open_page("iPhone 14")
    page.goto(address.removeprefix(live.rt.policies.link_url))
    page.click("button")
    expect(page.locator("h1")).to_have_text("C’est fait")


def test_a_person_who_wrote_is_answered_on_any_screen(open_page: Open, live: Live) -> None:
    add_sender(live.rt, live.house.organisation.id, Kind.LONG_CODE_09, "+33937000009")
    record_answer(live, "À quelle heure ouvrez-vous ?", "+33611008003")
    for width in (390, 1280):
        page = open_page(width)
        log_in_as_owner(page)
        page.goto("/app/inbox?show=all")
        page.locator("li", has_text="À quelle heure").locator("a.btn").click()
        assert overflow(page) == 0
        assert violations(page) == []
        page.fill("#text", f"Dès 9 h. ({width})")
        page.click("button:has-text('Envoyer')")
        expect(page.locator(".talk__line--ours").last).to_contain_text(f"Dès 9 h. ({width})")
        expect(page.locator("#text")).to_have_value("")
        assert overflow(page) == 0


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    "path",
    [
        "/app/templates",
        "/app/templates/new",
        "/app/templates/payslip_notice/sms/fr",
        "/app/inbox?show=all",
        "/app/consents",
        "/app/rules",
        "/app/rules?edit=house-marketing",
    ],
)
def test_pages_fit_and_are_accessible(open_page: Open, live: Live, path: str, width: int) -> None:
    record_answer(live, "laissez-moi tranquille")
    page = open_page(width)
    log_in_as_owner(page)
    page.goto(path)
    if path == "/app/consents":
        page.fill("input[name=number]", "0611008002")
        page.click("button:has-text('Voir')")
    assert overflow(page) == 0
    assert violations(page) == []


def record_answer(live: Live, text: str, number: str = "+33611008002") -> None:
    answer = Inbound(live.house.organisation.id, number, "EPI", text, live.rt.now(), f"answer {text}")
    record_inbound(live.rt, answer)


@pytest.mark.parametrize("width", [320, 1280])
def test_erasing_a_number_asks_first_on_any_screen(open_page: Open, live: Live, width: int) -> None:
    page = open_page(width)
    log_in_as_owner(page)
    page.goto("/app/consents")
    page.get_by_label("Numéro de mobile").fill("06 11 00 80 09")
    page.get_by_role("button", name="Voir").click()
    page.get_by_role("button", name="Effacer le numéro").click()
    expect(page.get_by_role("heading", name="Ce qui disparaît")).to_be_visible()
    assert overflow(page) == 0
    assert violations(page) == []
    page.get_by_role("button", name="Ne pas effacer").click()
    expect(page.get_by_role("heading", name="06 11 00 80 09")).to_be_visible()
    page.get_by_role("button", name="Effacer le numéro").click()
    page.get_by_label("J’efface ce numéro, définitivement.").check()
    page.get_by_role("button", name="Effacer le numéro").click()
    expect(page.get_by_role("status").first).to_contain_text("Numéro et échange effacés")
