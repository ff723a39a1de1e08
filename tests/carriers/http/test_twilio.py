import base64
import json
from urllib.parse import parse_qsl

import httpx
import pytest
from pydantic import ValidationError
from twilio.request_validator import RequestValidator

from app.carriers.base import Accepted, CarrierError, Refused
from app.carriers.http.calls import (
    Answer,
    CallbackRequest,
    Callbacks,
    NotAuthentic,
    Reply,
    StatusNote,
    Unknown,
)
from app.carriers.http.carrier import HttpCarrier
from app.carriers.http.twilio import ERRORS, STATUSES, Twilio, TwilioSettings, read_callback, signature
from tests.carriers.http.conftest import ATTEMPT, CALLBACKS, NOW, OURS, submission, vectors
from tests.carriers.http.double import Double, Say

VECTOR = vectors("signatures.json")["twilio"]
MESSAGES = "/2010-04-01/Accounts/ACdouble/Messages.json"
ADDRESS = f"{CALLBACKS}?a={ATTEMPT.hex}"


def settings(**changed: str) -> TwilioSettings:
    return TwilioSettings.model_validate({"account_sid": "ACdouble", "auth_token": "12345", **changed})


def callback(form: dict[str, str], *, address: str = ADDRESS, signed: str | None = None) -> CallbackRequest:
    made = RequestValidator("12345").compute_signature(address, form)
    return CallbackRequest(
        address=address,
        query=dict(parse_qsl(address.partition("?")[2])),
        form=tuple(form.items()),
        headers={"x-twilio-signature": made if signed is None else signed},
        body=b"",
    )


@pytest.mark.parametrize("algorithm", ["HMAC_SHA1", "HMAC_SHA256"])
def test_the_signature_is_the_vendors(algorithm: str) -> None:
    form = VECTOR["form"]
    ours = signature(VECTOR["token"], VECTOR["address"], form.items(), algorithm)
    assert ours == VECTOR["signatures"][algorithm]
    assert RequestValidator(VECTOR["token"]).validate(VECTOR["address"], form, ours, algorithm)


def test_the_call_is_the_documented_one(client: httpx.Client, provider: Double) -> None:
    provider.answers[MESSAGES] = Say(201, b'{"sid": "SM1", "status": "queued"}')
    given = settings(address=provider.base)
    carrier = HttpCarrier("twilio", Twilio(given, OURS), OURS, client)
    assert carrier.submit(submission("été €"), NOW) == Accepted("SM1")
    (sent,) = provider.to(MESSAGES)
    assert sent.method == "POST"
    assert base64.b64decode(sent.headers["authorization"].removeprefix("Basic ")) == b"ACdouble:12345"
    assert dict(parse_qsl(sent.body.decode())) == {
        "To": "+33612345678",
        "From": "PLI",
        "Body": "été €",
        "StatusCallback": ADDRESS,
        "ValidityPeriod": "900",
    }


def test_a_messaging_service_stands_for_the_sender_and_validity_has_a_limit() -> None:
    built = Twilio(settings(messaging_service_sid="MG1"), OURS).build(submission(ttl_seconds=10**6), NOW)
    form = dict(parse_qsl(built.content.decode()))
    assert form["MessagingServiceSid"] == "MG1"
    assert "From" not in form
    assert form["ValidityPeriod"] == "36000"


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, {"code": 21211}, Refused("unknown_number")),
        (400, {"code": 21614}, Refused("not_mobile")),
        (400, {"code": 21610}, Refused("carrier_stop")),
        (400, {"code": 99999}, Refused("refused")),
        (400, {"type": "x", "title": "y", "status": 400, "code": 21617}, Refused("text_too_long")),
        (422, [], Refused("refused")),
    ],
)
def test_what_is_refused_for_certain(status: int, body: object, outcome: Refused) -> None:
    assert Twilio(settings(), OURS).read(Answer(status, json.dumps(body).encode())) == outcome


@pytest.mark.parametrize(
    ("status", "body", "code", "in_doubt"),
    [
        (401, {"code": 20003}, "carrier_credentials", False),
        (429, {"code": 20429}, "carrier_throttled", False),
        (400, {"code": 21611}, "carrier_throttled", False),
        (503, {}, "carrier_busy", False),
        (500, {"code": 20500}, "carrier_error", True),
        (201, {"status": "queued"}, "carrier_error", True),
    ],
)
def test_what_says_nothing_of_the_message(status: int, body: object, code: str, in_doubt: bool) -> None:
    with pytest.raises(CarrierError) as failed:
        Twilio(settings(), OURS).read(Answer(status, json.dumps(body).encode()))
    assert (failed.value.code, failed.value.in_doubt, failed.value.retryable) == (
        code,
        in_doubt,
        not in_doubt,
    )


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_every_status_becomes_a_report_of_our_attempt(status: str) -> None:
    note = read_callback(settings(), callback({"MessageSid": "SM1", "MessageStatus": status}))
    assert isinstance(note, StatusNote)
    assert (note.attempt_id, note.reference, note.event_key) == (ATTEMPT, "SM1", f"SM1:{status}")
    assert note.state == STATUSES[status]
    assert note.state != "delivered" or status == "delivered"


@pytest.mark.parametrize("number", sorted(ERRORS))
def test_a_failure_says_why_in_our_words(number: int) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": str(number)}
    note = read_callback(settings(), callback(form))
    assert isinstance(note, StatusNote)
    assert note.code == ERRORS[number]
    assert note.state == ("expired" if number == 30036 else "failed")


def test_a_reply_with_pictures_keeps_its_text() -> None:
    form = {"MessageSid": "MM1", "From": "+33612345678", "To": "+3336111", "Body": "STOP", "NumMedia": "2",
            "MediaUrl0": "https://x/1", "MediaUrl1": "https://x/2", "SmsStatus": "received"}  # fmt: skip
    assert read_callback(settings(), callback(form, address=CALLBACKS)) == Reply(
        "+33612345678", "+3336111", "STOP", "MM1", pictures=2
    )


def test_what_nobody_knows_is_said_to_be_unknown() -> None:
    assert read_callback(
        settings(), callback({"MessageSid": "SM1", "MessageStatus": "teleported"})
    ) == Unknown("SM1:teleported:")


def test_the_address_is_right_with_and_without_its_port() -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "sent"}
    with_port = ADDRESS.replace("pli.example.fr", "pli.example.fr:443")
    signed = RequestValidator("12345").compute_signature(with_port, form)
    assert isinstance(read_callback(settings(), callback(form, signed=signed)), StatusNote)


def test_a_shared_key_and_sha256_are_chosen_by_the_settings_alone() -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "sent"}
    newer = settings(signing_secret="shared", signing_algorithm="HMAC_SHA256")
    signed = RequestValidator("shared").compute_signature(ADDRESS, form, "HMAC_SHA256")
    assert isinstance(read_callback(newer, callback(form, signed=signed)), StatusNote)
    with pytest.raises(NotAuthentic):
        read_callback(newer, callback(form))
    announced = callback(form, signed=signed)
    header = {"x-twilio-webhooks-signature-settings": "key=shared,algorithm=HMAC_SHA256"}
    with pytest.raises(NotAuthentic):
        read_callback(
            settings(),
            CallbackRequest(
                announced.address, announced.query, announced.form, {**announced.headers, **header}, b""
            ),
        )


@pytest.mark.parametrize("signed", ["", "x", "é", "RSOYDt4T1cUTdK1PDd93/VVr8B8="])
def test_a_wrong_signature_is_refused(signed: str) -> None:
    with pytest.raises(NotAuthentic):
        read_callback(
            settings(), callback({"MessageSid": "SM1", "MessageStatus": "delivered"}, signed=signed)
        )


def test_a_signature_covers_the_attempt_in_the_address() -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    signed = RequestValidator("12345").compute_signature(ADDRESS, form)
    other = f"{CALLBACKS}?a={'1' * 32}"
    with pytest.raises(NotAuthentic):
        read_callback(settings(), callback(form, address=other, signed=signed))


def test_the_check_says_what_is_wrong(client: httpx.Client, provider: Double) -> None:
    account = "/2010-04-01/Accounts/ACdouble.json"
    carrier = HttpCarrier("twilio", Twilio(settings(address=provider.base), OURS), OURS, client)
    provider.answers[account] = Say(401, b'{"code": 20003}')
    assert [remark.well for remark in carrier.check(NOW)] == [True, False]
    assert "token" in list(carrier.check(NOW))[1].words
    provider.answers[account] = Say(200, b'{"status": "suspended"}')
    assert "suspended" in list(carrier.check(NOW))[1].words
    provider.answers[account] = Say(200, b'{"status": "active"}')
    assert all(remark.well for remark in carrier.check(NOW))


def test_the_check_says_that_callbacks_need_https_and_that_nobody_answers(client: httpx.Client) -> None:
    here = settings(address="http://127.0.0.1:9")
    clear = Callbacks("http://localhost:8000/callbacks/twilio", "secret")
    callbacks, reached = HttpCarrier("twilio", Twilio(here, clear), clear, client).check(NOW)
    assert not callbacks.well
    assert "PLI_PUBLIC_URL" in callbacks.words
    assert not reached.well
    assert "firewall" in reached.words


@pytest.mark.parametrize(
    "wrong",
    [
        {"account_sid": "SM1"},
        {"auth_token": ""},
        {"address": "ftp://x"},
        {"signing_algorithm": "MD5"},
        {"x": "y"},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_a_secret_is_never_shown() -> None:
    assert "12345" not in repr(settings())
