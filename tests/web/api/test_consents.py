"""Consent through the API."""

from typing import Any

import pytest

from tests.web.api.house import House
from tests.web.client import TestClient

FORM: dict[str, Any] = {
    "number": "+33 6 11 00 50 01",
    "fact": "opt_in",
    "happened_at": "2026-01-05T10:00:00+01:00",
    "purpose": "offers",
    "text_shown": "I agree to get offers.",
    "action_trace": "box ticked on the order page",
}


def test_a_list_of_refusals_may_come_twice(client: TestClient) -> None:
    numbers = ["06 11 00 51 01", "+33611005102", "01 44 55 66 77"]
    first = client.post("/v1/opt-outs", json={"numbers": numbers})
    assert first.status_code == 200, first.text
    assert first.json() == {"added": 2, "known": 0, "unreadable": [{"place": 3, "problem": "landline"}]}
    assert client.post("/v1/opt-outs", json={"numbers": numbers}).json()["added"] == 0
    whole = client.post("/v1/opt-outs", json={"numbers": numbers[:1], "everything": True})
    assert whole.json()["added"] == 1


def test_a_consent_needs_its_proof(client: TestClient) -> None:
    assert client.post("/v1/consents", json=FORM).status_code == 204
    bare = client.post("/v1/consents", json={"number": FORM["number"], "fact": "opt_in"})
    assert (bare.status_code, bare.json()["code"]) == (422, "proof_missing")
    assert "text_shown" in bare.json()["detail"]
    sale = {
        "reference": "F-118",
        "given_by_the_person": True,
        "at_a_sale": True,
        "same_company": True,
        "similar_products": True,
        "told_at_collection": True,
        "could_refuse": False,
    }
    soft = {"number": FORM["number"], "fact": "soft_opt_in", "sale": sale}
    assert client.post("/v1/consents", json=soft).status_code == 422
    soft["sale"] = {**sale, "could_refuse": True}
    assert client.post("/v1/consents", json=soft).status_code == 204


@pytest.mark.parametrize(
    "changed",
    [
        {"fact": "carrier_block"},
        {"number": "12"},
        {"happened_at": "2026-01-05T10:00:00"},
        {"happened_at": "2126-01-05T10:00:00Z"},
        {"happened_at": "0001-01-01T00:00:00+14:00"},
        {"happened_at": "9999-12-31T23:59:59-14:00"},
        {"purpose": "x" * 61},
        {"text_shown": "I agree\0"},
        {"surprise": 1},
    ],
)
def test_what_cannot_be_recorded_is_refused(client: TestClient, changed: dict[str, Any]) -> None:
    answer = client.post("/v1/consents", json={**FORM, **changed})
    assert answer.status_code == 422
    assert "611005001" not in answer.text


def test_the_opt_out_address_is_the_same_every_time(client: TestClient) -> None:
    first = client.post("/v1/opt-out-links", json={"number": "0611005301"}).json()["url"]
    assert first == client.post("/v1/opt-out-links", json={"number": "+33611005301"}).json()["url"]
    assert "/o/" in first
    assert "611005301" not in first


def test_a_key_is_needed(client: TestClient) -> None:
    answer = client.post("/v1/opt-outs", json={"numbers": ["0611005001"]}, headers={"Authorization": ""})
    assert answer.status_code == 401


def test_a_test_key_writes_nothing_into_a_ledger_that_counts(house: House) -> None:
    real, simulated = house.organisation(), house.organisation(simulator_only=True)
    asked: dict[str, dict[str, Any]] = {
        "/v1/opt-outs": {"numbers": ["+33611005201"], "everything": True},
        "/v1/consents": FORM,
        "/v1/opt-out-links": {"number": "+33611005201"},
    }
    for path, body in asked.items():
        refused = house.client(house.key(real, "test")).post(path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "test_key_never_sends")
        assert house.client(house.key(simulated, "test")).post(path, json=body).is_success
    live = house.client(house.key(real)).post("/v1/opt-outs", json=asked["/v1/opt-outs"])
    assert live.json()["added"] == 1
