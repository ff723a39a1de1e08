"""F1.1: one assertion as Google wants it, one token for everybody."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import httpx
import jwt
import pytest

from rcs.limits import RcsError
from rcs.outcomes import Accepted, Throttled, Unauthorized, Unavailable
from rcs.token import KeyFile, ServiceAccount, TokenSource, assertion, read_key_file
from tests.rcs.conftest import EMAIL, PHONE, Key, Office, open_office
from tests.rcs.judges import google_asks_for_a_token
from tests.rcs.making import message
from tests.rcs.platform import Fault, Platform

NOW = datetime.now(UTC)


def test_f1_01_the_assertion_is_signed_and_says_what_google_wants(key: Key) -> None:
    text = assertion(ServiceAccount(EMAIL, "key-1"), key.sign, NOW)
    aud, scope = "https://oauth2.googleapis.com/token", "https://www.googleapis.com/auth/rcsbusinessmessaging"
    claims = jwt.decode(text, key.public_pem, algorithms=["RS256"], audience=aud)

    assert jwt.get_unverified_header(text) == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
    assert claims == {
        "iss": EMAIL,
        "scope": scope,
        "aud": aud,
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 3600,
    }


def test_f1_01_the_token_is_asked_for_by_a_form(office: Office, google: Platform) -> None:
    office.client.send(PHONE, uuid4(), message(), NOW)

    (asked,) = google.calls("token")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    form = parse_qs(asked.body.decode())
    assert set(form) == {"grant_type", "assertion"}
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]


def test_f1_01_a_hundred_sends_at_once_without_a_token_ask_for_one(office: Office, google: Platform) -> None:
    google.plan("token", Fault(after=0.2))
    with ThreadPoolExecutor(100) as pool:
        outcomes = list(pool.map(lambda _: office.client.send(PHONE, uuid4(), message(), NOW), range(100)))

    assert {type(outcome) for outcome in outcomes} == {Accepted}
    assert len(google.calls("token")) == 1
    assert len({call.headers["authorization"] for call in google.calls("send")}) == 1


def test_a_hundred_sends_whose_token_was_withdrawn_ask_for_one_new(office: Office, google: Platform) -> None:
    assert isinstance(office.tokens.token(NOW), str)
    google.tokens.clear()
    with ThreadPoolExecutor(100) as pool:
        outcomes = list(pool.map(lambda _: office.client.send(PHONE, uuid4(), message(), NOW), range(100)))

    assert {type(outcome) for outcome in outcomes} == {Accepted}
    assert len(google.calls("token")) == 2


def test_a_token_is_kept_until_five_minutes_before_its_end(office: Office, google: Platform) -> None:
    first = office.tokens.token(NOW)
    kept = office.tokens.token(NOW + timedelta(seconds=3298))
    renewed = office.tokens.token(NOW + timedelta(seconds=3299))

    assert first == kept != renewed
    assert len(google.calls("token")) == 2


@pytest.mark.parametrize(("seconds", "kept"), [(120, 60), (0, 150)])
def test_a_short_token_is_kept_for_half_its_life(
    office: Office, google: Platform, seconds: int, kept: int
) -> None:
    google.token_seconds = seconds
    first = office.tokens.token(NOW)

    assert office.tokens.token(NOW + timedelta(seconds=kept - 1)) == first
    assert office.tokens.token(NOW + timedelta(seconds=kept)) != first


def test_those_who_waited_for_a_token_that_did_not_come_do_not_ask_again(
    office: Office, google: Platform
) -> None:
    google.plan("token", Fault(503, after=0.2))
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda _: office.tokens.token(NOW), range(20)))

    assert all(
        outcome == Unavailable("no token: 503") for outcome in outcomes if not isinstance(outcome, str)
    )
    assert Unavailable("no token: 503") in outcomes
    assert len(google.calls("token")) <= 2


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault(500), Unavailable, "500"),
        (Fault(0), Unavailable, "RemoteProtocolError"),
        (Fault(429, retry_after="7"), Throttled, "7.0"),
        (Fault(403), Unauthorized, "PERMISSION_DENIED"),
        (Fault(302), Unavailable, "302"),
    ],
)
def test_without_a_token_nothing_is_sent(
    office: Office, google: Platform, fault: Fault, kind: type, words: str
) -> None:
    google.plan("token", fault)
    outcome = office.client.send(PHONE, uuid4(), message(), NOW)

    assert isinstance(outcome, kind)
    assert words in repr(outcome)
    assert google.calls("send") == []


def test_a_token_that_comes_too_late_sends_nothing(hasty: Office, google: Platform) -> None:
    google.plan("token", Fault(after=1.5))

    outcome = hasty.client.send(PHONE, uuid4(), message(), NOW)
    assert outcome == Unavailable("no token: 127.0.0.1 did not answer (ReadTimeout)")
    assert google.calls("send") == []


def test_an_account_google_does_not_know_is_told_apart(
    google: Platform, http: httpx.Client, key: Key
) -> None:
    office = open_office(google.base, f"{google.base}/token", lambda data: key.sign(data + b"x"), http)

    outcome = office.client.send(PHONE, uuid4(), message(), NOW)
    assert outcome == Unauthorized("no token: invalid_grant: InvalidSignatureError")


def test_a_clock_that_is_wrong_gets_no_token(office: Office) -> None:
    outcome = office.tokens.token(NOW - timedelta(hours=3))

    assert outcome == Unauthorized("no token: invalid_grant: ExpiredSignatureError")


@pytest.mark.parametrize(
    "answer", [{}, {"access_token": 7}, {"access_token": ""}, {"access_token": "a\nb"}, []]
)
def test_an_answer_without_a_token_is_none(key: Key, answer: Any) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    with httpx.Client(transport=transport) as http:
        tokens = TokenSource(ServiceAccount(EMAIL, "key-1"), key.sign, "https://tokens.example/token", http)
        assert tokens.token(NOW) == Unavailable("no token: the answer holds none")


def test_a_key_that_cannot_sign_leaves_nobody_waiting(google: Platform, http: httpx.Client) -> None:
    def broken(_: bytes) -> bytes:
        raise ValueError("no key")

    tokens = open_office(google.base, f"{google.base}/token", broken, http).tokens
    for _ in range(2):
        with pytest.raises(ValueError, match="no key"):
            tokens.token(NOW)


def key_file(**changes: Any) -> str:
    whole = {
        "type": "service_account",
        "client_email": EMAIL,
        "private_key_id": "key-1",
        "private_key": "-----BEGIN PRIVATE KEY-----",
        "token_uri": "https://elsewhere.example/token",
    }
    return json.dumps({name: value for name, value in (whole | changes).items() if value is not None})


def test_a_key_file_is_read_and_its_key_is_not_shown() -> None:
    read = read_key_file(key_file())

    assert read == KeyFile(ServiceAccount(EMAIL, "key-1"), "-----BEGIN PRIVATE KEY-----")
    assert "PRIVATE" not in repr(read)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        "-----BEGIN PRIVATE KEY-----",
        "[" * 100_000,
        key_file(type="authorized_user"),
        key_file(client_email=None),
        key_file(private_key_id=""),
        key_file(private_key=7),
    ],
)
def test_what_is_no_key_file_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(RcsError) as error:
        read_key_file(text)
    assert error.value.code == "key_file"
    assert "PRIVATE" not in str(error.value)
    assert error.value.__cause__ is None


def test_the_double_gives_a_token_to_googles_own_client(google: Platform, key: Key) -> None:
    file = json.loads(key_file(private_key=key.private_pem, token_uri=f"{google.base}/token"))

    assert google_asks_for_a_token(file) in google.tokens
