import json
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from app.carriers.base import Accepted, CarrierError, Refused
from app.carriers.http.calls import (
    Answer,
    CallbackRequest,
    NotAuthentic,
    Reply,
    StatusNote,
    Unknown,
)
from app.carriers.http.carrier import HttpCarrier
from app.carriers.http.smsmode import STATUSES, Smsmode, SmsmodeSettings, read_callback
from tests.carriers.http.conftest import ATTEMPT, CALLBACKS, NOW, OURS, asked, submission
from tests.carriers.http.double import Double, Say

MESSAGES = "/sms/v1/messages"


def settings(**changed: str) -> SmsmodeSettings:
    return SmsmodeSettings.model_validate({"api_key": "KEY", **changed})


def callback(body: object, **query: str) -> CallbackRequest:
    return CallbackRequest(CALLBACKS, query, (), {}, json.dumps(body).encode())


def status_callback(body: object) -> CallbackRequest:
    return asked(OURS.of_attempt(ATTEMPT), body=json.dumps(body).encode())


def test_the_call_is_the_documented_one_and_its_addresses_come_back_to_us(
    client: httpx.Client, provider: Double
) -> None:
    provider.answers[MESSAGES] = Say(201, b'{"messageId": "m-1"}')
    given = settings(address=provider.base)
    assert HttpCarrier("smsmode", Smsmode(given, OURS), OURS, client).submit(
        submission("Été"), NOW
    ) == Accepted("m-1")
    (sent,) = provider.to(MESSAGES)
    assert sent.headers["x-api-key"] == "KEY"
    body = json.loads(sent.body)
    assert body["recipient"] == {"to": "+33612345678"}
    assert body["body"] == {"text": "Été"}
    assert (body["from"], body["refClient"]) == ("PLI", ATTEMPT.hex)
    query = dict(parse_qsl(body["callbackUrlStatus"].partition("?")[2]))
    note = read_callback(OURS, callback({"messageId": "m-1", "status": {"value": "DELIVERED"}}, **query))
    assert note == StatusNote("delivered", "", f"{ATTEMPT.hex}:DELIVERED", ATTEMPT, "m-1")
    query = dict(parse_qsl(body["callbackUrlMo"].partition("?")[2]))
    reply = {
        "messageId": "mo-1",
        "from": "33612345678",
        "recipient": {"to": "36034"},
        "body": {"text": "stop"},
    }
    assert read_callback(OURS, callback(reply, **query)) == Reply("33612345678", "36034", "stop", "mo-1")


@pytest.mark.parametrize("status", sorted(STATUSES))
@pytest.mark.parametrize("shape", [lambda s: s, lambda s: {"value": s}, lambda s: s.lower()])
def test_every_status_is_read_in_every_shape(status: str, shape: Any) -> None:
    note = read_callback(OURS, status_callback({"messageId": "m-1", "status": shape(status)}))
    assert isinstance(note, StatusNote)
    assert (note.state, note.code) == STATUSES[status]
    assert note.state != "delivered" or status in ("DELIVERED", "11", "14")


@pytest.mark.parametrize("body", [{"messageId": "m-1", "status": "FLYING"}, {}, [], "x", None])
def test_a_status_nobody_knows_is_unknown(body: object) -> None:
    assert isinstance(read_callback(OURS, status_callback(body)), Unknown)


def test_a_reply_without_text_is_unknown() -> None:
    assert isinstance(
        read_callback(OURS, callback({"messageId": "1", "from": "336"}, **asked(OURS.of_connection()).query)),
        Unknown,
    )


def test_a_token_is_good_for_its_own_attempt_only() -> None:
    delivered = {"messageId": "m-1", "status": "DELIVERED"}
    own, general = asked(OURS.of_attempt(ATTEMPT)).query, asked(OURS.of_connection()).query
    for query in ({**own, "a": "1" * 32}, {"a": own["a"]}, {"k": own["k"]}, {**own, **general}, {}):
        with pytest.raises(NotAuthentic):
            read_callback(OURS, callback(delivered, **query))


@pytest.mark.parametrize(
    ("status", "code", "in_doubt"),
    [(401, "carrier_credentials", False), (429, "carrier_throttled", False), (500, "carrier_error", True)],
)
def test_what_says_nothing_of_the_message(status: int, code: str, in_doubt: bool) -> None:
    with pytest.raises(CarrierError) as failed:
        Smsmode(settings(), OURS).read(Answer(status, b"{}"))
    assert (failed.value.code, failed.value.in_doubt) == (code, in_doubt)


def test_a_bad_request_is_a_refusal_and_a_success_without_an_id_a_doubt() -> None:
    read = Smsmode(settings(), OURS).read
    assert read(Answer(400, b'{"title": "Bad Request", "errorCode": "x"}')) == Refused("refused")
    with pytest.raises(CarrierError) as failed:
        read(Answer(201, b"{}"))
    assert failed.value.in_doubt


def test_the_check_says_that_the_key_is_wrong(client: httpx.Client, provider: Double) -> None:
    carrier = HttpCarrier("smsmode", Smsmode(settings(address=provider.base), OURS), OURS, client)
    provider.answers[MESSAGES] = Say(401)
    assert "API key" in list(carrier.check(NOW))[2].words
    provider.answers[MESSAGES] = Say(200)
    assert all(remark.well for remark in carrier.check(NOW))
    provider.answers[MESSAGES] = Say(503)
    assert "Try again later" in list(carrier.check(NOW))[2].words
