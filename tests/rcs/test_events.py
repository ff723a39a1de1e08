"""What the platform tells, in every shape its pages show."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcs.events import Unknown, read_event

VECTORS = Path(__file__).parent.parent / "vectors" / "rcs"
EVENTS: list[dict[str, Any]] = json.loads((VECTORS / "events.json").read_text("utf-8"))


def key_of(data: dict[str, Any]) -> str:
    return read_event(json.dumps(data).encode()).key


@pytest.mark.parametrize("vector", EVENTS, ids=[vector["name"] for vector in EVENTS])
def test_an_event_is_read(vector: dict[str, Any]) -> None:
    event = read_event(json.dumps(vector["data"]).encode())

    assert type(event).__name__ == vector["is"]
    told = {
        name: value.isoformat() if hasattr(value := getattr(event, name), "isoformat") else str(value)
        for name in vector["has"]
    }
    assert told == vector["has"]


def test_every_event_of_the_list_has_a_key_of_its_own_that_says_nothing() -> None:
    keys = [key_of(vector["data"]) for vector in EVENTS]

    assert len(set(keys)) == len(EVENTS)
    assert all(len(key) == 64 and not set(key) - set("0123456789abcdef") for key in keys)


@pytest.mark.parametrize("other", ["agentId", "eventId", "eventType"])
def test_another_agent_id_or_kind_is_another_event(other: str) -> None:
    delivered = EVENTS[0]["data"]

    assert key_of(delivered) == key_of(dict(reversed(delivered.items())))
    assert key_of(delivered) != key_of(delivered | {other: "READ"})


def test_two_buttons_of_one_message_are_two_events() -> None:
    tap = next(vector["data"] for vector in EVENTS if vector["name"] == "a tap with a message id")
    other = tap | {"suggestionResponse": tap["suggestionResponse"] | {"postbackData": "call7K3MQ2X9"}}

    assert key_of(tap) == key_of(dict(tap))
    assert key_of(tap) != key_of(other)


def test_an_event_shown_in_a_log_names_nobody() -> None:
    for vector in EVENTS:
        shown = repr(read_event(json.dumps(vector["data"]).encode()))
        assert "33612345678" not in shown
        assert "STOP" not in shown
        assert "7K3MQ2X9" not in shown


@pytest.mark.parametrize("data", [b"", b"{", b"7", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_event_is_unknown(data: bytes) -> None:
    event = read_event(data)

    assert isinstance(event, Unknown)
    assert event.key == read_event(data).key


names = st.sampled_from(
    [
        "senderPhoneNumber",
        "phoneNumber",
        "eventType",
        "eventId",
        "messageId",
        "agentId",
        "sendTime",
        "text",
        "userFile",
        "location",
        "suggestionResponse",
        "oldLaunchState",
        "newLaunchState",
    ]
)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["READ", "DELIVERED", "UNSUBSCRIBE", "7d3f6a1e-2f0b-4b6e-9a55-0d6a9c1f5e10"]),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["payload", "fileUri", "postbackData", "text", "type", "latitude"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=6,
)


@given(st.dictionaries(names, values))
@settings(max_examples=200, deadline=None)
def test_whatever_is_told_is_an_event_with_a_key(body: dict[str, Any]) -> None:
    data = json.dumps(body).encode()

    assert read_event(data).key == read_event(data).key != ""


@given(st.binary(max_size=60))
@settings(max_examples=100, deadline=None)
def test_bytes_of_any_kind_are_read(data: bytes) -> None:
    assert read_event(data).key


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_an_instant_outside_the_calendar_is_none(at: str) -> None:
    assert read_event(json.dumps({"eventType": "IS_TYPING", "sendTime": at}).encode()).at is None
