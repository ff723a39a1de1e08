import ast
import builtins
import importlib
import inspect
import json
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI
from pydantic import AfterValidator, BaseModel, Field
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from app.core import errors
from app.crypto.errors import SealBroken
from app.web import problems
from app.web.problems import TABLE, Answers, Problem, boundary, install, row_for
from links.errors import LinkError
from tests.web.client import TestClient

ROOT = Path(__file__).resolve().parents[2]
SECRET = "hunter2-secret"
# Why these never reach a door.
INTERNAL = {
    "BindRefused": "an outcome on its way to the owner of an SMPP link, who tries again",
    "Interrupted": "ends a job that the engine will run again",
    "JobFailed": "tells the engine that a job failed",
    "KeyUnusable": "an outcome on its way to the settings of an agent, which say what is wrong with them",
    "LinkFailed": "an outcome on its way to the owner of an SMPP link, who dials again",
    "NotAuthentic": "answered 403 by the callbacks door, whose routes turn it into Forbidden",
    "MissingTextError": "a bug in a page: answered as unexpected",
    "RefusedPdfError": "an outcome on its way up, a value for the callers of app.documents",
    "SheetProblem": "an outcome on its way up, a value for the callers of app.documents",
    "OutOfRange": "a bug in a card: a measure that is checked when it is built",
    "RcsError": "a bug in a card: the card of an announcement is checked when it is built",
    "Superseded": "ends a run whose block another worker holds",
}


class Colour(Enum):
    RED = "red"


def shout(value: str) -> str:
    raise ValueError(f"no, not {value}")


class Order(BaseModel):
    password: Annotated[str, Field(max_length=4)]
    loud: Annotated[str, AfterValidator(shout)] = ""
    colour: Colour = Colour.RED


def page(request: Request, problem: Problem) -> Response:
    return HTMLResponse(f"<p>{problem.title('fr')} {problem.code} {problem.reference}</p>", problem.status)


ERRORS: dict[str, Exception] = {
    "invalid": errors.InvalidInput("bad_thing", "the thing is bad; mend it"),
    "large": errors.TooLarge("big_thing", "too big"),
    "missing": errors.NotFound("no_thing", "no such thing"),
    "forbidden": errors.Forbidden("not_you", "not you"),
    "unknown": errors.Unauthenticated("who", "who are you"),
    "conflict": errors.Conflict("moved", "it moved"),
    "often": errors.TooMany("slow", "slow down", retry_after=37),
    "keys": errors.KeysUnavailable("key_missing", "application key 3 is not in the key ring"),
    "busy": errors.Overloaded("full", "the pool is full"),
    "seal": SealBroken("box_broken", f"does not open {SECRET}"),
    "link": LinkError("no_password", "the policy wants a password"),
    "bug": RuntimeError(SECRET),
}


def build() -> FastAPI:
    answers = Answers(console=page, recipient=page)
    application = FastAPI(redirect_slashes=False, middleware=[boundary(answers)])
    install(application, answers)
    for prefix in ("/v1", "/app", "/ref"):
        router = APIRouter(prefix=prefix)

        @router.get("/raise/{name}")
        def fail(name: str) -> None:
            raise ERRORS[name]

        @router.post("/order")
        def order(body: Order, limit: int = 3) -> dict[str, int]:
            return {"limit": limit}

        @router.get("/left")
        def left() -> None:
            raise ClientDisconnect

        @router.get("/half")
        def half() -> Response:
            def pieces() -> Iterator[bytes]:
                yield b"one"
                raise RuntimeError(SECRET)

            return StreamingResponse(pieces())

        application.include_router(router)
    return application


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(build(), follow_redirects=False)


@pytest.mark.parametrize(
    ("name", "status", "slug"),
    [
        ("invalid", 422, "invalid-input"),
        ("large", 413, "too-large"),
        ("missing", 404, "not-found"),
        ("forbidden", 403, "forbidden"),
        ("unknown", 401, "unauthenticated"),
        ("conflict", 409, "conflict"),
        ("often", 429, "too-many"),
        ("keys", 503, "keys-unavailable"),
        ("busy", 503, "overloaded"),
        ("seal", 500, "seal-broken"),
        ("link", 422, "invalid-link"),
        ("bug", 500, "unexpected"),
    ],
)
def test_the_api_answers_each_error_with_a_problem_document(
    client: TestClient, name: str, status: int, slug: str
) -> None:
    answer = client.get(f"/v1/raise/{name}")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"urn:pli:problem:{slug}"
    assert body["status"] == status
    assert {"title", "detail", "code"} <= set(body)
    assert SECRET not in answer.text


def test_the_detail_is_the_sentence_of_the_error(client: TestClient) -> None:
    body = client.get("/v1/raise/invalid").json()
    assert (body["title"], body["code"], body["detail"]) == (
        "Invalid input",
        "bad_thing",
        "the thing is bad; mend it",
    )


def test_the_title_is_french_for_who_asks_for_it(client: TestClient) -> None:
    body = client.get("/v1/raise/invalid", headers={"Accept-Language": "fr-FR,fr;q=0.9"}).json()
    assert body["title"] == "Données non valides"


def test_waiting_times_are_announced(client: TestClient) -> None:
    assert client.get("/v1/raise/often").headers["retry-after"] == "37"
    assert client.get("/app/raise/often").headers["retry-after"] == "37"
    assert client.get("/v1/raise/busy").headers["retry-after"] == "5"
    assert "retry-after" not in client.get("/v1/raise/invalid").headers


def test_an_api_client_is_told_how_to_authenticate(client: TestClient) -> None:
    assert client.get("/v1/raise/unknown").headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("name", ["bug", "keys", "seal"])
@pytest.mark.parametrize("door", ["/v1", "/app", "/ref"])
def test_our_own_failures_show_a_reference_that_the_log_explains(
    client: TestClient, caplog: pytest.LogCaptureFixture, name: str, door: str
) -> None:
    answer = client.get(f"{door}/raise/{name}")

    (record,) = [r for r in caplog.records if r.name == "app.web.problems"]
    reference = record.__dict__["pli_fields"]["reference"]
    assert reference in answer.text
    assert record.exc_info is not None
    assert record.exc_info[0] is type(ERRORS[name])
    assert SECRET not in answer.text
    assert "key ring" not in answer.text


def test_console_and_recipient_get_a_page(client: TestClient) -> None:
    for door in ("/app", "/ref"):
        answer = client.get(f"{door}/raise/conflict")
        assert answer.status_code == 409
        assert answer.text == "<p>L’état a changé entre-temps moved </p>"


def test_who_is_not_logged_in_is_sent_to_the_login_and_back(client: TestClient) -> None:
    answer = client.get("/app/raise/unknown?page=2&next=x")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/app/login?next=%2Fapp%2Fraise%2Funknown%3Fpage%3D2%26next%3Dx"


def test_a_part_of_a_page_sends_the_whole_page_to_the_login(client: TestClient) -> None:
    answer = client.get("/app/raise/unknown", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"].startswith("/app/login?next=")


def test_the_recipient_is_never_sent_to_the_login(client: TestClient) -> None:
    assert client.get("/ref/raise/unknown").status_code == 401


def test_rejected_values_are_not_repeated(client: TestClient) -> None:
    order = {"password": SECRET, "loud": SECRET, "colour": SECRET}
    answer = client.post(f"/v1/order?limit={SECRET}", json=order)

    assert answer.status_code == 422
    assert SECRET not in answer.text
    assert answer.json()["code"] == "invalid_fields"
    assert answer.json()["errors"] == [
        {
            "pointer": "query/limit",
            "detail": "Input should be a valid integer, unable to parse string as an integer",
        },
        {"pointer": "#/password", "detail": "String should have at most 4 characters"},
        {"pointer": "#/loud", "detail": "This value cannot be used here (value_error)"},
        {"pointer": "#/colour", "detail": "Input should be 'red'"},
    ]


def test_a_body_that_is_not_json_is_pointed_at(client: TestClient) -> None:
    answer = client.post("/v1/order", content=b'{"password": ', headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["detail"] == "JSON decode error"


def test_no_route_and_wrong_method(client: TestClient) -> None:
    assert client.get("/v1/nothing").json()["code"] == "no_such_page"
    wrong = client.delete("/v1/order")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert wrong.json()["detail"] == "this address answers to POST"
    assert client.get("/app/nothing").text.startswith("<p>Introuvable")


def test_a_slash_too_many_is_not_redirected(client: TestClient) -> None:
    assert client.get("/v1/raise/invalid/", headers={"Host": "evil.example"}).status_code == 404


def test_half_an_answer_is_cut_and_not_continued(client: TestClient) -> None:
    with pytest.raises(RuntimeError):
        client.get("/v1/half")


def test_a_client_that_left_is_not_an_error(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with pytest.raises(AssertionError):  # the test client finds no response, as intended
        client.get("/v1/left")
    assert [r.getMessage() for r in caplog.records if r.name == "app.web.problems"] == ["client left"]


def public_errors() -> set[type[BaseException]]:
    """Found in the source, so that only modules that define an error are imported."""
    definitions = [
        (path, node.name, {ast.unparse(base).rpartition(".")[2] for base in node.bases})
        for package in ("app", "links", "rcs")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    known = {
        name
        for name, value in vars(builtins).items()
        if inspect.isclass(value) and issubclass(value, BaseException)
    }
    while fresh := {name for _, name, bases in definitions if bases & known} - known:
        known |= fresh
    return {
        getattr(importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)), name)
        for path, name, _ in definitions
        if name in known and not name.startswith("_")
    }


def test_every_public_error_class_has_a_row_or_a_reason() -> None:
    found = public_errors()
    lost = {
        kind.__name__
        for kind in found
        if kind.__name__ not in INTERNAL and not (issubclass(kind, Exception) and row_for(kind))
    }
    assert lost == set()
    assert set(INTERNAL) <= {kind.__name__ for kind in found}
    own_rows = {kind for kind in found if kind.__module__ == "app.core.errors"}
    assert own_rows <= set(TABLE)


def test_titles_exist_in_both_languages_and_slugs_name_one_row() -> None:
    rows = list(TABLE.values())
    assert all(row.fr and row.en and row.fr != row.en for row in rows)
    assert len({row.slug for row in rows}) == len(rows)


def test_problem_documents_are_json_with_declared_members_only(client: TestClient) -> None:
    allowed: set[str] = {"type", "title", "status", "detail", "code", "errors", "reference"}
    for name in ERRORS:
        body: dict[str, Any] = json.loads(client.get(f"/v1/raise/{name}").content)
        assert set(body) <= allowed


def test_pointers_escape_what_json_pointer_reserves() -> None:
    entry = {"loc": ("body", "a/b", "c~d", 0), "type": "missing", "msg": "Field required"}
    assert problems.field_problem(entry).pointer == "#/a~1b/c~0d/0"
