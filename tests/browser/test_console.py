"""The clerk's pages in a browser: every width, keyboard and screen reader, and what only a script can do."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import pytest
from playwright.sync_api import FilePayload, Page, expect

from app.db.models import Batch
from app.db.queries import batches
from app.documents.sample_payroll import SamplePayroll, make_sample
from app.usecases.batches.confirm_batch import confirm_batch
from app.usecases.batches.exclude_blocking import exclude_blocking
from app.usecases.batches.receive_batch import BatchOptions
from app.usecases.batches.show_blocking import show_blocking
from tests.browser.conftest import Open
from tests.browser.looking import overflow, small_targets, violations
from tests.browser.test_opening import log_in
from tests.web.live import Live

pytestmark = pytest.mark.browser
LONG = (
    "Bulletins-de-paie-de-l’établissement-principal-de-Châteauneuf-la-Forêt-septembre-et-régularisations-2026"
)
UNKNOWN_COLUMNS = "Numéro interne;Nom;Prénom;Coordonnées;Sésame\n00004200;EXEMPLE;Aïcha;0612345678;7K3M9QXF\n"


@pytest.fixture(scope="module")
def sample() -> SamplePayroll:
    return make_sample(3, date(2024, 5, 1), people=40)


def receive(live: Live, sample: SamplePayroll, title: str, sheet: bytes | None = None) -> Batch:
    name = "effectif.csv" if sheet else "effectif.xlsx"
    return live.house.receive(
        {f"{LONG}.pdf": sample.pdf}, (name, sheet or sample.sheet_xlsx), BatchOptions(title=title)
    )


@pytest.fixture(scope="module")
def reviewed(live: Live, sample: SamplePayroll) -> str:
    """The address of a batch in review, with rows of every kind."""
    batch = receive(live, sample, LONG)
    live.house.run()
    return f"/app/batches/{batch.id}"


@pytest.fixture(scope="module")
def released(live: Live) -> str:
    """The address of a batch that has left."""
    return f"/app/batches/{live.house.batch(batch_of(live)).id}"


def batch_of(live: Live) -> UUID:
    with live.rt.read() as session:
        (batch,) = [
            each
            for each in batches.recent(session, live.house.organisation.id, limit=50)
            if each.title == "Paie 1"
        ]
    return batch.id


@pytest.fixture
def addresses(live: Live, reviewed: str, released: str, sample: SamplePayroll) -> Iterator[list[str]]:
    """Every page of the console."""
    unmapped = receive(live, sample, "Colonnes", UNKNOWN_COLUMNS.encode())
    live.house.run()
    leaving = receive(live, sample, "Tout est réglé")
    live.house.run()
    owner = live.house.organisation.id
    seen = [line.id for line in show_blocking(live.rt, owner, leaving.id).lines]
    exclude_blocking(live.rt, owner, leaving.id, seen, "clerk")
    confirm_batch(live.rt, live.house.organisation.id, leaving.id, "same_files", "clerk")
    waiting = receive(live, sample, "En attente")
    person = live.letter().document_id
    yield [
        "/app/batches",
        "/app/batches?show=failed",
        "/app/batches/new",
        "/app/settings",
        f"/app/batches/{unmapped.id}/mapping",
        f"/app/batches/{waiting.id}",
        f"{reviewed}/review",
        f"{reviewed}/review?show=blocking",
        f"{reviewed}/exclude",
        f"/app/batches/{leaving.id}/release",
        released,
        released + "?state=left_out",
        f"{released}/recall",
        f"/app/documents/{person}",
    ]
    live.house.jobs.waiting.clear()


# 640 is a window of 1280 at a zoom of 200 %.
@pytest.mark.parametrize("width", [320, 390, 640, 1280])
def test_pages_fit_every_width_and_axe_finds_nothing(
    live: Live, open_page: Open, addresses: list[str], width: int
) -> None:
    page = open_page(width)
    log_in(live, page)
    for address in addresses:
        page.goto(address, wait_until="domcontentloaded")
        assert page.url.endswith(address), "another page answers"
        assert overflow(page) == 0, address
        assert violations(page) == [], address
        if width <= 390:
            assert small_targets(page) == [], address


def test_login_fits_a_small_phone_and_axe_finds_nothing(open_page: Open) -> None:
    page = open_page(320)
    page.goto("/app/login")
    assert overflow(page) == 0
    assert violations(page) == []
    assert small_targets(page) == []


def test_ready_lines_are_short_and_open_for_a_correction(live: Live, open_page: Open, reviewed: str) -> None:
    page = open_page(1280)
    log_in(live, page)
    page.goto(f"{reviewed}/review", wait_until="domcontentloaded")
    lines = page.locator(".slip--dense")
    assert lines.count() > 10
    heights = lines.evaluate_all("all => all.map(each => each.getBoundingClientRect().height)")
    assert 44 <= min(heights) <= max(heights) <= 56
    problem = page.locator(".slip--blocking").first.bounding_box()
    assert problem is not None
    assert problem["height"] > 100
    first = lines.first
    first.get_by_text("Corriger le mobile").click()
    expect(first.get_by_label("Nouveau numéro")).to_be_visible()
    assert overflow(page) == 0


def test_ready_lines_are_short_on_a_phone_too(live: Live, open_page: Open, reviewed: str) -> None:
    page = open_page(390)
    log_in(live, page)
    page.goto(f"{reviewed}/review", wait_until="domcontentloaded")
    heights = page.locator(".slip--dense").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect().height)"
    )
    assert max(heights) <= 84
    first = page.locator(".slip--dense").first
    first.locator("summary").click()
    expect(first.get_by_label("Nouveau numéro")).to_be_visible()
    assert overflow(page) == 0


def test_files_are_kept_when_the_form_has_a_mistake(
    live: Live, open_page: Open, sample: SamplePayroll
) -> None:
    page = open_page(1280)
    log_in(live, page)
    page.goto("/app/batches/new")
    choose(page, sample)
    page.get_by_label("Titre").fill("Paie de mai")
    page.get_by_label("Sans mot de passe").check()
    page.get_by_label("Lisible jusqu’au").fill("")
    page.get_by_role("button", name="Déposer et vérifier").click()
    alert = page.get_by_role("alert").filter(visible=True).first
    expect(alert).to_contain_text("Il faut un mot de passe ou une date limite.")
    expect(alert).to_contain_text("Vos fichiers sont toujours là")
    expect(page.locator(".drop__files").first).to_contain_text("bulletins.pdf")
    expect(page.locator(".drop__files").last).to_contain_text("effectif.xlsx")
    assert violations(page) == []
    page.get_by_label("Code de la liste").check()
    page.get_by_role("button", name="Déposer et vérifier").click()
    page.wait_for_url(lambda url: url.rpartition("/")[2] not in ("new", "batches"))
    live.house.run()
    uploaded = live.house.batch(UUID(page.url.split("/")[5]))
    assert (uploaded.title, uploaded.state) == ("Paie de mai", "in_review")


@pytest.mark.parametrize(
    ("lang", "proposed"), [("fr", "Paie septembre 2026"), ("en", "Payroll September 2026")]
)
def test_the_title_follows_the_month_until_another_is_typed(
    live: Live, open_page: Open, lang: str, proposed: str
) -> None:
    page = open_page(1280)
    log_in(live, page)
    page.goto(f"/app/batches/new?lang={lang}")
    month, title = page.locator("[name=period]"), page.locator("[name=title]")
    month.fill("2026-08")
    month.fill("2026-09")
    expect(title).to_have_value(proposed)
    title.fill("Primes")
    month.fill("2026-10")
    expect(title).to_have_value("Primes")
    title.fill("")
    month.fill("")
    expect(title).to_have_value("")


def test_without_files_nothing_is_said_to_be_kept(live: Live, open_page: Open) -> None:
    page = open_page(1280)
    log_in(live, page)
    page.goto("/app/batches/new")
    page.get_by_label("Titre").fill("Paie")
    page.locator("form[data-upload]").evaluate("form => { form.noValidate = true; }")
    page.get_by_role("button", name="Déposer et vérifier").click()
    expect(page.get_by_role("link", name="Ajoutez la liste des salariés.")).to_be_visible()
    expect(page.get_by_text("Vos fichiers sont toujours là")).to_be_hidden()


def choose(page: Page, sample: SamplePayroll) -> None:
    for field, name, data in (
        ("documents", "bulletins.pdf", sample.pdf),
        ("people", "effectif.xlsx", sample.sheet_xlsx),
    ):
        file = FilePayload(name=name, mimeType="application/octet-stream", buffer=data)
        page.set_input_files(f"[name={field}]", file)


def test_the_pages_that_are_read_count_up_by_themselves(
    live: Live, open_page: Open, sample: SamplePayroll
) -> None:
    batch = receive(live, sample, "Longue lecture")
    note(live, batch.id, 0, 0)
    page = open_page(1280)
    log_in(live, page)
    page.goto(f"/app/batches/{batch.id}", wait_until="domcontentloaded")
    expect(page.get_by_role("heading", name="Lecture des bulletins")).to_be_visible()
    for read, total, said in (
        (312, 2000, "312 sur 2\u202f000 pages lues"),
        (1250, 2000, "1\u202f250 sur 2\u202f000 pages lues"),
        (2000, 2000, "2\u202f000 pages lues, rapprochement avec la liste"),
    ):
        note(live, batch.id, read, total)
        expect(page.get_by_text(said)).to_be_visible(timeout=20_000)
        expect(page.get_by_role("progressbar")).to_have_attribute("value", str(read))
    assert violations(page) == []
    live.house.run()
    page.wait_for_url("**/review", timeout=20_000)


def note(live: Live, batch_id: UUID, pages_read: int, page_count: int) -> None:
    with live.rt.begin() as session:
        batches.set_state(session, batch_id, "splitting")
        batches.note_pages_read(session, batch_id, pages_read, page_count)


def test_figures_lead_to_what_they_count(live: Live, open_page: Open, released: str) -> None:
    page = open_page(1280)
    log_in(live, page)
    page.goto("/app/batches")
    page.get_by_role("link", name="À relire").click()
    expect(page.get_by_role("heading", name="Envois à relire")).to_be_visible()
    assert {"À relire", "Colonnes à préciser"} >= set(page.locator("tbody .badge").all_inner_texts())
    page.get_by_role("link", name="Voir tous les envois").click()
    page.goto(released)
    page.get_by_role("link", name="Remis").first.click()
    page.wait_for_url("**?state=all_delivered#people")
    expect(page.locator(".chip[aria-current]")).to_contain_text("Remis, en tout")


def test_the_keyboard_goes_first_to_the_content(live: Live, open_page: Open) -> None:
    page = open_page(1280)
    log_in(live, page)
    page.goto("/app/batches")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_the_page_of_a_document_is_looked_at_with_the_keyboard_alone(
    live: Live, open_page: Open, reviewed: str
) -> None:
    page = open_page(1280)
    log_in(live, page)
    page.goto(f"{reviewed}/review", wait_until="domcontentloaded")
    thumb = page.locator("a.thumb").first
    thumb.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#preview")).to_be_visible()
    expect(page.locator("#preview img")).to_have_js_property("complete", True)
    page.keyboard.press("Escape")
    expect(page.locator("#preview")).to_be_hidden()
    expect(thumb).to_be_focused()
