"""Senders through the API."""

from typing import Any

from app.core.accounts import OPERATOR
from app.messaging.sending.senders import Kind, State
from app.usecases.senders.ask_sender import ask_sender
from app.usecases.senders.move_sender import move_sender
from tests.web.api.house import House


def listed(house: House, organisation: Any) -> list[dict[str, Any]]:
    answer = house.client(house.key(organisation)).get("/v1/senders")
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def test_a_program_sees_what_its_messages_may_come_from(house: House) -> None:
    organisation, other = house.organisation(), house.organisation()
    sender_id = ask_sender(house.rt, organisation, Kind.SHORT_CODE_38, "38012", OPERATOR)
    move_sender(house.rt, organisation, sender_id, State.WAITING, OPERATOR)
    shown = {sender["kind"]: sender for sender in listed(house, organisation)}
    name, code = shown["name"], shown["short_code_38"]
    assert {**code, "state_since": ""} == {
        "id": str(sender_id),
        "kind": "short_code_38",
        "address": "38012",
        "channel": "sms",
        "state": "waiting",
        "state_since": "",
        "categories": ["transactional", "conversational", "alert"],
        "countries": ["FR", "FR-AM"],
        "not_in": [],
        "rate": 100.0,
        "receipts": True,
        "replies": True,
        "last_second": {"messages": 0, "segments": 0},
    }
    assert (name["countries"], name["not_in"], name["replies"]) == (None, ["CA", "PR", "US"], False)
    assert shown["rcs_agent"]["channel"] == "rcs"
    assert len(listed(house, other)) == 2


def test_a_key_is_needed(house: House) -> None:
    assert house.client(None).get("/v1/senders").status_code == 401
