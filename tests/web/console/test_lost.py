"""A session that ends in the middle: what was not done is told, and the login leads back to where it was asked."""

import html
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from app.usecases.accounts.log_out import log_out
from app.web.lost import nearest_page
from tests.web.console.office import PASSWORD, Browser, Office, files_of, open_office, payroll, words
from tests.web.console.test_doors import NOWHERE, ROUTES

_HIDDEN = re.compile(r'type="hidden" name="(next|undone)" value="([^"]*)"')
_ACTION = re.compile(r'method="post" action="([^"]*)"')


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("lost") / "data") as opened:
        yield opened


@pytest.fixture(scope="module")
def address(office: Office) -> str:
    """A batch in review."""
    return office.in_review()


def someone(office: Office, ended: str) -> Browser:
    """A clerk whose session is over, by time or with her cookies."""
    clerk = Browser(office.app).log_in("clerk@example.com")
    (name,) = [each for each in clerk.client.cookies if each.endswith("pli-console")]
    if ended == "by time":
        log_out(office.rt, clerk.client.cookies[name])
    else:
        clerk.client.cookies.clear()
    return clerk


def hidden(login: Any) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _HIDDEN.findall(login.text)}


def log_in_again(clerk: Browser, login: Any) -> Any:
    """By the form that is shown, as it is."""
    return clerk.client.post(
        html.unescape(_ACTION.findall(login.text)[0]),
        data={**hidden(login), "csrf": clerk.csrf, "email": "clerk@example.com", "password": PASSWORD},
    )


@pytest.mark.parametrize("ended", ["by time", "with the cookies"])
@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("fr", "Pas fait : vos fichiers n’ont pas été reçus, déposez-les de nouveau."),
        ("en", "Not done: your files were not received, upload them again."),
    ],
)
def test_an_upload_after_the_session_is_said_not_to_have_come(
    office: Office, ended: str, lang: str, said: str
) -> None:
    office.browser().post("/app/language", lang=lang, back="/app/settings")
    clerk = someone(office, ended)
    clerk.client.headers["accept-language"] = lang
    login = clerk.upload(files_of(payroll()))
    assert login.url.path == "/app/login"
    assert said in words(login)
    answer = log_in_again(clerk, login)
    assert answer.url.path == "/app/batches/new"
    assert said in words(answer)
    assert said not in words(clerk.get("/app/batches/new"))
    office.browser().post("/app/language", lang="fr", back="/app/settings")


@pytest.mark.parametrize("ended", ["by time", "with the cookies"])
@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("exclude", "personne n’a été exclu, recommencez."),
        ("confirm", "rien n’a été confirmé, recommencez."),
        ("phone", "le mobile n’a pas été corrigé, recommencez."),
        ("include", "votre dernière action, recommencez-la."),
    ],
)
def test_a_review_is_found_again_where_it_was_left(
    office: Office, address: str, ended: str, verb: str, said: str
) -> None:
    clerk = someone(office, ended)
    line = office.line(address, "phone_unreachable")
    back = f"{address}/review?show=blocking&page=1#d-{line.id}"
    login = clerk.post(f"/app/documents/{line.id}/{verb}", back=back, phone="06 12 34 56 78")
    assert f"Pas fait : {said}" in words(login).replace("\u202f", " ")
    answer = log_in_again(clerk, login)
    assert str(answer.url).endswith(back)
    assert said in words(answer)
    assert office.line(address, "phone_unreachable").state == "in_review"


@pytest.mark.parametrize(
    ("posted", "page", "said"),
    [
        ("{address}/release", "{address}/review", "l’envoi n’a pas été validé, rien n’est parti."),
        ("{address}/exclude", "{address}/exclude", "personne n’a été exclu, recommencez."),
        ("{address}/cancel", "{address}/review", "votre dernière action, recommencez-la."),
        ("/app/consents/forget", "/app/consents", "votre dernière action, recommencez-la."),
        ("/app/settings", "/app/settings", "votre dernière action, recommencez-la."),
        ("/app/nothing/of/ours", "/app/batches", "votre dernière action, recommencez-la."),
    ],
)
def test_a_form_that_names_no_page_leads_to_the_nearest_one(
    office: Office, address: str, posted: str, page: str, said: str
) -> None:
    clerk = someone(office, "by time")
    login = clerk.post(posted.format(address=address))
    answer = log_in_again(clerk, login)
    assert answer.url.path == page.format(address=address)
    assert said in words(answer)


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/app",
        "//evil.example",
        "/\\evil.example",
        "/app/../../evil",
        "javascript:alert(1)",
        "/app/login",
    ],
)
def test_no_form_leads_to_another_site(office: Office, address: str, back: str) -> None:
    clerk = someone(office, "with the cookies")
    login = clerk.post(f"{address}/cancel", back=back)
    assert "evil" not in str(login.url)
    answer = log_in_again(clerk, login)
    assert (answer.url.host, answer.url.path) == ("localhost", f"{address}/review")


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example/app", "/app#<script>", "/app/batches#//evil.example"]
)
def test_the_login_itself_leads_to_our_pages_only(office: Office, wanted: str) -> None:
    clerk = Browser(office.app)
    login = clerk.get("/app/login", next=wanted, undone="<b>")
    assert "evil" not in login.text
    assert "<b>" not in login.text
    assert "Pas fait" not in words(login)
    assert log_in_again(clerk, login).url.path == "/app/batches"


def test_what_was_not_done_outlives_a_wrong_password_and_another_language(
    office: Office, address: str
) -> None:
    clerk = someone(office, "with the cookies")
    login = clerk.post(f"{address}/cancel", back=f"{address}/review")
    english = clerk.get("/app/login", **dict(login.url.params), lang="en")
    assert "Not done: your last action, do it again." in words(english)
    wrong = clerk.post(
        str(login.url).removeprefix("http://localhost:8000"),
        **hidden(login),
        email="clerk@example.com",
        password="no",
    )
    assert wrong.status_code == 403
    assert log_in_again(clerk, wrong).url.path == f"{address}/review"


def test_every_form_stands_on_a_page_that_is_served() -> None:
    served = {path for method, path in ROUTES if method == "GET"}
    posted = {path for method, path in ROUTES if method == "POST" and path != NOWHERE}
    assert len(posted) > 30
    for path in posted:
        page = nearest_page(re.sub(r"{[a-z_]+}", str(UUID(int=1)), path))
        assert page in served | {"/app/inbox/" + str(UUID(int=1)), "/app/senders/" + str(UUID(int=1))}, path
        assert page != "/app" or path in ("/app/logout", "/app/language"), path
    assert nearest_page("/simulator/handsets/7/open") == "/simulator/handsets/7"
    assert nearest_page("/app/batches" + "/x" * 1_000) == "/app/batches"


def test_whoever_logs_out_twice_has_lost_nothing(office: Office) -> None:
    clerk = someone(office, "by time")
    login = clerk.post("/app/logout")
    assert login.url.query == b""
    assert "Pas fait" not in words(login)
