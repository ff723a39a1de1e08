"""How pages sit on the screen where a clerk once tripped: side by side, one below the other, and large enough to read."""

from datetime import date

import pytest
from playwright.sync_api import FilePayload, FloatRect, Locator, Page, expect

from app.documents.sample_payroll import SamplePayroll, make_sample
from app.usecases.batches.receive_batch import BatchOptions
from tests.browser.conftest import Open, log_in_as_owner
from tests.browser.looking import overflow, violations
from tests.browser.test_opening import log_in
from tests.web.live import Live

pytestmark = pytest.mark.browser
UNKNOWN_COLUMNS = "Numéro interne;Nom;Prénom;Coordonnées;Sésame\n00004200;EXEMPLE;Aïcha;0612345678;7K3M9QXF\n"


@pytest.fixture(scope="module")
def sample() -> SamplePayroll:
    return make_sample(5, date(2023, 5, 1), people=40)


@pytest.fixture(scope="module")
def review(live: Live, sample: SamplePayroll) -> str:
    """The address of a review with rows of every kind."""
    batch = live.house.receive(
        {"bulletins.pdf": sample.pdf}, ("effectif.xlsx", sample.sheet_xlsx), BatchOptions(title="Regards")
    )
    live.house.run()
    return f"/app/batches/{batch.id}/review"


def box(place: Locator) -> FloatRect:
    found = place.bounding_box()
    assert found is not None
    return found


def tops(places: Locator) -> list[int]:
    return [round(box(place)["y"]) for place in places.all()]


# Forms


def test_without_script_the_two_boxes_for_files_stand_beside_each_other(live: Live, open_page: Open) -> None:
    page = open_page(1280, java_script_enabled=False)
    log_in(live, page)
    page.goto("/app/batches/new")
    card = box(page.locator(".card", has=page.locator(".drop")))
    first, second = (box(zone) for zone in page.locator(".drop__zone").all())
    assert first["x"] + first["width"] <= second["x"]
    assert second["x"] + second["width"] <= card["x"] + card["width"]


def test_an_error_under_one_box_moves_no_other(live: Live, open_page: Open, sample: SamplePayroll) -> None:
    page = open_page(1280)
    log_in(live, page)
    page.goto("/app/batches/new")
    page.get_by_label("Titre").fill("Liste vide")
    for field, name, data in (("documents", "bulletins.pdf", sample.pdf), ("people", "vide.csv", b"")):
        file = FilePayload(name=name, mimeType="application/octet-stream", buffer=data)
        page.set_input_files(f"[name={field}]", file)
    page.get_by_role("button", name="Déposer et vérifier").click()
    error = page.locator("#f-people-error")
    expect(error).to_contain_text("vide.csv")
    expect(page.locator("#f-documents-error")).to_have_count(0)
    left, right = page.locator(".drop__zone").all()
    assert box(left)["y"] == box(right)["y"]
    assert box(left)["x"] < box(right)["x"] <= box(error)["x"]
    assert violations(page) == []


def test_a_mistake_in_the_columns_moves_no_other_field(
    live: Live, open_page: Open, sample: SamplePayroll
) -> None:
    batch = live.house.receive(
        {"bulletins.pdf": sample.pdf},
        ("effectif.csv", UNKNOWN_COLUMNS.encode()),
        BatchOptions(title="Colonnes"),
    )
    live.house.run()
    page = open_page(1280)
    log_in(live, page)
    page.goto(f"/app/batches/{batch.id}/mapping")
    page.get_by_role("button", name="Continuer").click()
    assert page.locator(".field .error").count() > 0
    boxes = tops(page.locator(".grid--2 select"))
    assert len(boxes) == 9
    assert [len(set(boxes[row : row + 3])) for row in (0, 3, 6)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/app/templates/new", ["key", "channel", "language"]), ("/app/rules", ["stop_code", "stop_scope"])],
)
def test_a_list_to_choose_from_is_as_high_as_a_box_to_write_in(
    live: Live, open_page: Open, path: str, fields: list[str]
) -> None:
    page = open_page(1280)
    log_in_as_owner(page)
    page.goto(path)
    boxes = [box(page.locator(f"#f-{name}")) for name in fields]
    assert max(each["height"] for each in boxes) - min(each["height"] for each in boxes) <= 2
    assert len({round(each["y"]) for each in boxes}) == 1


def test_the_chosen_list_of_answers_is_marked(live: Live, open_page: Open) -> None:
    page = open_page(390)
    log_in(live, page)
    for path, chosen in (("/app/inbox", "À traiter"), ("/app/inbox?show=all", "Toutes")):
        page.goto(path)
        tabs = page.get_by_role("navigation", name="Réponses").get_by_role("link")
        assert [tab.inner_text() for tab in tabs.all() if tab.get_attribute("aria-current") == "page"] == [
            chosen
        ]
        looks = {
            tab.inner_text(): tab.evaluate("each => getComputedStyle(each).backgroundColor")
            for tab in tabs.all()
        }
        assert len(set(looks.values())) == 2


# The review


def test_the_actions_of_a_row_stand_in_line(live: Live, open_page: Open, review: str) -> None:
    page = open_page(1280)
    log_in(live, page)
    page.goto(f"{review}?show=blocking", wait_until="domcontentloaded")
    for row in page.locator(".slip:not(.slip--dense)").all():
        signs = row.locator(".slip__actions .icon:first-child").all()
        assert len({round(box(sign)["x"]) for sign in signs}) <= 1


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_nothing_of_a_row_drops_alone_to_another_line(
    live: Live, open_page: Open, review: str, width: int
) -> None:
    page = open_page(width)
    log_in(live, page)
    page.goto(f"{review}?show=blocking", wait_until="domcontentloaded")
    rows = page.locator(".slip__actions:has(details):has-text('Exclure')")
    assert rows.count() > 0
    for row in rows.all():
        correct, exclude = box(row.locator("details")), box(row.get_by_role("button", name="Exclure"))
        assert abs(correct["y"] + correct["height"] / 2 - exclude["y"] - exclude["height"] / 2) <= 2
        assert correct["x"] + correct["width"] <= exclude["x"]


@pytest.mark.parametrize("show", ["all", "blocking"])
def test_the_bar_leaves_a_small_phone_its_rows(live: Live, open_page: Open, review: str, show: str) -> None:
    page = open_page(320, viewport={"width": 320, "height": 640})
    log_in(live, page)
    page.goto(f"{review}?show={show}", wait_until="domcontentloaded")
    assert box(page.locator(".release"))["height"] <= 640 / 5
    # What is not to be seen is still to be heard.
    assert page.locator("#release-reason").inner_text().strip()


# The page of a payslip, large


def preview(live: Live, page: Page, review: str) -> Locator:
    """The dialog, opened from a payslip of two pages."""
    log_in(live, page)
    page.goto(f"{review}?show=blocking", wait_until="domcontentloaded")
    page.locator("a.thumb[data-pages='2']").first.click()
    dialog = page.locator("#preview")
    expect(dialog.locator("img")).to_be_visible()
    return dialog


def width_of(dialog: Locator) -> float:
    return box(dialog.locator("img"))["width"]


def test_the_focus_goes_into_the_page_and_comes_back(live: Live, open_page: Open, review: str) -> None:
    page = open_page(1280)
    dialog = preview(live, page, review)
    expect(dialog.get_by_role("region")).to_be_focused()
    assert violations(page) == []
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('#preview')"
        )
    for leave in ("Escape", "button"):
        if leave == "button":
            page.locator("a.thumb[data-pages='2']").first.click()
            dialog.get_by_role("button", name="Fermer").click()
        else:
            page.keyboard.press(leave)
        expect(dialog).to_be_hidden()
        expect(page.locator("a.thumb[data-pages='2']").first).to_be_focused()


def test_the_page_is_read_with_the_keyboard_alone(live: Live, open_page: Open, review: str) -> None:
    page = open_page(1280)
    dialog = preview(live, page, review)
    whole = width_of(dialog)
    page.keyboard.press("ArrowRight")
    expect(dialog.locator("[data-preview-count]")).to_have_text("2 / 2")
    page.keyboard.press("ArrowLeft")
    expect(dialog.locator("[data-preview-count]")).to_have_text("1 / 2")
    for _ in range(3):
        page.keyboard.press("+")
    assert width_of(dialog) == pytest.approx(whole * 1.25**3, abs=2)
    expect(dialog.locator("img")).to_have_js_property("complete", True)
    expect(dialog.locator("[data-preview-level]")).to_have_text("195\u00a0%")
    page.keyboard.press("ArrowRight")  # scrolls now
    expect(dialog.locator("[data-preview-count]")).to_have_text("1 / 2")
    page.keyboard.press("-")
    assert width_of(dialog) == pytest.approx(whole * 1.25**2, abs=2)
    page.keyboard.press("0")
    assert width_of(dialog) == pytest.approx(whole, abs=1)
    expect(dialog.get_by_role("button", name="Réduire")).to_be_disabled()


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_the_page_fills_the_screen_and_a_finger_zooms(
    live: Live, open_page: Open, review: str, width: int
) -> None:
    page = open_page(width, has_touch=True, is_mobile=True)
    dialog = preview(live, page, review)
    assert box(dialog)["width"] == width
    assert width_of(dialog) >= width - 1
    assert overflow(page) == 0
    dialog.locator("img").tap(position={"x": 60, "y": 120})
    assert width_of(dialog) == pytest.approx(width * 2.25, abs=3)
    dialog.locator("img").tap(position={"x": 60, "y": 120})
    assert width_of(dialog) == pytest.approx(width, abs=1)
    dialog.get_by_role("button", name="Agrandir").tap()
    assert width_of(dialog) == pytest.approx(width * 1.25, abs=2)


def test_two_fingers_zoom_around_where_they_are(live: Live, open_page: Open, review: str) -> None:
    page = open_page(390, has_touch=True, is_mobile=True)
    dialog = preview(live, page, review)
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *places: tuple[int, int]) -> None:
        points = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", (150, 400), (250, 400))
    fingers("touchMove", (100, 400), (300, 400))
    fingers("touchEnd")
    assert width_of(dialog) == pytest.approx(780, abs=4)
    left: int = dialog.get_by_role("region").evaluate("each => each.scrollLeft")
    assert left == pytest.approx(200, abs=4)


def test_what_is_awaited_is_never_another_persons_page(live: Live, open_page: Open, review: str) -> None:
    page = open_page(1280)
    dialog = preview(live, page, review)
    page.keyboard.press("Escape")
    page.route("**/pages/1.png*", lambda route: None)
    page.locator("a.thumb[data-pages='1']").first.click()
    expect(dialog).to_be_visible()
    expect(dialog.locator("img")).to_be_hidden()


def test_a_page_that_cannot_be_drawn_says_so(live: Live, open_page: Open, review: str) -> None:
    page = open_page(1280)
    log_in(live, page)
    page.goto(f"{review}?show=blocking", wait_until="domcontentloaded")
    page.route("**/pages/1.png", lambda route: route.fulfill(status=422, body=""))
    page.route("**/pages/1.png?size=zoom", lambda route: route.fulfill(status=422, body=""))
    page.locator("a.thumb[data-pages='2']").first.click()
    expect(page.locator("[data-preview-failed]")).to_have_text("Cette page ne peut pas être dessinée.")


# The simulated phones


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_simulated_phone_keeps_its_head_and_its_switches_in_line(
    live: Live, open_page: Open, width: int
) -> None:
    page = open_page(width)
    log_in(live, page)
    page.goto("/simulator", wait_until="domcontentloaded")
    page.evaluate(
        "() => document.querySelectorAll('.phone__number').forEach(each => { each.textContent = '+262 692 12 34 56'; })"
    )
    for phone in page.locator(".phone").all():
        assert len(set(tops(phone.locator(".toggle")))) == 1
        heads = phone.locator(".got .phone__meta")
        if heads.count():
            screen, head = box(phone.locator(".phone__screen")), box(heads.last)
            assert head["y"] >= screen["y"]
            assert head["y"] + head["height"] <= screen["y"] + screen["height"]
    assert overflow(page) == 0
    assert violations(page) == []


def test_a_reminder_shows_on_the_phone_that_was_tapped(live: Live, open_page: Open) -> None:
    letter = live.letter()
    page = open_page(390)
    log_in(live, page)
    page.goto(f"/simulator?q=%2B{letter.phone[1:]}", wait_until="domcontentloaded")
    page.get_by_role("button", name="Me le rappeler").click()
    expect(page.locator(".phone__act")).to_contain_text("« Lire mon document »")
