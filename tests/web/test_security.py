import json
import logging
import re
from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse

from app.core.log import JsonLines
from app.web.problems import Answers, Problem, boundary, install
from app.web.security import (
    BODY_LIMITS,
    Door,
    door_of,
    nonce,
    origins,
    route_template,
    stack,
    use_document_policy,
)
from tests.web.client import TestClient

SECRET = "2w7QkXr9bLmT4fZc"


def page(request: Request, problem: Problem) -> Response:
    return HTMLResponse(f"{problem.code} {nonce(request)}", problem.status)


def build(public: str = "https://console.test", links: str = "https://pay.test") -> FastAPI:
    answers = Answers(console=page, recipient=page)
    middleware = stack(
        boundary(answers),
        public_url=public,
        link_url=links,
        allowed_hosts=["10.0.0.7"],
        upload_bytes=2_000_000,
    )
    application = FastAPI(redirect_slashes=False, middleware=middleware)
    install(application, answers)

    def html(request: Request) -> Response:
        return HTMLResponse(nonce(request))

    async def size(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    def fail() -> None:
        raise RuntimeError(SECRET)

    @application.get("/{ref}/document")
    def document(ref: str, request: Request) -> Response:
        use_document_policy(request)
        return HTMLResponse(nonce(request))

    @application.get("/{ref}/paie.pdf")
    def pdf(ref: str) -> Response:
        return Response(b"%PDF", media_type="application/pdf", headers={"Cache-Control": "private, no-store"})

    router = APIRouter(prefix="/v1")
    router.add_api_route("/things/{thing_id}", lambda thing_id: {"id": thing_id})
    router.add_api_route("/fail", fail)
    application.include_router(router)
    for path in ("/app", "/simulator", "/{ref}"):
        application.add_api_route(path, html)
    for path in ("/app/form", "/app/batches", "/v1/batches", "/v1/json", "/{ref}/unlock", "/callbacks/x"):
        application.add_api_route(path, size, methods=["POST"])
    return application


@pytest.fixture(scope="module")
def console() -> TestClient:
    return TestClient(build(), base_url="https://console.test", follow_redirects=False)


@pytest.fixture(scope="module")
def phone() -> TestClient:
    return TestClient(build(), base_url="https://pay.test", follow_redirects=False)


def csp(response: object) -> dict[str, str]:
    header = str(response.headers["content-security-policy"])  # type: ignore[attr-defined]
    return {name: value for name, _, value in (part.strip().partition(" ") for part in header.split(";"))}


class TestHeaders:
    @pytest.mark.parametrize(
        "path", ["/app", "/simulator", "/app/nothing", "/v1/things/1", "/v1/fail", "/v1/none"]
    )
    def test_every_answer_carries_the_common_ones(self, console: TestClient, path: str) -> None:
        headers = console.get(path).headers

        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert headers["cache-control"] == "no-store"
        assert "camera=()" in headers["permissions-policy"]
        assert headers["strict-transport-security"].startswith("max-age=")

    def test_plain_http_promises_no_https(self) -> None:
        client = TestClient(
            build("http://localhost:8000", "http://localhost:8000"), base_url="http://localhost:8000"
        )
        assert "strict-transport-security" not in client.get("/app").headers

    def test_the_console_page_runs_only_what_carries_its_nonce(self, console: TestClient) -> None:
        answer = console.get("/app")

        policy = csp(answer)
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == f"'self' 'nonce-{answer.text}'"
        assert policy["require-trusted-types-for"] == "'script'"
        assert policy["trusted-types"] == "htmx"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in answer.headers["content-security-policy"]

    def test_the_landing_page_has_the_policy_of_links(self, phone: TestClient) -> None:
        answer = phone.get("/7kPq2mXa")

        policy = csp(answer)
        assert policy["script-src"] == policy["style-src"] == f"'nonce-{answer.text}'"
        assert (policy["form-action"], policy["base-uri"], policy["img-src"]) == (
            "'self'",
            "'none'",
            "'self'",
        )
        assert "trusted-types" not in policy

    def test_the_document_page_may_run_its_viewer(self, phone: TestClient) -> None:
        answer = phone.get("/7kPq2mXa/document")

        assert csp(answer)["worker-src"] == "'self'"
        assert f"'nonce-{answer.text}'" in csp(answer)["script-src"]
        assert "worker-src" not in csp(phone.get("/7kPq2mXa"))

    def test_a_pdf_carries_no_policy_that_would_stop_a_viewer(self, phone: TestClient) -> None:
        answer = phone.get("/7kPq2mXa/paie.pdf")

        assert "content-security-policy" not in answer.headers
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"

    def test_the_api_allows_nothing_to_a_browser(self, console: TestClient) -> None:
        assert csp(console.get("/v1/things/1")) == {"default-src": "'none'", "frame-ancestors": "'none'"}

    def test_a_nonce_is_never_used_twice(self, console: TestClient) -> None:
        nonces = {console.get("/app").text for _ in range(20)}
        assert len(nonces) == 20
        assert all(re.fullmatch(r"[\w-]{22}", value) for value in nonces)

    def test_an_error_page_has_the_nonce_of_its_own_answer(self, console: TestClient) -> None:
        answer = console.get("/app/nothing")
        assert f"'nonce-{answer.text.split()[1]}'" in csp(answer)["script-src"]

    def test_a_stream_is_passed_on_piece_by_piece(self) -> None:
        application = build()
        seen: list[str] = []

        @application.get("/app/stream")
        def stream() -> Response:
            async def pieces() -> AsyncIterator[bytes]:
                for number in range(3):
                    seen.append(f"made {number}")
                    yield b"x"

            return StreamingResponse(pieces())

        with TestClient(application, base_url="https://console.test").stream("GET", "/app/stream") as answer:
            assert answer.headers["cache-control"] == "no-store"
            assert b"".join(answer.iter_bytes()) == b"xxx"
        assert seen == ["made 0", "made 1", "made 2"]


class TestHosts:
    @pytest.mark.parametrize("host", ["evil.test", "console.test.evil.test", "", "a b"])
    def test_an_unknown_host_is_refused(self, console: TestClient, host: str) -> None:
        answer = console.get("/app", headers={"Host": host})
        assert answer.status_code == 400
        assert "location" not in answer.headers

    def test_links_are_served_on_their_host_only(self, console: TestClient, phone: TestClient) -> None:
        assert phone.get("/7kPq2mXa").status_code == 200
        assert console.get("/7kPq2mXa").status_code == 404

    @pytest.mark.parametrize("path", ["/app", "/v1/things/1", "/simulator", "/"])
    def test_the_host_of_links_serves_nothing_else(self, phone: TestClient, path: str) -> None:
        assert phone.get(path).status_code == 404

    def test_one_host_for_both_serves_both(self) -> None:
        client = TestClient(
            build("http://localhost:8000", "http://localhost:8000"), base_url="http://localhost:8000"
        )
        assert client.get("/app").status_code == client.get("/7kPq2mXa").status_code == 200

    def test_a_further_host_serves_both(self, console: TestClient) -> None:
        for path in ("/app", "/7kPq2mXa"):
            assert console.get(path, headers={"Host": "10.0.0.7:8443"}).status_code == 200


class TestBodies:
    @pytest.mark.parametrize(
        ("path", "limit"),
        [
            ("/app/form", BODY_LIMITS[Door.CONSOLE]),
            ("/v1/json", BODY_LIMITS[Door.API]),
            ("/callbacks/x", BODY_LIMITS[Door.CALLBACKS]),
            ("/v1/batches", 2_000_000 + 1024 * 1024),
            ("/app/batches", 2_000_000 + 1024 * 1024),
        ],
    )
    @pytest.mark.parametrize("announced", [True, False])
    def test_the_limit_of_the_path_holds(
        self, console: TestClient, path: str, limit: int, announced: bool
    ) -> None:
        def send(size: int) -> int:
            body = bytes(size)
            content = body if announced else iter([body[:100], body[100:]])
            return int(console.post(path, content=content).status_code)

        assert send(limit) == 200
        assert send(limit + 1) == 413

    def test_an_unlock_is_small(self, phone: TestClient) -> None:
        assert phone.post("/7kPq2mXa/unlock", content=bytes(4096)).text == "4096"
        assert phone.post("/7kPq2mXa/unlock", content=bytes(4097)).status_code == 413

    def test_the_refusal_says_what_to_do(self, console: TestClient) -> None:
        body = console.post("/v1/json", content=bytes(2_000_000)).json()
        assert body["code"] == "body_too_large"
        assert "1048576" in body["detail"]

    @pytest.mark.parametrize("length", ["-1", "ten", "9" * 30])
    def test_a_length_that_is_none_is_refused(self, console: TestClient, length: str) -> None:
        assert console.post("/v1/json", content=b"", headers={"Content-Length": length}).status_code == 413


class TestLog:
    def test_it_names_the_route_and_never_the_path(
        self, phone: TestClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        phone.get(f"/7kPq2mXa%23{SECRET}?s={SECRET}")
        phone.post("/7kPq2mXa/unlock", content=SECRET.encode())
        phone.get(f"/{SECRET}/{SECRET}/{SECRET}")

        lines = [JsonLines().format(r) for r in caplog.records if r.name == "app.web.security"]
        told = [json.loads(line) for line in lines]
        assert [(t["method"], t["route"], t["status"]) for t in told] == [
            ("GET", "/{ref}", 200),
            ("POST", "/{ref}/unlock", 200),
            ("GET", "none", 404),
        ]
        assert all(t["ms"] >= 0 and t["door"] == "recipient" for t in told)
        assert SECRET not in "".join(lines)
        assert "7kPq2mXa" not in "".join(lines)

    def test_routers_are_named_with_their_prefix(
        self, console: TestClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        console.get("/v1/things/12")

        (record,) = [r for r in caplog.records if r.name == "app.web.security"]
        assert record.__dict__["pli_fields"]["route"] == "/v1/things/{thing_id}"

    def test_an_unexpected_error_is_logged_without_its_text(
        self, console: TestClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        assert console.get("/v1/fail").status_code == 500

        lines = [JsonLines().format(r) for r in caplog.records if r.name.startswith("app.")]
        assert len(lines) == 2
        assert json.loads(lines[0])["error"] == "RuntimeError"
        assert SECRET not in "".join(lines)

    def test_without_a_route_there_is_no_template(self) -> None:
        assert route_template({}) == "none"


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/", Door.CONSOLE),
        ("/app", Door.CONSOLE),
        ("/app/batches/1", Door.CONSOLE),
        ("/apps", Door.RECIPIENT),
        ("/v1/batches", Door.API),
        ("/v1x", Door.RECIPIENT),
        ("/callbacks/rcs", Door.CALLBACKS),
        ("/simulator", Door.SIMULATOR),
        ("/healthz", Door.OPERATIONS),
        ("/static/x.css", Door.STATIC),
        ("/7kPq2mXa", Door.RECIPIENT),
        ("/c/abc", Door.RECIPIENT),
        ("//app", Door.CONSOLE),
    ],
)
def test_a_path_leads_to_its_door(path: str, door: Door) -> None:
    assert door_of(path) is door


def test_origins_are_written_as_browsers_do() -> None:
    assert origins(["https://Pay.test/x", "http://localhost:8000"]) == {
        "https://pay.test",
        "http://localhost:8000",
    }
