"""The wall of simulated phones in a browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.looking import overflow, violations
from tests.browser.test_opening import log_in
from tests.web.live import Live

pytestmark = pytest.mark.browser


@pytest.fixture
def wall(live: Live, open_page: Open) -> Page:
    page = open_page(1280)
    log_in(live, page)
    page.goto("/simulator", wait_until="domcontentloaded")
    return page


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_wall_fits_every_screen_and_axe_finds_nothing(live: Live, open_page: Open, width: int) -> None:
    page = open_page(width)
    log_in(live, page)
    page.goto("/simulator", wait_until="domcontentloaded")
    expect(page.locator(".phone")).to_have_count(12)
    assert overflow(page) == 0
    assert violations(page) == []
    page.get_by_text("Numéros d’essai").click()
    expect(page.get_by_text("Téléphone éteint")).to_be_visible()
    assert overflow(page) == 0


def test_stop_is_one_tap_and_an_answer_in_hand_survives_the_refresh(wall: Page) -> None:
    phone = wall.locator(".phone").nth(3)
    name = phone.get_by_role("heading").inner_text()
    phone.get_by_role("button", name="STOP").click()
    same = wall.locator(".phone").filter(has=wall.get_by_role("heading", name=name, exact=True))
    expect(same.locator(".said")).to_contain_text("STOP")
    typing = same.get_by_role("textbox")
    typing.fill("Bonjour, je")
    with wall.expect_response(
        lambda answer: answer.url.endswith("/simulator") and answer.request.method == "GET"
    ):
        pass
    wall.wait_for_timeout(300)
    expect(typing).to_have_value("Bonjour, je")


def test_a_tap_on_the_link_opens_it_and_is_told_to_the_sender(live: Live, wall: Page) -> None:
    letter = live.letter()
    wall.goto(f"/simulator?q=%2B{letter.phone[1:]}", wait_until="domcontentloaded")
    with wall.context.expect_page() as opened:
        wall.locator(f"a[href='{letter.url}']").click()
    expect(opened.value.get_by_text("Boulangerie Épi").filter(visible=True)).to_be_visible()
    for _ in range(40):
        if "card:tapped" in live.journal(letter):
            break
        wall.wait_for_timeout(500)
    wall.goto(f"/app/documents/{letter.document_id}")
    expect(wall.get_by_text("A touché «\u202fOuvrir le document\u202f»")).to_be_visible()


def test_what_happens_on_a_phone_appears_without_a_reload(live: Live, wall: Page) -> None:
    phone = live.house.application.phones.recent(live.house.organisation.id, limit=1, offset=0)[0]
    live.house.application.phones.set_power(live.house.organisation.id, phone.id, False)
    expect(wall.locator(f"#h-{phone.id} .phone__off")).to_be_visible(timeout=6_000)
    wall.locator(f"#h-{phone.id}").get_by_role("button", name="Allumé").click()
    expect(wall.locator(f"#h-{phone.id} .phone__off")).to_have_count(0)


def test_a_phone_taken_in_hand_shows_all_and_is_read(live: Live, wall: Page) -> None:
    phone = wall.locator(".phone").filter(has_text="non lu").first
    phone.get_by_role("button", name="non lu").click()
    expect(wall.locator(".phone")).to_have_count(1)
    expect(wall.get_by_role("heading", level=1)).to_be_visible()
    expect(wall.get_by_text("non lu")).to_have_count(0)
    assert violations(wall) == []
