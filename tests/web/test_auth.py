from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from app.runtime import Runtime
from app.usecases.accounts.create_api_key import create_api_key
from app.usecases.accounts.create_user import create_user
from app.usecases.accounts.log_in import LoggedIn, log_in
from app.usecases.accounts.log_out import log_out
from app.web import auth
from app.web.auth import (
    ApiClient,
    CheckedForm,
    CheckedLists,
    Configurer,
    ConsoleUser,
    LoginForm,
    Preparer,
    Reader,
    Releaser,
    safe_next,
)
from app.web.deps import (
    ClientNet,
    ConfigDep,
    RuntimeDep,
    WebConfig,
    attach,
)
from app.web.problems import Answers, Problem, boundary, install
from app.web.security import stack
from app.web.uploads import FilePart, UploadLimits, read_upload
from tests.usecases.accounts.runtime import NOW, Clock
from tests.web.client import TestClient

EMAIL = "marie@example.com"
PASSWORD = "sous la pluie de novembre"
HTTPS = WebConfig("https://console.test", "https://pay.test")
HTTP = WebConfig("http://localhost:8000", "http://localhost:8000")


def page(request: Request, problem: Problem) -> Response:
    return HTMLResponse(problem.code, problem.status)


def build(rt: Runtime, config: WebConfig) -> FastAPI:
    answers = Answers(console=page, recipient=page)
    middleware = stack(
        boundary(answers),
        public_url=config.public_url,
        link_url=config.link_url,
        allowed_hosts=[],
        upload_bytes=1_000_000,
    )
    application = FastAPI(redirect_slashes=False, middleware=middleware)
    install(application, answers)
    attach(application, rt, config)

    @application.get("/app/login")
    def login_page(request: Request, config: ConfigDep) -> Response:
        response = PlainTextResponse()
        response.body = auth.login_token(request, response, config).encode()
        response.headers["content-length"] = str(len(response.body))
        return response

    @application.post("/app/login")
    def login(form: LoginForm, rt: RuntimeDep, config: ConfigDep, net: ClientNet) -> Response:
        outcome = log_in(rt, form["email"], form["password"], net, rt.now())
        if not isinstance(outcome, LoggedIn):
            return PlainTextResponse("refused", 401)
        response = RedirectResponse(safe_next(form.get("next")), 303)
        auth.begin_session(response, config, outcome.token)
        return response

    @application.post("/app/logout")
    def logout(request: Request, form: CheckedForm, rt: RuntimeDep, config: ConfigDep) -> Response:
        log_out(rt, auth.session_token(request, config))
        response = RedirectResponse("/app/login", 303)
        auth.end_session(response, config)
        return response

    @application.get("/app")
    def home(account: ConsoleUser) -> dict[str, str]:
        return {"name": account.name, "csrf": account.csrf_token}

    @application.post("/app/rename")
    def rename(form: CheckedLists) -> dict[str, list[str]]:
        return {name: values for name, values in form.items() if name != "csrf"}

    @application.post("/app/batches")
    async def upload(request: Request, account: ConsoleUser) -> list[str]:
        class Drop:
            def write(self, piece: bytes) -> None: ...

            def close(self) -> None: ...

        opened: list[str] = []

        def open_sink(part: FilePart) -> Drop:
            opened.append(part.filename)
            return Drop()

        check = auth.upload_check(request, account)
        await read_upload(request, UploadLimits(total_bytes=1_000_000), open_sink, check)
        return opened

    for name, kind in {
        "read": Reader,
        "prepare": Preparer,
        "release": Releaser,
        "configure": Configurer,
    }.items():

        def ask(account: kind) -> str:  # type: ignore[valid-type]
            return str(account.role)  # type: ignore[attr-defined]

        application.add_api_route(f"/app/may/{name}", ask)

    @application.get("/v1/me")
    def me(client: ApiClient) -> dict[str, str]:
        return {"organisation": client.organisation, "mode": client.mode}

    @application.get("/v1/net")
    def net(net: ClientNet) -> str:
        return net

    return application


def add_user(rt: Runtime, organisation_id: UUID, role: str = "clerk", email: str = EMAIL) -> UUID:
    return create_user(
        rt,
        organisation_id,
        email=email,
        name="Marie",
        password=PASSWORD,
        role=role,
        language="fr",
        actor="operator",
        now=NOW,
    )


@pytest.fixture
def client(rt: Runtime, organisation_id: UUID) -> TestClient:
    add_user(rt, organisation_id)
    return TestClient(build(rt, HTTPS), base_url="https://console.test", follow_redirects=False)


def enter(client: TestClient, email: str = EMAIL, **fields: str) -> Any:
    token = client.get("/app/login").text
    return client.post("/app/login", data={"csrf": token, "email": email, "password": PASSWORD, **fields})


@pytest.fixture
def inside(client: TestClient) -> TestClient:
    assert enter(client).status_code == 303
    return client


@pytest.fixture
def csrf(inside: TestClient) -> str:
    return str(inside.get("/app").json()["csrf"])


class TestSession:
    def test_who_logged_in_is_known(self, inside: TestClient) -> None:
        assert inside.get("/app").json()["name"] == "Marie"

    def test_the_cookie_over_https(self, client: TestClient) -> None:
        cookie = enter(client).headers.get_list("set-cookie")[0]

        assert cookie.startswith("__Host-pli-console=")
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert attributes == {"secure", "httponly", "samesite=lax", "path=/", "max-age=43200"}

    def test_the_cookie_on_plain_localhost(self, rt: Runtime, organisation_id: UUID) -> None:
        add_user(rt, organisation_id)
        client = TestClient(build(rt, HTTP), base_url="http://localhost:8000", follow_redirects=False)
        cookie = enter(client).headers.get_list("set-cookie")[0]

        assert cookie.startswith("pli-console=")
        assert "secure" not in cookie.lower()
        assert client.get("/app").status_code == 200

    def test_a_stranger_is_sent_to_the_login(self, client: TestClient) -> None:
        answer = client.get("/app")
        assert (answer.status_code, answer.headers["location"]) == (303, "/app/login?next=%2Fapp")

    def test_a_cookie_we_did_not_give_is_nobody(self, client: TestClient) -> None:
        client.cookies.set("__Host-pli-console", "x" * 43)
        assert client.get("/app").status_code == 303

    def test_a_session_ends_by_time(self, inside: TestClient, clock: Clock) -> None:
        clock.advance(hours=12)
        assert inside.get("/app").status_code == 303

    def test_logging_out_ends_it_on_the_server_too(self, inside: TestClient, csrf: str) -> None:
        kept = inside.cookies["__Host-pli-console"]
        assert inside.post("/app/logout", data={"csrf": csrf}).status_code == 303
        assert "__Host-pli-console" not in inside.cookies
        inside.cookies.set("__Host-pli-console", kept)
        assert inside.get("/app").status_code == 303


class TestLoginForm:
    def test_it_needs_the_token_of_its_page(self, client: TestClient) -> None:
        client.get("/app/login")
        answer = client.post("/app/login", data={"csrf": "x" * 43, "email": EMAIL, "password": PASSWORD})
        assert (answer.status_code, answer.text) == (403, "form_expired")

    def test_without_the_cookie_an_empty_token_is_not_enough(self, client: TestClient) -> None:
        answer = client.post("/app/login", data={"csrf": "", "email": EMAIL, "password": PASSWORD})
        assert answer.text == "form_expired"

    def test_two_tabs_share_their_token(self, client: TestClient) -> None:
        assert client.get("/app/login").text == client.get("/app/login").text

    def test_a_planted_cookie_is_replaced(self, client: TestClient) -> None:
        client.cookies.set("__Host-pli-login", "planted")
        assert len(client.get("/app/login").text) == 43

    def test_it_leads_to_the_page_that_was_wanted(self, client: TestClient) -> None:
        assert enter(client, next="/app/batches?page=2").headers["location"] == "/app/batches?page=2"

    def test_it_does_not_lead_to_another_site(self, client: TestClient) -> None:
        assert enter(client, next="https://evil.test/app").headers["location"] == "/app"


class TestForms:
    def test_a_form_with_the_token_is_taken(self, inside: TestClient, csrf: str) -> None:
        answer = inside.post("/app/rename", data={"csrf": csrf, "row": ["1", "2"]})
        assert answer.json() == {"row": ["1", "2"]}

    def test_the_token_may_come_in_a_header(self, inside: TestClient, csrf: str) -> None:
        answer = inside.post("/app/rename", data={"a": "1"}, headers={"X-CSRF-Token": csrf})
        assert answer.json() == {"a": ["1"]}

    @pytest.mark.parametrize("sent", ["", "x" * 43, "é"])
    def test_another_token_is_refused(self, inside: TestClient, sent: str) -> None:
        for data in ({"csrf": sent}, {}):
            answer = inside.post("/app/rename", data=data)
            assert (answer.status_code, answer.text) == (403, "form_expired")

    def test_the_token_of_another_session_is_refused(self, inside: TestClient, csrf: str) -> None:
        enter(inside)
        assert inside.get("/app").json()["csrf"] != csrf
        assert inside.post("/app/rename", data={"csrf": csrf}).status_code == 403

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "none"},
            {"Origin": "https://evil.test"},
            {"Origin": "http://console.test"},
            {"Origin": "https://console.test.evil.test"},
            {"Origin": "https://console.test", "Sec-Fetch-Site": "cross-site"},
        ],
    )
    def test_a_page_of_another_site_is_refused_even_with_the_token(
        self, inside: TestClient, csrf: str, headers: dict[str, str]
    ) -> None:
        answer = inside.post("/app/rename", data={"csrf": csrf}, headers=headers)
        assert (answer.status_code, answer.text) == (403, "foreign_page")

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://console.test"},
            {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
            {"Origin": "null"},
            {},
        ],
    )
    def test_our_own_page_is_taken_with_whatever_browsers_send(
        self, inside: TestClient, csrf: str, headers: dict[str, str]
    ) -> None:
        assert inside.post("/app/rename", data={"csrf": csrf}, headers=headers).status_code == 200

    def test_who_is_not_logged_in_cannot_post(self, client: TestClient) -> None:
        answer = client.post("/app/rename", data={"csrf": ""})
        login = "/app/login?next=%2Fapp&undone=action"
        assert (answer.status_code, answer.headers["location"]) == (303, login)

    def test_an_upload_is_not_opened_without_the_token(self, inside: TestClient, csrf: str) -> None:
        files = {"documents": ("a.pdf", b"x")}
        assert inside.post("/app/batches", files=files, data={"csrf": csrf}).json() == ["a.pdf"]
        assert inside.post("/app/batches", files=files, headers={"X-CSRF-Token": csrf}).json() == ["a.pdf"]
        assert inside.post("/app/batches", files=files, data={"csrf": "x"}).status_code == 403
        assert inside.post("/app/batches", files=files).status_code == 403
        foreign = {"Origin": "https://evil.test"}
        assert (
            inside.post("/app/batches", files=files, data={"csrf": csrf}, headers=foreign).status_code == 403
        )


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("owner", {"read", "prepare", "release", "configure"}),
        ("admin", {"read", "prepare", "release", "configure"}),
        ("clerk", {"read", "prepare", "release"}),
        ("releaser", {"read", "release"}),
        ("auditor", {"read"}),
    ],
)
def test_a_role_opens_its_routes_only(
    rt: Runtime, organisation_id: UUID, client: TestClient, role: str, may: set[str]
) -> None:
    add_user(rt, organisation_id, role, email=f"{role}@example.com")
    enter(client, email=f"{role}@example.com")

    answers = {name: client.get(f"/app/may/{name}") for name in ("read", "prepare", "release", "configure")}
    assert {name for name, answer in answers.items() if answer.status_code == 200} == may
    assert all(answer.text == "role_not_allowed" for name, answer in answers.items() if name not in may)


class TestApiKey:
    @pytest.fixture
    def key(self, rt: Runtime, organisation_id: UUID) -> str:
        return create_api_key(rt, organisation_id, name="Bank", mode="test", actor="cli", now=NOW)

    def test_it_identifies_organisation_and_mode(self, client: TestClient, key: str) -> None:
        answer = client.get("/v1/me", headers={"Authorization": f"Bearer {key}"})
        assert answer.json() == {"organisation": "Dupont SA", "mode": "test"}

    def test_without_a_key_the_answer_says_how_to_send_one(self, client: TestClient) -> None:
        answer = client.get("/v1/me")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["code"] == "api_key_missing"

    def test_a_wrong_key_is_not_repeated(self, client: TestClient, key: str) -> None:
        wrong = key[:-3] + "zzz"
        answer = client.get("/v1/me", headers={"Authorization": f"Bearer {wrong}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "api_key_unknown")
        assert wrong not in answer.text

    def test_another_scheme_is_no_key(self, client: TestClient, key: str) -> None:
        assert (
            client.get("/v1/me", headers={"Authorization": f"Basic {key}"}).json()["code"]
            == "api_key_missing"
        )

    def test_a_console_session_does_not_open_the_api(self, inside: TestClient) -> None:
        assert inside.get("/v1/me").status_code == 401

    def test_a_key_does_not_open_the_console(self, client: TestClient, key: str) -> None:
        assert client.get("/app", headers={"Authorization": f"Bearer {key}"}).status_code == 303
