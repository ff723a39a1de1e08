"""Who may do what: every route asks for a login, every form for its token, every organisation sees its own."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from fastapi.routing import APIRoute

from app.usecases.organisations.create_organisation import NewOrganisation, create_organisation
from app.web import console
from tests.web.console.office import Browser, Office, add_person, payroll, words

NOWHERE = "/app/nothing"
OPEN = {("GET", "/app/login"), ("POST", "/app/login")}


def routes() -> Iterator[tuple[str, str]]:
    """Every method and path of the console, with ids of nothing in them."""
    for route in _flat(console.router.routes):
        for method in sorted(route.methods or ()):
            path = route.path if route.path.startswith("/app") else f"/app{route.path}"
            for name in ("{batch_id}", "{document_id}"):
                path = path.replace(name, str(UUID(int=1)))
            yield (
                method,
                path.replace("{number}", "1")
                .replace("{kind}", "csv")
                .replace("{rest:path}", NOWHERE.removeprefix("/app/")),
            )


def _flat(found: object) -> Iterator[APIRoute]:
    for route in found:  # type: ignore[attr-defined]
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from _flat(route.original_router.routes)


ROUTES = sorted(set(routes()) - OPEN, key=lambda route: (route[1], route[0]))


def test_the_list_of_routes_is_whole() -> None:
    assert len(ROUTES) > 30


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[f"{m} {p}" for m, p in ROUTES])
def test_every_route_asks_for_a_login(office: Office, method: str, path: str) -> None:
    answer = Browser(office.app).client.request(method, path, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/app/login")


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "POST" and path != NOWHERE])
def test_every_form_asks_for_its_token(office: Office, path: str) -> None:
    owner = office.browser("owner")
    assert owner.client.post(path, data={"csrf": "wrong"}).status_code in (403, 422)
    if path != "/app/batches":
        answer = owner.client.post(path, data={"confirm": "yes"})
        assert answer.status_code == 403
        assert "Ce formulaire a trop attendu" in words(answer)


def test_an_upload_without_token_is_refused_before_a_file_is_taken(office: Office) -> None:
    files = [("documents", ("b.pdf", b"%PDF-")), ("people", ("p.csv", b"x"))]
    answer = office.browser("owner").client.post("/app/batches", data={"csrf": "wrong"}, files=files)
    assert answer.status_code == 403


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if len(route[1]) > 40])
def test_what_belongs_to_another_organisation_does_not_exist(office: Office, method: str, path: str) -> None:
    other = create_organisation(
        office.rt, NewOrganisation(f"Autre {uuid4().hex[:6]}", "AUTRE", "paie@example.com")
    )
    add_person(office.rt, other.id, "owner", f"owner-{other.id}@example.com")
    stranger = Browser(office.app).log_in(f"owner-{other.id}@example.com")
    address = _batch(office)
    line = next(line for line in office.lines(address) if line.blob_size)
    theirs = path.replace(path.split("/")[3], str(line.id if "documents" in path else line.batch_id))
    form = {
        "confirm": "yes",
        "reason": "x",
        "finding": "name_differs",
        "problem": "same_files",
        "phone": "06",
    }
    answer = stranger.get(theirs) if method == "GET" else stranger.post(theirs, **form)
    assert answer.status_code == 404, theirs


_CACHE: dict[int, str] = {}


def _batch(office: Office) -> str:
    if id(office) not in _CACHE:
        _CACHE[id(office)] = office.in_review(payroll())
    return _CACHE[id(office)]


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("auditor", "/app/batches", 200),
        ("auditor", "/app/settings", 200),
        ("auditor", "/app/batches/new", 403),
        ("releaser", "/app/batches/new", 403),
        ("clerk", "/app/batches/new", 200),
    ],
)
def test_roles_see_what_they_need(office: Office, role: str, path: str, status: int) -> None:
    assert office.browser(role).get(path).status_code == status


def test_an_auditor_reads_and_changes_nothing(office: Office) -> None:
    address = _batch(office)
    auditor = office.browser("auditor")
    page = auditor.get(f"{address}/review")
    assert page.status_code == 200
    assert "Exclure" not in page.text
    line = office.lines(address)[0]
    for path in (
        f"/app/documents/{line.id}/exclude",
        f"{address}/release",
        f"{address}/cancel",
        "/app/settings",
    ):
        assert auditor.post(path, confirm="yes").status_code == 403


def test_a_releaser_releases_and_prepares_nothing(office: Office) -> None:
    address = office.in_review(payroll(5))
    office.browser().get(f"{address}/review")
    office.browser().exclude_blocking(address)
    releaser = office.browser("releaser")
    releaser.get(f"{address}/release")
    assert releaser.post(f"{address}/cancel", confirm="yes").status_code == 403
    assert releaser.post(f"{address}/release", confirm="yes").url.path == address
    assert office.house.batch(office.lines(address)[0].batch_id).state == "releasing"


def test_a_wrong_password_says_no_more_than_that(office: Office) -> None:
    browser = Browser(office.app)
    browser.get("/app/login")
    for email in ("clerk@example.com", "nobody@example.com"):
        answer = browser.post("/app/login", email=email, password="not the password")
        assert answer.status_code == 403
        assert "Adresse ou mot de passe incorrect" in words(answer)
        assert f'value="{email}"' in answer.text


def test_a_login_leads_to_the_page_that_was_wanted(office: Office) -> None:
    browser = Browser(office.app)
    assert browser.get("/app/settings").url.path == "/app/login"
    answer = browser.post(
        "/app/login", email="clerk@example.com", password="sous la pluie de novembre", next="/app/settings"
    )
    assert answer.url.path == "/app/settings"
    browser.post("/app/logout")
    assert browser.get("/app/settings").url.path == "/app/login"


def test_the_language_is_kept_with_the_account(office: Office) -> None:
    add_person(office.rt, office.house.organisation.id, "admin")
    browser = Browser(office.app).log_in("admin@example.com")
    answer = browser.post("/app/language", lang="en", back="/app/settings")
    assert "What holds for all batches" in answer.text
    again = Browser(office.app).log_in("admin@example.com")
    assert "Batches" in again.get("/app/batches").text


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/app/rules/choices", "/app/rules"),
        ("/app/rules/windows", "/app/rules"),
        ("/app/consents/record", "/app/consents"),
        ("/app/templates/count", "/app/templates"),
        ("/app/batches/{batch}/exclude-dead", "/app/batches/{batch}/review"),
        ("/app/documents/{line}/confirm", "/app/documents/{line}"),
        ("/app/language", "/app/batches"),
    ],
)
def test_the_address_of_a_form_loaded_anew_leads_back_to_its_page(
    office: Office, path: str, page: str
) -> None:
    address = _batch(office)
    names = {"batch": address.rpartition("/")[2], "line": office.lines(address)[0].id}
    before = [line.model_dump() for line in office.lines(address)]
    answer = office.browser("owner").get(path.format(**names))
    assert (answer.status_code, answer.url.path) == (200, page.format(**names))
    assert [line.model_dump() for line in office.lines(address)] == before


def test_a_form_sent_to_an_address_that_is_none_is_led_nowhere(office: Office) -> None:
    assert office.browser("owner").post("/app/rules/nothing").status_code == 404


def test_an_address_that_is_none_is_a_calm_page(office: Office) -> None:
    for path in ("/app/nothing", "/app/batches/not-an-id", "/app/documents/1"):
        answer = office.browser().get(path)
        assert answer.status_code == 404
        assert "Cette page n’existe pas" in answer.text
