"""One message through the API."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.db.models import Message
from app.db.queries import organisations
from app.messaging.permission.categories import Category, Kind
from app.messaging.texts.drafts import Draft
from app.usecases.rules.change_choices import NewChoices, change_choices
from app.usecases.templates.save_template import save_template
from tests.web.api.house import House
from tests.web.client import TestClient

NOTICE: dict[str, Any] = {
    "to": "06 11 00 60 01",
    "text": "Votre colis est prêt.",
    "category": "transactional",
}
OFFER = {"to": "06 11 00 60 02", "category": "marketing"}
CONSENT = {
    "number": OFFER["to"],
    "fact": "opt_in",
    "purpose": "offers",
    "text_shown": "I agree to get offers.",
    "action_trace": "box ticked on the order page",
}


@pytest.fixture
def organisation(house: House) -> UUID:
    return house.organisation()


@pytest.fixture
def client(house: House, organisation: UUID) -> TestClient:
    return house.client(house.key(organisation))


@pytest.fixture
def name(house: House, organisation: UUID) -> str:
    with house.rt.read() as session:
        return organisations.require(session, organisation).name


def choose(house: House, organisation: UUID, **changed: Any) -> None:
    assert change_choices(house.rt, organisation, NewChoices(**changed), "test") == {}


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def test_a_message_is_taken_followed_and_arrives(house: House, client: TestClient) -> None:
    taken = client.post("/v1/messages", json=NOTICE)

    assert taken.status_code == 202, taken.text
    message = taken.json()
    assert (message["state"], message["category"], message["kind"]) == ("queued", "transactional", "notice")
    assert (message["segments"], message["price"], message["warnings"]) == (1, None, [])
    house.work("dispatch_sender")
    followed = client.get(f"/v1/messages/{message['id']}").json()
    assert (followed["state"], followed["reason"]) == ("submitted", None)
    assert {key for key in message if key != "warnings"} == set(followed)
    assert "611006001" not in taken.text


def test_the_price_is_that_of_its_segments(house: House, organisation: UUID, client: TestClient) -> None:
    choose(house, organisation, segment_price="0.045")
    message = client.post("/v1/messages", json={**NOTICE, "text": "é" * 161}).json()
    assert (message["segments"], message["price"]) == (2, "0.09")


def test_marketing_from_this_door_shows_who_sends_it_and_a_way_out(
    house: House, organisation: UUID, client: TestClient, name: str
) -> None:
    choose(house, organisation, stop_code="36105")
    assert client.post("/v1/consents", json=CONSENT).status_code == 204

    def refused(text: str) -> list[str]:
        answer = client.post("/v1/messages", json={**OFFER, "text": text}, headers={"Accept-Language": "fr"})
        assert (answer.status_code, answer.json()["code"]) == (422, "text_refused"), answer.text
        return [error["detail"] for error in answer.json()["errors"]]

    assert [one.partition(":")[0] for one in refused("Deux tartes pour une samedi")] == [
        "no_sender",
        "no_way_out",
    ]
    (without_end,) = refused(f"{name} : deux tartes pour une samedi")
    assert without_end.startswith("no_way_out: Le texte n’offre aucun moyen d’arrêter")
    (without_name,) = refused("Deux tartes pour une samedi. STOP au 36105")
    assert without_name.startswith("no_sender: Le texte ne dit pas qui l’envoie")
    whole = client.post("/v1/messages", json={**OFFER, "text": f"{name} : deux tartes. STOP au 36105"})
    assert (whole.status_code, whole.json()["warnings"]) == (202, [])
    purposeless = client.post("/v1/messages", json={**OFFER, "text": f"Bonjour, {name}. STOP au 36105"})
    assert [one["code"] for one in purposeless.json()["warnings"]] == ["no_purpose"]


def test_only_the_readers_own_opt_out_address_is_a_way_out(client: TestClient, name: str) -> None:
    client.post("/v1/consents", json=CONSENT)

    def send(number: str) -> Any:
        address = client.post("/v1/opt-out-links", json={"number": number}).json()["url"]
        return client.post(
            "/v1/messages", json={**OFFER, "text": f"{name} : deux tartes pour une. {address}"}
        )

    other = send("06 11 00 60 99")
    assert (other.status_code, other.json()["errors"][0]["detail"][:10]) == (422, "no_way_out")
    assert send(str(OFFER["to"])).status_code == 202


def test_an_offer_called_a_notice_is_warned_about_and_a_kind_that_sells_is_marketing(
    client: TestClient,
) -> None:
    warned = client.post("/v1/messages", json={**NOTICE, "text": "Profitez de nos soldes : -30 %"})
    assert [one["code"] for one in warned.json()["warnings"]] == ["offer_inside"]
    called = client.post("/v1/messages", json={**NOTICE, "kind": "offer"})
    assert (called.status_code, called.json()["code"]) == (422, "category_kind")


def test_texts_have_a_longest_length_and_marketing_may_have_a_shorter_one(
    house: House, organisation: UUID, client: TestClient, name: str
) -> None:
    longest = client.post("/v1/messages", json={**NOTICE, "text": "a" * 1530})
    assert (longest.status_code, longest.json()["segments"]) == (202, 10)
    above = client.post(
        "/v1/messages", json={**NOTICE, "text": "a" * 1531}, headers={"Accept-Language": "en"}
    )
    assert (
        above.json()["errors"][0]["detail"]
        == "too_long: Text too long: 11/10 text messages billed. Shorten it."
    )
    choose(house, organisation, stop_code="36105", one_segment_marketing=True)
    client.post("/v1/consents", json=CONSENT)
    text = f"{name} : {'deux tartes ' * 13}STOP au 36105"
    answer = client.post("/v1/messages", json={**OFFER, "text": text})
    assert answer.json()["errors"][0]["detail"].startswith("marketing_too_long: ")


@pytest.mark.parametrize(
    ("fact", "category", "code"),
    [
        ("objection_all", "transactional", "consent-objection-all"),
        ("stop", "marketing", "consent-stop"),
        ("", "marketing", "consent-cpce-l34-5"),
        ("", "conversational", "sender_not_for_category"),
    ],
)
def test_what_consent_or_senders_forbid_is_refused_with_the_rule(
    client: TestClient, fact: str, category: str, code: str
) -> None:
    if fact:
        assert client.post("/v1/consents", json={"number": NOTICE["to"], "fact": fact}).status_code == 204
    answer = client.post("/v1/messages", json={**NOTICE, "category": category})
    assert (answer.status_code, answer.json()["code"]) == (409, code)


def test_the_same_key_sends_once(house: House, client: TestClient) -> None:
    first = client.post("/v1/messages", json=NOTICE, headers={"Idempotency-Key": "k1"})
    again = client.post("/v1/messages", json=NOTICE, headers={"Idempotency-Key": "k1"})
    other = client.post("/v1/messages", json={**NOTICE, "text": "Autre."}, headers={"Idempotency-Key": "k1"})

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    elsewhere = house.client(house.key(house.organisation()))
    assert elsewhere.post("/v1/messages", json=NOTICE, headers={"Idempotency-Key": "k1"}).status_code == 202
    assert elsewhere.get(f"/v1/messages/{first.json()['id']}").status_code == 404


def test_it_waits_for_its_instant_and_can_be_stopped(house: House, client: TestClient) -> None:
    planned = client.post(
        "/v1/messages", json={**NOTICE, "not_before": in_days(399)}, headers={"Accept-Language": "fr"}
    )

    message = planned.json()
    assert (planned.status_code, message["state"]) == (202, "held"), planned.text
    assert message["reason"] == {"code": "scheduled", "message": "prévu pour plus tard"}
    stopped = client.post(f"/v1/messages/{message['id']}/cancel")
    assert (stopped.status_code, stopped.json()["state"]) == (200, "cancelled")
    assert stopped.json()["reason"]["code"] == "cancelled_by_sender"
    assert client.post(f"/v1/messages/{message['id']}/cancel").json()["state"] == "cancelled"
    gone = client.post("/v1/messages", json=NOTICE).json()
    house.work("dispatch_sender")
    late = client.post(f"/v1/messages/{gone['id']}/cancel")
    assert (late.status_code, late.json()["code"]) == (409, "message_left")
    assert client.post(f"/v1/messages/{uuid4()}/cancel").status_code == 404


def test_a_local_time_is_that_of_the_recipients_clock(client: TestClient) -> None:
    day = in_days(30)[:10]
    paris, reunion = (
        client.post("/v1/messages", json={**NOTICE, "to": number, "local_time": f"{day}T12:00"}).json()[
            "not_before"
        ]
        for number in ("+33611006001", "+262692123456")
    )
    paris, reunion = (datetime.fromisoformat(one).astimezone(UTC) for one in (paris, reunion))
    assert reunion.hour == 8
    assert paris - reunion in (timedelta(hours=2), timedelta(hours=3))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"to": "01 44 55 66 77"}, "landline"),
        ({"text": ""}, "text_or_template"),
        ({"template": "rappel"}, "text_or_template"),
        ({"text": "", "template": "rappel"}, "template_unknown"),
        ({"text": "", "template": "payslip_notice"}, "template_unknown"),
        ({"category": None}, "category_missing"),
        ({"not_before": in_days(-1)}, "schedule_past"),
        ({"not_before": in_days(401)}, "schedule_too_far"),
        ({"not_before": in_days(1), "local_time": "2026-12-24T10:00"}, "two_times"),
        ({"expires_at": in_days(-1)}, "validity_over"),
        ({"expires_at": in_days(8)}, "validity_too_long"),
        ({"channels": ["rcs"]}, "text_is_sms"),
        ({"text": "\ud83d"}, "invalid_fields"),
        ({"category": "spam"}, "invalid_fields"),
        ({"local_time": "2026-12-24T10:00Z"}, "invalid_fields"),
        ({"surprise": 1}, "invalid_fields"),
    ],
)
def test_what_cannot_be_sent_is_refused(client: TestClient, changed: dict[str, Any], code: str) -> None:
    body = json.dumps({**NOTICE, **changed})
    answer = client.post("/v1/messages", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (404, 422), answer.text
    assert answer.json()["code"] == code
    assert "611006001" not in answer.text


def test_a_template_is_filled_and_its_marketing_gets_its_way_out(
    house: House, organisation: UUID, client: TestClient
) -> None:
    client.post("/v1/consents", json=CONSENT)
    for channel, title in (("sms", ""), ("rcs", "Deux tartes pour une")):
        text = "{sender} : deux tartes pour une, {ville}"
        draft = Draft("tartes", channel, "fr", Category.MARKETING, Kind.OFFER, text, title)
        assert save_template(house.rt, organisation, draft, {"ville": ["Lyon"]}, "test").kept
    asked = {"to": OFFER["to"], "template": "tartes", "values": {"ville": "Lyon"}}

    both = client.post("/v1/messages", json=asked)
    text = client.post("/v1/messages", json={**asked, "channels": ["sms"]})
    card = client.post("/v1/messages", json={**asked, "channels": ["rcs"]})

    assert (both.status_code, both.json()["channel"]) == (202, "rcs"), both.text
    assert (text.status_code, text.json()["channel"], text.json()["kind"]) == (202, "sms", "offer")
    with house.rt.read() as session:
        plans = [session.get_one(Message, UUID(answer.json()["id"])).plan for answer in (both, text, card)]
    assert plans == [["rcs", "sms"], ["sms"], ["rcs"]]
    empty = client.post("/v1/messages", json={**asked, "values": {}})
    assert (empty.status_code, empty.json()["code"]) == (422, "template_values")
    assert "ville" in empty.json()["detail"]
    assert client.post("/v1/messages", json={**asked, "category": "alert"}).status_code == 422


def test_a_key_is_needed_and_a_test_key_never_sends(
    house: House, organisation: UUID, client: TestClient
) -> None:
    assert client.post("/v1/messages", json=NOTICE, headers={"Authorization": ""}).status_code == 401
    trying = house.client(house.key(organisation, "test"))
    refused = trying.post("/v1/messages", json=NOTICE)
    assert (refused.status_code, refused.json()["code"]) == (403, "test_key_never_sends")
    playing = house.client(house.key(house.organisation(simulator_only=True), "test"))
    assert playing.post("/v1/messages", json=NOTICE).status_code == 202
