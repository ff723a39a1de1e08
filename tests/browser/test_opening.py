"""A person opens what they received, on a phone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from app.web.auth import console_cookie
from links.lifecycle import revoke_documents
from tests.browser.conftest import Open
from tests.browser.looking import overflow, violations
from tests.web.live import Letter, Live

pytestmark = pytest.mark.browser


def type_password(page: Page, password: str) -> None:
    page.get_by_label("Mot de passe", exact=True).fill(password)
    page.get_by_role("button", name="Ouvrir").click()


def greeted(page: Page) -> None:
    """Wait until the page has proved its link and says who sends."""
    expect(page.get_by_text("Boulangerie Épi").filter(visible=True)).to_be_visible()


def read(page: Page) -> None:
    """Wait until PDF.js has drawn over the image."""
    expect(page.locator("html")).to_have_attribute("data-viewer", "ready", timeout=20_000)


@pytest.mark.parametrize("device", ["iPhone 14", "Pixel 7"])
def test_from_the_simulated_phone_to_the_saved_file(
    live: Live, letter: Letter, open_page: Open, device: str, tmp_path: Path
) -> None:
    wall = open_page(device)
    log_in(live, wall)
    wall.goto(f"/simulator?q=%2B{letter.phone[1:]}", wait_until="domcontentloaded")
    with wall.context.expect_page() as opened:
        wall.get_by_role("link", name="Ouvrir le document").click()
    page = opened.value
    expect(page.get_by_role("heading", name="Bulletin de paie")).to_be_visible()
    greeted(page)
    assert page.url == f"{live.base}/{letter.ref}", "the secret has left the address bar"

    type_password(page, "pas le bon")
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("Mot de passe incorrect")
    expect(page.get_by_text("Il reste 19 essais")).to_be_visible()

    type_password(page, letter.password)
    expect(page).to_have_url(re.compile(rf"/{letter.ref}/document$"))
    read(page)
    expect(page.locator("[data-page='1'] canvas")).to_be_visible()
    expect(page.locator("[data-page='1'] .text")).to_contain_text("NET")
    assert overflow(page) == 0

    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger").click()
    expect(page.get_by_text("le fichier arrive dans vos téléchargements")).to_be_visible()
    file = tmp_path / "saved.pdf"
    download.value.save_as(file)
    assert download.value.suggested_filename == f"bulletin-de-paie-{letter.period}.pdf"
    assert live.is_sealed_part(letter, file.read_bytes())

    page.get_by_role("button", name="Fermer").click()
    expect(page.get_by_role("heading", name="Le document est refermé")).to_be_visible()
    page.goto(f"/{letter.ref}/document")
    expect(page).to_have_url(f"{live.base}/{letter.ref}")
    expect(page.get_by_label("Collez ici le lien reçu")).to_be_visible()


def log_in(live: Live, page: Page) -> None:
    clerk = live.clerk()
    name = console_cookie(live.app.state.web)
    page.context.add_cookies([{"name": name, "value": clerk.cookies[name], "url": live.base}])


def test_without_script_the_link_is_pasted(letter: Letter, open_page: Open) -> None:
    page = open_page("iPhone 14", java_script_enabled=False)
    page.goto(letter.url)
    page.get_by_label("Collez ici le lien reçu").fill(f" {letter.url} ")
    type_password(page, "pas le bon")
    expect(page.get_by_text("Mot de passe incorrect")).to_be_visible()
    expect(page.get_by_label("Collez ici le lien reçu")).to_have_count(0)
    type_password(page, letter.password)
    expect(page.get_by_role("img", name="Bulletin de paie, première page")).to_be_visible()
    expect(page.get_by_role("link", name="Ouvrir le PDF")).to_be_visible()
    page.get_by_role("button", name="Fermer").click()
    expect(page.get_by_role("heading", name="Le document est refermé")).to_be_visible()


@pytest.mark.parametrize("mark", ["%23", "%2523", "/"])
def test_a_link_whose_mark_was_mangled_opens_all_the_same(
    live: Live, letter: Letter, open_page: Open, mark: str
) -> None:
    page = open_page("Pixel 7")
    page.goto(letter.url.replace("#", mark))
    greeted(page)
    assert page.url == f"{live.base}/{letter.ref}"
    type_password(page, letter.password)
    expect(page).to_have_url(re.compile("/document$"))


def test_a_refresh_loses_nothing(letter: Letter, open_page: Open) -> None:
    page = open_page()
    page.goto(letter.url)
    greeted(page)
    page.reload()
    greeted(page)
    expect(page.get_by_label("Collez ici le lien reçu")).to_be_hidden()


@pytest.mark.parametrize("script", [True, False])
def test_a_robot_that_presses_everything_opens_nothing_and_spends_no_try(
    live: Live, letter: Letter, open_page: Open, script: bool
) -> None:
    page = open_page(java_script_enabled=script)
    for n in range(40):
        page.goto(letter.url)
        page.goto(f"/{letter.ref}#{letter.secret}")
        if script:
            greeted(page)
        buttons = page.locator("button, summary, a").filter(visible=True)
        if n >= buttons.count():
            break
        buttons.nth(n).click()
        page.wait_for_load_state("domcontentloaded")
    row = live.link_row(letter)
    assert n > 4
    assert (row["openings"], row["bad"]) == (0, 0)


def test_a_link_cut_short_is_told_and_then_pasted_whole(letter: Letter, open_page: Open) -> None:
    page = open_page()
    page.goto(letter.url[:-3])
    expect(page.get_by_text("Ce lien est incomplet")).to_be_visible()
    page.get_by_label("Collez ici le lien reçu").fill(letter.url[:-3])
    type_password(page, letter.password)
    expect(page.get_by_text("Ce lien est incomplet")).to_be_visible()
    page.get_by_label("Collez ici le lien reçu").fill(letter.url)
    type_password(page, letter.password)
    expect(page).to_have_url(re.compile("/document$"))


@pytest.mark.parametrize(
    ("lang", "asks", "safe"),
    [
        ("fr", "Je n’ai pas mon mot de passe", "il s’ouvre avec le lien reçu. Ne transmettez"),
        ("en", "I do not have my password", "opens with the link you received. Pass that link"),
    ],
)
def test_a_link_without_password_speaks_of_none(
    live: Live, open_page: Open, lang: str, asks: str, safe: str
) -> None:
    letter = live.send(people=8, policy="none")[0]
    page = open_page("Pixel 7")
    page.goto(f"/{letter.ref}?lang={lang}#{letter.secret}")
    greeted(page)
    expect(page.locator("#password")).to_be_hidden()
    expect(page.get_by_text(asks)).to_be_hidden()
    page.get_by_text("Est-ce bien sûr" if lang == "fr" else "Is this safe").click()
    expect(page.get_by_text(safe)).to_be_visible()
    assert "mot de passe" not in page.locator("#link").inner_text()
    assert "password" not in page.locator("#link").inner_text()
    page.locator("button[value=open]").click()
    expect(page).to_have_url(re.compile("/document$"))


def test_a_link_with_a_password_helps_whoever_lacks_it(letter: Letter, open_page: Open) -> None:
    page = open_page("Pixel 7")
    page.goto(letter.url)
    greeted(page)
    expect(page.get_by_text("Je n’ai pas mon mot de passe")).to_be_visible()
    page.get_by_text("Est-ce bien sûr").click()
    expect(page.get_by_text("le lien reçu et le mot de passe convenu")).to_be_visible()


def test_a_wrong_link_is_forgotten_by_the_tab(letter: Letter, open_page: Open) -> None:
    page = open_page()
    wrong = ("2" if letter.secret[0] != "2" else "3") + letter.secret[1:]
    page.goto(f"/{letter.ref}#{wrong}")
    expect(page.get_by_role("heading", name="Ce lien ne correspond à aucun document")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Collez ici le lien reçu")).to_be_visible()


def test_english_is_one_tap_away_and_stays(letter: Letter, open_page: Open) -> None:
    page = open_page()
    page.goto(letter.url)
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Payslip")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(letter.password)
    page.get_by_role("button", name="Open").click()
    read(page)
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_too_many_tries_count_down(letter: Letter, open_page: Open) -> None:
    page = open_page()
    page.goto(letter.url)
    for n in range(5):
        greeted(page)
        type_password(page, f"pas le bon {n}")
        expect(page.get_by_role("alert").filter(visible=True)).to_be_visible()
    expect(page.get_by_text("Trop d’essais")).to_be_visible()
    expect(page.locator("[data-seconds]").filter(visible=True)).to_have_text(
        re.compile(r"^(\d+ min )?\d+ s$")
    )
    expect(page.get_by_role("button", name="Ouvrir")).to_be_disabled()
    assert violations(page) == []


def test_back_from_the_document_leads_to_the_page_of_the_link(letter: Letter, open_page: Open) -> None:
    page = open_page()
    page.goto(letter.url)
    greeted(page)
    type_password(page, "pas le bon")
    expect(page.get_by_text("Mot de passe incorrect")).to_be_visible()
    type_password(page, letter.password)
    read(page)
    page.go_back()
    expect(page).to_have_url(re.compile(rf"/{letter.ref}$"))
    greeted(page)
    expect(page.get_by_label("Mot de passe", exact=True)).to_be_visible()


def test_a_withdrawn_document_says_whom_to_ask(live: Live, letter: Letter, open_page: Open) -> None:
    with live.rt.begin() as session:
        revoke_documents(session, [letter.document_id], "revoked", live.rt.now())
    page = open_page()
    page.goto(letter.url)
    expect(page.get_by_role("heading", name="L’expéditeur a retiré ce document")).to_be_visible()
    expect(page.get_by_text("paie@exemple.test").filter(visible=True)).to_be_visible()
    assert violations(page) == []


def test_a_reader_without_cookies_still_reads(live: Live, letter: Letter, open_page: Open) -> None:
    page = open_page()
    page.goto(letter.url)
    greeted(page)
    page.context.clear_cookies()
    type_password(page, letter.password)
    expect(page).to_have_url(re.compile(rf"/{letter.ref}/t/[1-9A-Za-z]{{22}}/document$"))
    read(page)
    page.get_by_role("button", name="Fermer").click()
    expect(page.get_by_role("heading", name="Le document est refermé")).to_be_visible()


def test_a_page_that_cannot_be_drawn_is_drawn_by_the_phone(
    letter: Letter, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.recipient.reading.draw_first_page", lambda *_: None)
    page = open_page()
    page.goto(letter.url)
    type_password(page, letter.password)
    read(page)
    expect(page.locator("[data-page='1'] canvas")).to_be_visible()


def test_the_document_zooms_by_button_and_by_wheel(letter: Letter, open_page: Open) -> None:
    page = open_page(1280)
    page.goto(letter.url)
    greeted(page)
    type_password(page, letter.password)
    read(page)
    sheet = page.locator("[data-page='1']")
    whole = sheet.bounding_box()
    page.get_by_role("button", name="Agrandir").click()
    expect(page.locator("html")).to_have_attribute("data-zoom", "125")
    larger = sheet.bounding_box()
    assert whole is not None
    assert larger is not None
    assert larger["width"] == pytest.approx(whole["width"] * 1.25, abs=2)
    page.get_by_role("button", name="Réduire").click()
    expect(page.locator("html")).to_have_attribute("data-zoom", "100")
    expect(page.get_by_role("button", name="Réduire")).to_be_disabled()
    page.mouse.move(640, 400)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    expect(page.locator("html")).to_have_attribute("data-zoom", "149")


def test_a_session_that_ends_while_reading_says_so(live: Live, letter: Letter, open_page: Open) -> None:
    page = open_page()
    page.goto(letter.url)

    def late(route: Route) -> None:
        live.clock.push(minutes=16)
        route.continue_()

    page.route("**/view.pdf", late)
    type_password(page, letter.password)
    expect(page.get_by_text("La session est terminée.")).to_be_visible(timeout=20_000)
    page.get_by_role("link", name="Rouvrir le document").click()
    greeted(page)


@pytest.mark.parametrize("width", [320, 390, 412, 1280])
def test_pages_fit_every_phone_and_axe_finds_nothing(
    live: Live, letter: Letter, open_page: Open, width: int
) -> None:
    page = open_page(width)
    page.goto(letter.url)
    greeted(page)
    assert overflow(page) == 0
    assert violations(page) == []
    page.goto(f"/{letter.ref}/")
    assert overflow(page) == 0
    page.goto(letter.url)
    type_password(page, letter.password)
    read(page)
    assert overflow(page) == 0
    assert violations(page) == []
