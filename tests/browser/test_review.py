"""A clerk works through the review: the first row is in sight, and she keeps her place from row to row."""

from datetime import date

import pytest
from playwright.sync_api import Locator, Page, expect

from app.documents.sample_payroll import make_sample
from app.usecases.batches.receive_batch import BatchOptions
from tests.browser.conftest import Open
from tests.browser.test_opening import log_in
from tests.web.live import Live

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def review(live: Live) -> str:
    """A review with everything that can stand above its rows: the files came before, and are of another month."""
    sample = make_sample(5, date(2026, 5, 1), people=60)
    for _ in range(2):
        batch = live.house.receive(
            {"bulletins.pdf": sample.pdf},
            ("effectif.xlsx", sample.sheet_xlsx),
            BatchOptions(title="Paie de mai", period="2026-04"),
        )
        live.house.run()
    return f"/app/batches/{batch.id}/review"


def top(row: Locator) -> float:
    return float(row.evaluate("row => row.getBoundingClientRect().top"))


def in_sight(page: Page, row: Locator) -> bool:
    """Whether the name of a row lies between what stays at the top of the window and the bar at its bottom."""
    return bool(
        row.locator(".slip__name").evaluate(
            """name => {
                const box = name.getBoundingClientRect();
                const seen = document.elementFromPoint(box.left + 4, box.top + box.height / 2);
                return box.top >= 0 && box.bottom <= innerHeight && name.contains(seen);
            }"""
        )
    )


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_first_row_is_in_sight_below_all_that_is_said_of_the_batch(
    live: Live, open_page: Open, review: str, width: int, height: int
) -> None:
    page = open_page(width, viewport={"width": width, "height": height})
    log_in(live, page)
    page.goto(review)
    assert page.locator(".remark").count() == 3
    assert in_sight(page, page.locator(".slip").first)
    page.get_by_text("Ces fichiers ont déjà été déposés", exact=True).click()
    expect(page.get_by_role("button", name="Envoyer de nouveau ces fichiers")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_next_blocked_row_stands_where_the_settled_one_stood(
    live: Live, open_page: Open, review: str, width: int, height: int, script: bool
) -> None:
    page = open_page(width, viewport={"width": width, "height": height}, java_script_enabled=script)
    log_in(live, page)
    page.goto(f"{review}?show=blocking")
    rows = page.locator(".slip")
    ids = rows.evaluate_all("rows => rows.map(row => row.id)")
    assert len(ids) > 5
    worked, heir = page.locator(f"#{ids[2]}"), page.locator(f"#{ids[3]}")
    exclude = worked.get_by_role("button", name="Exclure")
    exclude.scroll_into_view_if_needed()
    before = top(worked)
    lowest = float(worked.evaluate("row => parseFloat(getComputedStyle(row).scrollMarginTop)"))
    with page.expect_navigation():
        exclude.click()
    expect(page.locator(f"article#{ids[2]}")).to_have_count(0)
    assert in_sight(page, heir)
    if script:
        assert abs(top(heir) - max(before, lowest)) <= 2
    # Back among the others for the next of these tests.
    page.goto(f"{review}?show=unsent")
    with page.expect_navigation():
        page.locator(f"#{ids[2]}").get_by_role("button", name="Remettre dans l’envoi").click()


@pytest.mark.parametrize("script", [True, False])
def test_among_all_rows_the_one_just_worked_on_stays_in_sight(
    live: Live, open_page: Open, review: str, script: bool
) -> None:
    page = open_page(1280, viewport={"width": 1280, "height": 800}, java_script_enabled=script)
    log_in(live, page)
    page.goto(review)
    before = page.locator(".slip").evaluate_all("rows => rows.map(row => row.id)")
    worked = page.locator(f"#{before[4]}")
    for button in ("Exclure", "Remettre dans l’envoi"):
        act = worked.get_by_role("button", name=button)
        act.scroll_into_view_if_needed()
        height = top(worked)
        with page.expect_navigation():
            act.click()
        assert page.locator(".slip").evaluate_all("rows => rows.map(row => row.id)") == before
        assert in_sight(page, worked)
        if script:
            assert abs(top(worked) - height) <= 2
