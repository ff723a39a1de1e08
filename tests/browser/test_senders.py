"""The pages of senders in a real browser: asked for, approved, and followed at work without a reload."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from app.db.models import Pace
from app.db.queries import organisations
from app.db.sending import pace
from app.messaging.timing import throttle
from tests.browser.conftest import Open, log_in_as_owner
from tests.browser.looking import overflow, small_targets, violations
from tests.web.live import Live

pytestmark = pytest.mark.browser


def ask(page: Page, kind: str, address: str) -> None:
    page.goto("/app/senders/new")
    page.check(f"[name=kind][value={kind}]")
    page.fill("[name=address]", address)
    page.click("button:has-text('Enregistrer la demande')")
    page.wait_for_url("**/app/senders/*-*")


def leave(live: Live, segments: int) -> None:
    """Let the name of the organisation send for half a minute, twenty messages a second."""
    with live.rt.begin() as session:
        sender = organisations.senders(session, live.house.organisation.id)["sms"]
        now, _ = pace.read_clocks(session, live.rt.timepiece)
        log = throttle.Pace(sender.rate)
        for at in range(int(timedelta(seconds=30) / timedelta(milliseconds=50))):
            log.take(now - 1 + at / 20, segments)
        session.merge(Pace(owner_id=sender.id, log=log.write()))


def test_a_sender_is_asked_for_approved_and_listed(open_page: Open) -> None:
    page = open_page(390)
    log_in_as_owner(page)
    page.click("[data-menu]")
    page.click("nav >> text=Expéditeurs")
    page.click("text=Demander un expéditeur")
    page.check("[name=kind][value=name]")
    page.fill("[name=address]", "Boulangerie Épi")
    page.click("button:has-text('Enregistrer la demande')")
    expect(page.locator("#f-address-error")).to_contain_text("onze caractères")
    expect(page.locator("[name=kind][value=name]")).to_be_checked()
    ask(page, "short_code_38", "38 012")
    expect(page.locator("h1")).to_have_text("38012")
    page.click("button:has-text('Accepté par l’opérateur')")
    expect(page.locator(".head .badge")).to_have_text("Accepté")
    expect(page.locator(".timeline li")).to_have_count(2)
    page.goto("/app/senders")
    expect(page.locator("tr", has_text="38012")).to_contain_text("France métropolitaine")


def test_the_figures_move_without_a_reload_and_a_tick_stays_ticked(open_page: Open, live: Live) -> None:
    page = open_page(1280)
    log_in_as_owner(page)
    page.goto("/app/senders")
    row = page.locator("#live tr", has_text="Nom affiché").first
    expect(row).to_contain_text("0 segment/s")
    page.check("[name=confirm]")
    leave(live, segments=3)
    expect(row).to_contain_text("20 messages/s", timeout=8000)
    expect(row).to_contain_text("60 segments/s")
    expect(page.locator("[name=confirm]")).to_be_checked()


@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_and_are_accessible(open_page: Open, width: int) -> None:
    page = open_page(width)
    log_in_as_owner(page)
    name = "a.cell-main[href^='/app/senders/']"
    page.goto("/app/senders")
    addresses = ["/app/senders", "/app/senders/new", str(page.locator(name).first.get_attribute("href"))]
    for lang in ("fr", "en"):
        for address in addresses:
            page.goto(f"{address}?lang={lang}")
            assert overflow(page) == 0, address
            assert violations(page) == [], address
            if width == 390:
                assert small_targets(page) == [], address
