"""What the API answers when it cannot do what was asked: always a problem document, never an echo of what was sent."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from app.usecases.accounts.find_api_key import find_api_key
from app.usecases.accounts.revoke_api_key import revoke_api_key
from app.web.api import router
from app.web.api.openapi import document
from tests.web.api.house import FILES, MB, PDF, SHEET, House, upload
from tests.web.client import TestClient

# Fixed, because parallel test workers must find the same test names.
NOBODY = "6c3b6a52-93f0-4f58-9a5e-3f1f3b8f7f10"

BOUNDARY = "----edge"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
DESCRIBED: dict[str, Any] = document(router)
OPERATIONS = [
    (method.upper(), path) for path, operations in DESCRIBED["paths"].items() for method in operations
]


def assert_problem(answer: Any, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) - {"errors", "reference"} == {"type", "title", "status", "detail", "code"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"].startswith("urn:pli:problem:")


def address(path: str) -> str:
    return path.replace("{batch_id}", str(uuid4())).replace("{document_id}", str(uuid4()))


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_needs_a_key(house: House, method: str, path: str) -> None:
    answer = house.client(None).request(method, address(path))

    assert_problem(answer, 401, "api_key_missing")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert DESCRIBED["paths"][path][method.lower()]["security"]


@pytest.mark.parametrize("key", ["nonsense", "pli_live_1111111_" + "1" * 32, ""])
def test_an_unknown_key_opens_nothing(house: House, key: str) -> None:
    client = house.client(None)

    answer = client.get("/v1/batches", headers={"Authorization": f"Bearer {key}"})

    assert answer.status_code == 401
    assert answer.json()["code"] in ("api_key_unknown", "api_key_missing")


def test_a_revoked_key_opens_nothing(house: House) -> None:
    organisation = house.organisation()
    key = house.key(organisation)
    assert house.client(key).get("/v1/batches").status_code == 200

    key_id = find_api_key(house.rt, organisation, key[:16])
    revoke_api_key(house.rt, organisation, key_id, actor="test", now=house.rt.now())

    assert_problem(house.client(key).get("/v1/batches"), 401, "api_key_unknown")


def test_nothing_of_one_organisation_is_there_for_another(house: House, client: TestClient) -> None:
    batch = upload(client).json()["id"]
    house.work("split_batch")
    line = client.get(f"/v1/batches/{batch}/documents", params={"limit": 1}).json()["data"][0]["id"]
    message = client.post(
        "/v1/messages", json={"to": "06 11 00 10 09", "text": "Bonjour", "kind": "notice"}
    ).json()["id"]
    stranger = house.client(house.key(house.organisation()))

    assert stranger.get("/v1/batches").json()["data"] == []
    for method, path in OPERATIONS:
        if "{" in path:
            asked = path.format(batch_id=batch, document_id=line, message_id=message)
            answer = stranger.request(method, asked)
            assert answer.status_code == 404, path
            assert answer.json()["code"] in ("batch_unknown", "document_unknown", "message_unknown")
    assert client.get(f"/v1/messages/{message}").json()["state"] == "queued"
    assert client.get(f"/v1/batches/{batch}").json()["state"] == "in_review"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", f"/v1/batches/{NOBODY}", 404, "batch_unknown"),
        ("GET", f"/v1/batches/{NOBODY}/review", 404, "batch_unknown"),
        ("GET", f"/v1/batches/{NOBODY}/documents", 404, "batch_unknown"),
        ("POST", f"/v1/batches/{NOBODY}/release", 404, "batch_unknown"),
        ("POST", f"/v1/batches/{NOBODY}/cancel", 404, "batch_unknown"),
        ("POST", f"/v1/documents/{NOBODY}/exclude", 404, "document_unknown"),
        ("GET", "/v1/batches/not-an-id", 422, "invalid_fields"),
        ("GET", "/v1/batches?limit=0", 422, "invalid_fields"),
        ("GET", "/v1/batches?limit=many", 422, "invalid_fields"),
        ("GET", "/v1/batches?cursor=nonsense", 422, "cursor_unknown"),
        ("GET", "/v1/batches?cursor=%C3%A9", 422, "cursor_unknown"),
        ("GET", f"/v1/batches?cursor=f{'_' * 31}", 422, "cursor_unknown"),
        ("GET", "/v1/nothing", 404, "no_such_page"),
        ("DELETE", "/v1/batches", 405, "method_not_allowed"),
    ],
)
def test_each_refusal_is_a_problem_document(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    assert_problem(client.request(method, path), status, code)


SHEET_PART = ("people", ("p.xlsx", SHEET))


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([("documents", ("a.pdf", PDF))], "people_sheet_missing"),
        ([SHEET_PART], "documents_missing"),
        ([("documents", ("a.pdf", PDF)), SHEET_PART, SHEET_PART], "people_sheet_missing"),
        ([("payroll", ("a.pdf", PDF)), SHEET_PART], "file_field_unknown"),
        ([("documents", ("a.pdf", b"")), SHEET_PART], "file_empty"),
    ],
)
def test_an_upload_that_lacks_something_leaves_nothing_behind(
    house: House, client: TestClient, files: Any, code: str
) -> None:
    before = house.uploads()

    answer = upload(client, files)

    assert_problem(answer, 422, code)
    assert house.uploads() == before
    assert client.get("/v1/batches").json()["data"] == []


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ("{not json", "#/options"),
        ("[]", "#/options"),
        (json.dumps({"titel": "secret-value"}), "#/options/titel"),
        (json.dumps({"title": "secret-value" * 20}), "#/options/title"),
        (json.dumps({"period": "secret-value"}), "#/options/period"),
        (json.dumps({"expires_on": "secret-value"}), "#/options/expires_on"),
        (json.dumps({"password_policy": "secret-value"}), "#/options/password_policy"),
        (json.dumps({"channels": ["secret-value"]}), "#/options/channels/0"),
    ],
)
def test_options_that_cannot_be_used_are_named_and_not_repeated(
    house: House, client: TestClient, options: str, pointer: str
) -> None:
    before = house.uploads()

    answer = client.post("/v1/batches", files=list(FILES), data={"options": options})

    assert_problem(answer, 422, "invalid_fields")
    assert [entry["pointer"] for entry in answer.json()["errors"]] == [pointer]
    assert "secret-value" not in answer.text
    assert house.uploads() == before


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"expires_on": "2020-01-01"}, "date_past"),
        ({"expires_on": "2099-01-01"}, "date_too_far"),
        ({"password_policy": "none"}, "needs_password_or_date"),
    ],
)
def test_options_against_the_rules_of_the_organisation_are_refused(
    client: TestClient, options: dict[str, Any], code: str
) -> None:
    assert_problem(upload(client, **options), 422, code)


def test_a_field_nobody_knows_is_refused(client: TestClient) -> None:
    answer = client.post("/v1/batches", files=list(FILES), data={"titel": "x"})

    assert_problem(answer, 422, "invalid_fields")
    assert answer.json()["errors"][0]["pointer"] == "#/titel"


@pytest.mark.parametrize("key", ["", "é", "x" * 201, "with space"])
def test_an_idempotency_key_has_1_to_200_printable_characters(client: TestClient, key: str) -> None:
    answer = client.post("/v1/batches", files=list(FILES), headers={"Idempotency-Key": key.encode()})

    assert_problem(answer, 422, "invalid_fields")
    assert answer.json()["errors"][0]["pointer"] == "header/idempotency-key"


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        (MULTIPART, b"no boundary here", "malformed_form"),
        (MULTIPART, b"", "upload_cut"),
        (
            MULTIPART,
            b'------edge\r\nContent-Disposition: form-data; name="documents"; filename="a.pdf"\r\n\r\n%PDF-1.7',
            "upload_cut",
        ),
        ({"Content-Type": "application/json"}, b"{}", "not_multipart"),
        ({"Content-Type": "multipart/form-data"}, b"x", "not_multipart"),
    ],
)
def test_a_body_that_is_no_form_or_breaks_off_leaves_nothing_behind(
    house: House, client: TestClient, headers: dict[str, str], body: bytes, code: str
) -> None:
    before = house.uploads()

    answer = client.post("/v1/batches", content=body, headers=headers)

    assert_problem(answer, 422, code)
    assert house.uploads() == before


def test_an_upload_over_the_limit_is_refused_by_its_announced_length(client: TestClient) -> None:
    answer = upload(client, [("documents", ("a.pdf", bytes(3 * MB))), SHEET_PART])

    assert_problem(answer, 413, "body_too_large")


def test_an_upload_over_the_limit_is_cut_while_it_comes_and_leaves_nothing_behind(
    house: House, client: TestClient
) -> None:
    before = house.uploads()

    def endless() -> Iterator[bytes]:
        yield b'------edge\r\nContent-Disposition: form-data; name="documents"; filename="a.pdf"\r\n\r\n'
        for _ in range(40):
            yield bytes(MB // 8)

    answer = client.post("/v1/batches", content=endless(), headers=MULTIPART)

    assert answer.status_code == 413
    assert answer.json()["code"] in ("upload_too_large", "body_too_large")
    assert house.uploads() == before


def test_the_description_is_public_and_names_every_error(house: House) -> None:
    described = house.client(None).get("/v1/openapi.json").json()

    assert described == json.loads(json.dumps(DESCRIBED))
    assert {path for _, path in OPERATIONS} == {
        "/v1/batches",
        "/v1/batches/{batch_id}",
        "/v1/batches/{batch_id}/review",
        "/v1/batches/{batch_id}/release",
        "/v1/batches/{batch_id}/retry",
        "/v1/batches/{batch_id}/cancel",
        "/v1/batches/{batch_id}/documents",
        "/v1/documents/{document_id}/exclude",
        "/v1/messages",
        "/v1/messages/{message_id}",
        "/v1/messages/{message_id}/cancel",
        "/v1/opt-outs",
        "/v1/consents",
        "/v1/opt-out-links",
        "/v1/senders",
    }
    for operations in described["paths"].values():
        for operation in operations.values():
            for status in ("401", "404", "409", "422"):
                content = operation["responses"][status]["content"]
                assert content == {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }


def test_every_reference_of_the_description_leads_somewhere() -> None:
    schemas = DESCRIBED["components"]["schemas"]

    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from ([part["$ref"]] if isinstance(part.get("$ref"), str) else [])
            for value in part.values():
                yield from references(value)
        elif isinstance(part, list):
            for value in part:
                yield from references(value)

    found = set(references(DESCRIBED))
    assert found
    assert {reference.removeprefix("#/components/schemas/") for reference in found} <= set(schemas)
