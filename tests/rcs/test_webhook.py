"""F2.12 to 14: what is the platform's, and what is not."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcs.events import Delivered
from rcs.webhook import Genuine, Greeting, Refused, read_call, sign

VECTOR: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "rcs" / "webhook.json").read_text("utf-8")
)
TOKEN, AGENT = VECTOR["client_token"], VECTOR["agent_id"]
BODY, SIGNATURE = VECTOR["body"].encode(), VECTOR["signature"]
DATA = base64.b64decode(json.loads(BODY)["message"]["data"])


def read(
    body: bytes = BODY, signature: str = SIGNATURE, token: str = TOKEN, agent: str = AGENT
) -> Greeting | Genuine | Refused:
    return read_call(body, signature, token, {agent})


def enveloped(data: bytes, **around: Any) -> bytes:
    return json.dumps({"message": {"data": base64.b64encode(data).decode(), **around}}).encode()


def mac(digest: Any, text: bytes, token: str = TOKEN) -> bytes:
    return hmac.digest(token.encode(), text, digest)


def test_f2_12_the_greeting_is_answered_with_its_secret() -> None:
    greeting = VECTOR["greeting"]

    assert read(greeting["body"].encode(), "") == Greeting(greeting["answer"])


@pytest.mark.parametrize("given_token", ["SJENCPGJESMGUFPZ", "", "sjencpgjesmgufpy", "é", "\ud800", 7, None])
def test_f2_12_a_greeting_with_another_token_is_refused_and_its_secret_appears_nowhere(
    given_token: Any,
) -> None:
    answer = read(json.dumps({"clientToken": given_token, "secret": "1234567890"}).encode(), "")

    assert answer == Refused("client_token")
    assert "1234567890" not in repr(answer)


def test_f2_13_the_published_example_is_genuine() -> None:
    answer = read()

    assert isinstance(answer, Genuine)
    assert isinstance(answer.event, Delivered)
    assert str(answer.event.message_id) == "7d3f6a1e-2f0b-4b6e-9a55-0d6a9c1f5e10"
    assert len(DATA) == 191


@pytest.mark.parametrize(
    "signature",
    [
        base64.b64encode(mac(hashlib.sha512, BODY)).decode(),
        base64.b64encode(mac(hashlib.sha256, DATA)).decode(),
        base64.b64encode(mac(hashlib.sha512, DATA, "another")).decode(),
        base64.b64encode(hashlib.sha512(DATA).digest()).decode(),
        mac(hashlib.sha512, DATA).hex(),
        base64.urlsafe_b64encode(mac(hashlib.sha512, DATA)).decode().replace("-", "").replace("_", ""),
        SIGNATURE.rstrip("="),
        SIGNATURE + "=",
        "",
        "é",
    ],
)
def test_f2_13_any_other_signature_is_refused(signature: str) -> None:
    assert read(signature=signature) == Refused("signature")


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
@settings(max_examples=100, deadline=None)
def test_f2_13_one_octet_of_the_data_altered_is_refused(at: int, by: int) -> None:
    altered = DATA[:at] + bytes([DATA[at] ^ by]) + DATA[at + 1 :]

    assert read(enveloped(altered)) == Refused("signature")


def test_f2_13_another_token_is_refused() -> None:
    assert read(token="SJENCPGJESMGUFPZ") == Refused("signature")


def test_f2_13_an_event_of_another_agent_is_refused() -> None:
    assert read(agent="other-agent") == Refused("agent")


def test_an_agent_may_be_named_with_the_domain_of_agents() -> None:
    assert isinstance(read(agent=f"{AGENT}@rbm.goog"), Genuine)


def test_a_genuine_event_that_names_no_agent_is_kept() -> None:
    data = b'{"eventType":"SOMETHING_NEW"}'

    assert isinstance(read(enveloped(data), sign(data, TOKEN)), Genuine)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"{}",
        b'{"message":7}',
        b'{"message":{}}',
        b'{"message":{"data":7}}',
        b'{"message":{"data":"*"}}',
        b'{"message":{"data":"YQ"}}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_is_no_call_is_unreadable(body: bytes) -> None:
    assert read(body) == Refused("unreadable")


@given(st.dictionaries(st.sampled_from(["messageId", "publishTime", "attributes", "orderingKey"]), st.text()))
@settings(max_examples=100, deadline=None)
def test_f2_14_the_envelope_changes_nothing_of_an_event(around: dict[str, str]) -> None:
    first, again = read(), read(enveloped(DATA, **around))

    assert isinstance(first, Genuine)
    assert again == first


def test_an_empty_client_token_is_not_a_secret() -> None:
    with pytest.raises(ValueError, match="client token"):
        read(signature=sign(DATA, ""), token="")
