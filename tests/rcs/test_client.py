"""F1.2 to 11, the calls themselves: what leaves, and what every answer means."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from rcs.client import Addresses, Client
from rcs.content import HostedFile
from rcs.limits import OutOfRange, RcsError
from rcs.outcomes import (
    Accepted,
    Capability,
    Done,
    InDoubt,
    Invalid,
    NotPermitted,
    NotRevocable,
    Reachable,
    Revoked,
    Throttled,
    Unauthorized,
    Unavailable,
    Unreachable,
    Uploaded,
)
from tests.rcs.conftest import PHONE, Key, Office, open_office
from tests.rcs.judges import schema_problems
from tests.rcs.making import LINK, announcement, message
from tests.rcs.platform import ALL_FEATURES, Fault, Handset, Platform
from tests.rcs.platform.faults import Operation

NOW = datetime.now(UTC)
NOBODY = "+33700000000"


def test_f1_02_a_send_is_one_post_with_two_parameters(office: Office, google: Platform) -> None:
    message_id = uuid4()

    assert office.client.send(PHONE, message_id, message(), NOW) == Accepted(message_id)
    (sent,) = google.calls("send")
    assert (sent.method, sent.path) == ("POST", f"/v1/phones/{PHONE}/agentMessages")
    assert sent.query == {"messageId": str(message_id), "agentId": "demo-agent"}
    assert UUID(sent.query["messageId"]).version == 4
    assert sent.headers["authorization"].startswith("Bearer ya29.")
    assert sent.headers["content-type"] == "application/json"
    assert sent.json() == message().body()
    assert not {"name", "sendTime", "agentId", "expireTime"} & set(sent.json())
    assert sent.json()["messageTrafficType"] == "TRANSACTION"


@pytest.mark.parametrize(
    "number", ["0612345678", "+33 6 12 34 56 78", "33612345678", "+0612345678", "+336/../x", ""]
)
def test_a_number_that_is_not_e164_is_refused_before_any_call(
    office: Office, google: Platform, number: str
) -> None:
    for call in (
        lambda: office.client.send(number, uuid4(), message(), NOW),
        lambda: office.client.revoke(number, uuid4(), NOW),
        lambda: office.client.capability(number, NOW),
        lambda: office.client.show_typing(number, NOW),
        lambda: office.client.invite_tester(number, NOW),
    ):
        with pytest.raises(RcsError) as error:
            call()
        assert error.value.code == "phone"
        assert not number or number not in error.value.message
    assert google.requests == []


def test_the_same_id_is_taken_once(office: Office, google: Platform) -> None:
    message_id = uuid4()
    outcomes = [office.client.send(PHONE, message_id, message(), NOW) for _ in range(3)]

    assert outcomes == [Accepted(message_id)] * 3
    assert google.world.messages[str(message_id)].shown == 1


def test_an_answer_that_the_id_was_taken_before_is_a_yes(office: Office, google: Platform) -> None:
    message_id = uuid4()
    google.plan("send", Fault(409))

    assert office.client.send(PHONE, message_id, message(), NOW) == Accepted(message_id, duplicate=True)


def test_f1_08_a_401_gets_exactly_one_new_token_and_the_same_id(office: Office, google: Platform) -> None:
    message_id = uuid4()
    office.client.send(PHONE, uuid4(), message(), NOW)
    google.tokens.clear()

    assert office.client.send(PHONE, message_id, message(), NOW) == Accepted(message_id)
    assert len(google.calls("token")) == 2
    assert [call.query["messageId"] for call in google.calls("send")[1:]] == [str(message_id)] * 2


def test_f1_08_two_401_end_it(office: Office, google: Platform) -> None:
    google.plan("send", Fault(401), Fault(401))

    assert isinstance(office.client.send(PHONE, uuid4(), message(), NOW), Unauthorized)
    assert len(google.calls("token")) == 2
    assert len(google.calls("send")) == 2


FAULTS: list[tuple[Fault, object]] = [
    (Fault(400), Invalid("400: planned")),
    (Fault(403), NotPermitted("403: planned")),
    (Fault(404), Unreachable()),
    (Fault(404, plain=True), Unavailable("404: this is not the platform; check its address")),
    (Fault(302, plain=True), Unavailable("302: this is not the platform; check its address")),
    (Fault(413, plain=True), Invalid("413")),
    (Fault(429), Throttled(None)),
    (Fault(429, retry_after="7"), Throttled(7.0)),
    (Fault(408), InDoubt("408: planned")),
    (Fault(500), InDoubt("500: planned")),
    (Fault(500, taken=True), InDoubt("500: planned")),
    (Fault(503, retry_after="2"), InDoubt("503: planned", 2.0)),
    (Fault(502, plain=True), InDoubt("502")),
    (Fault(0), InDoubt("127.0.0.1 did not answer (RemoteProtocolError)")),
]


@pytest.mark.parametrize(("fault", "outcome"), FAULTS, ids=[repr(fault) for fault, _ in FAULTS])
def test_what_an_answer_to_a_send_means(
    office: Office, google: Platform, fault: Fault, outcome: object
) -> None:
    google.plan("send", fault)

    assert office.client.send(PHONE, uuid4(), message(), NOW) == outcome
    assert len(google.calls("send")) == 1


def test_an_answer_that_does_not_come_is_a_doubt(hasty: Office, google: Platform) -> None:
    google.plan("send", Fault(after=1.5))

    assert hasty.client.send(PHONE, uuid4(), message(), NOW) == InDoubt(
        "127.0.0.1 did not answer (ReadTimeout)"
    )


def test_f1_09_a_phone_without_rcs_is_unreachable(office: Office) -> None:
    assert office.client.send(NOBODY, uuid4(), message(), NOW) == Unreachable()


def test_no_connection_means_that_nothing_was_taken(
    office: Office, http: httpx.Client, key: Key, google: Platform
) -> None:
    away = open_office("http://127.0.0.1:1", f"{google.base}/token", key.sign, http)
    message_id = uuid4()

    outcome = away.client.send(PHONE, message_id, message(), NOW)
    assert outcome == Unavailable("no connection to 127.0.0.1 (ConnectError)")


def test_what_went_wrong_repeats_neither_number_nor_link(hasty: Office, google: Platform) -> None:
    google.world.handsets[PHONE] = Handset(frozenset())
    outcome = hasty.client.send(PHONE, uuid4(), message(), NOW)

    assert isinstance(outcome, Invalid)
    assert "lacks" in outcome.reason
    for fault in (Fault(0), Fault(after=1.5)):
        google.plan("send", fault)
        shown = repr(hasty.client.send(PHONE, uuid4(), message(), NOW))
        assert "612345678" not in shown
        assert LINK not in shown
    assert "612345678" not in outcome.reason


def test_a_revocation_is_a_delete_with_one_parameter_and_no_body(office: Office, google: Platform) -> None:
    google.world.handsets[PHONE].on = False
    message_id = uuid4()
    office.client.send(PHONE, message_id, message(), NOW)

    assert office.client.revoke(PHONE, message_id, NOW) == Revoked()
    assert office.client.revoke(PHONE, message_id, NOW) == NotRevocable()
    first, _ = google.calls("revoke")
    assert first.path == f"/v1/phones/{PHONE}/agentMessages/{message_id}"
    assert (first.query, first.body) == ({"agentId": "demo-agent"}, b"")
    assert google.world.messages[str(message_id)].shown == 0


def test_what_was_delivered_or_never_there_is_not_revocable(office: Office) -> None:
    message_id = uuid4()
    office.client.send(PHONE, message_id, message(), NOW)

    assert office.client.revoke(PHONE, message_id, NOW) == NotRevocable()
    assert office.client.revoke(PHONE, uuid4(), NOW) == NotRevocable()


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault(500, taken=True), InDoubt("500: planned")),
        (Fault(0), InDoubt("127.0.0.1 did not answer (RemoteProtocolError)")),
        (Fault(429), Throttled(None)),
        (Fault(404, plain=True), Unavailable("404: this is not the platform; check its address")),
    ],
)
def test_what_an_answer_to_a_revocation_means(
    office: Office, google: Platform, fault: Fault, outcome: object
) -> None:
    google.plan("revoke", fault)

    assert office.client.revoke(PHONE, uuid4(), NOW) == outcome


def test_f1_10_the_capability_call_has_a_request_id(office: Office, google: Platform) -> None:
    assert office.client.capability(PHONE, NOW) == Capability(True, ALL_FEATURES)
    assert office.client.capability(NOBODY, NOW) == Capability(False)
    first, second = google.calls("capability")
    assert set(first.query) == {"requestId", "agentId"}
    assert UUID(first.query["requestId"]) != UUID(second.query["requestId"])


@pytest.mark.parametrize("features", ["DIAL", 7, None])
def test_features_that_cannot_be_read_are_not_known(features: Any, key: Key) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        return httpx.Response(200, json={"features": features})

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        office = open_office("https://api.example", "https://api.example/token", key.sign, http)
        assert office.client.capability(PHONE, NOW) == Capability(True, None)


def test_f1_11_a_batch_names_the_agent_in_its_body(office: Office, google: Platform) -> None:
    numbers = [f"+336{at:08}" for at in range(500)]
    google.world.handsets |= {number: Handset() for number in numbers[:200]}

    told = office.client.reachable(numbers, NOW)
    assert told == Reachable(frozenset(numbers[:200]), 375, 200)
    (asked,) = google.calls("batch")
    assert (asked.path, asked.query) == ("/v1/users:batchGet", {})
    assert asked.json() == {"agentId": "demo-agent", "users": numbers}
    assert schema_problems(asked.json(), "BatchGetUsersRequest") == []


@pytest.mark.parametrize("count", [0, 499, 10_001])
def test_f1_11_a_batch_of_another_size_is_refused_before_any_call(
    office: Office, google: Platform, count: int
) -> None:
    with pytest.raises(OutOfRange) as error:
        office.client.reachable([f"+336{at:08}" for at in range(count)], NOW)
    assert (error.value.code, error.value.value) == ("batch_size", count)
    assert google.requests == []


def test_f1_11_a_batch_names_each_number_once(office: Office, google: Platform) -> None:
    numbers = [f"+336{at:08}" for at in range(500)]
    with pytest.raises(RcsError) as error:
        office.client.reachable([*numbers, numbers[0]], NOW)
    assert error.value.code == "batch_repeats"
    with pytest.raises(RcsError) as error:
        office.client.reachable([*numbers, "0612345678"], NOW)
    assert error.value.code == "phone"
    assert google.requests == []


def test_typing_and_reading_are_shown(office: Office, google: Platform) -> None:
    assert office.client.show_typing(PHONE, NOW) == Done()
    assert office.client.show_read(PHONE, "their-1", NOW) == Done()
    assert office.client.show_typing(NOBODY, NOW) == Unreachable()
    typing, reading, _ = google.calls("event")
    assert typing.json() == {"eventType": "IS_TYPING"}
    assert reading.json() == {"eventType": "READ", "messageId": "their-1"}
    assert set(typing.query) == {"eventId", "agentId"}
    assert UUID(typing.query["eventId"]) != UUID(reading.query["eventId"])


def test_a_file_is_named_by_the_platform(office: Office, google: Platform) -> None:
    cover = HostedFile("https://d.example.fr/rcs/cover.png", "https://d.example.fr/rcs/thumb.png")
    made = office.client.create_file(cover, NOW)
    alone = office.client.create_file(HostedFile(cover.url), NOW)
    sent = office.client.upload_file(b"\x89PNG", "image/png", NOW)

    assert isinstance(made, Uploaded)
    assert isinstance(alone, Uploaded)
    assert isinstance(sent, Uploaded)
    assert made.name.startswith("files/")
    asked, _ = google.calls("file")
    assert schema_problems(asked.json(), "CreateFileRequest") == []
    assert asked.json()["agentId"] == "demo-agent"
    (raw,) = google.calls("upload")
    assert (raw.path, raw.query, raw.body) == ("/upload/v1/files", {"agentId": "demo-agent"}, b"\x89PNG")
    assert raw.headers["content-type"] == "image/png"


def test_a_file_no_card_can_show_is_refused_before_any_call(office: Office, google: Platform) -> None:
    with pytest.raises(RcsError) as error:
        office.client.upload_file(b"%PDF", "application/pdf", NOW)
    assert error.value.code == "media_type"
    with pytest.raises(OutOfRange):
        office.client.upload_file(bytes(100_001), "image/png", NOW, thumbnail=True)
    assert google.requests == []


def test_a_phone_is_invited_to_test(office: Office, google: Platform) -> None:
    assert office.client.invite_tester(PHONE, NOW) == Done()
    (asked,) = google.calls("tester")
    assert (asked.path, asked.query) == (f"/v1/phones/{PHONE}/testers", {"agentId": "demo-agent"})


CALLS: dict[Operation, Any] = {
    "capability": lambda client: client.capability(PHONE, NOW),
    "batch": lambda client: client.reachable([f"+336{at:08}" for at in range(500)], NOW),
    "event": lambda client: client.show_typing(PHONE, NOW),
    "file": lambda client: client.create_file(HostedFile("https://d.example.fr/rcs/cover.png"), NOW),
    "upload": lambda client: client.upload_file(b"\x89PNG", "image/png", NOW),
    "tester": lambda client: client.invite_tester(PHONE, NOW),
}


@pytest.mark.parametrize("operation", CALLS)
def test_every_other_call_fails_in_the_same_words(
    office: Office, google: Platform, operation: Operation
) -> None:
    for fault, outcome in (
        (Fault(403), NotPermitted("403: planned")),
        (Fault(429, retry_after="3"), Throttled(3.0)),
        (Fault(500), InDoubt("500: planned")),
        (Fault(0), InDoubt("127.0.0.1 did not answer (RemoteProtocolError)")),
    ):
        google.plan(operation, fault)
        assert CALLS[operation](office.client) == outcome


@pytest.mark.parametrize("answer", [{}, {"name": 7}, {"name": "phones/1"}])
def test_a_file_without_a_name_is_in_doubt(key: Key, answer: dict[str, Any]) -> None:
    def answered(request: httpx.Request) -> httpx.Response:
        token = {"access_token": "t", "expires_in": 3600}
        return httpx.Response(200, json=token if request.url.path == "/token" else answer)

    with httpx.Client(transport=httpx.MockTransport(answered)) as http:
        office = open_office("https://api.example", "https://api.example/token", key.sign, http)
        assert isinstance(office.client.upload_file(b"\x89PNG", "image/png", NOW), InDoubt)


def test_another_agent_is_forbidden(office: Office, google: Platform, http: httpx.Client, key: Key) -> None:
    other = Client("other-agent", Addresses(google.base), office.tokens, http)

    assert isinstance(other.send(PHONE, uuid4(), message(), NOW), NotPermitted)


@pytest.mark.parametrize("agent", ["", "a\nb", "é"])
def test_an_agent_has_a_plain_id(office: Office, google: Platform, http: httpx.Client, agent: str) -> None:
    with pytest.raises(RcsError) as error:
        Client(agent, Addresses(google.base), office.tokens, http)
    assert error.value.code == "agent_id"


def test_the_regions_have_hosts_of_their_own() -> None:
    assert Addresses.of("europe") == Addresses(
        "https://europe-rcsbusinessmessaging.googleapis.com", "https://oauth2.googleapis.com/token"
    )
    assert Addresses.of("global").api == "https://rcsbusinessmessaging.googleapis.com"
    assert Addresses.of("us").api.startswith("https://us-")
    assert Addresses.of("asia").api.startswith("https://asia-")


@pytest.mark.parametrize(
    "address",
    [
        "http://api.example",
        "https://api.example/",
        "https://",
        "https://u:p@api.example",
        "https://api.example?x=1",
        "https://api.example:0x",
        "api",
    ],
)
def test_an_address_of_the_platform_is_plain_https(address: str) -> None:
    for pair in ((address,), ("https://api.example", address)):
        with pytest.raises(RcsError) as error:
            Addresses(*pair)
        assert error.value.code == "platform_address"


def test_an_answer_that_never_ends_is_a_doubt(key: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcs.transport.ANSWER_SECONDS", -1.0)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"access_token": "t"}))
    with httpx.Client(transport=transport) as http:
        office = open_office("https://api.example", "https://api.example/token", key.sign, http)
        assert "ReadTimeout" in repr(office.client.send(PHONE, uuid4(), message(), NOW))


def test_an_answer_that_is_far_too_long_is_not_read_to_its_end(
    key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcs.transport.MOST_BYTES", 10)
    body = json.dumps({"access_token": "t" * 50}).encode()
    pieces: list[bytes] = []

    def slowly() -> Any:
        for at in range(0, len(body), 8):
            pieces.append(body[at : at + 8])
            yield pieces[-1]

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=slowly()))
    with httpx.Client(transport=transport) as http:
        office = open_office("https://api.example", "https://api.example/token", key.sign, http)
        assert isinstance(office.tokens.token(NOW), Unavailable)
    assert len(pieces) < 4


def test_settings_no_request_can_be_made_of_send_nothing(key: Key) -> None:
    with httpx.Client() as http:
        office = open_office("https://api.example", "https://xn--a/token", key.sign, http)
        assert isinstance(office.client.send(PHONE, uuid4(), message(announcement()), NOW), Unavailable)
