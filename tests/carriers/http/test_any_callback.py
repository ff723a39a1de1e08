"""Whatever a provider sends, once it is proven, is read as something: no callback makes the door stumble."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from app.carriers.http import kannel, ovh, smsmode, twilio
from app.carriers.http.calls import CallbackEvent, CallbackRequest, NotAuthentic
from tests.carriers.http.conftest import ATTEMPT, CALLBACKS, OURS, asked

TWILIO = twilio.TwilioSettings(account_sid="ACx", auth_token=SecretStr("t"))
NAMES = st.sampled_from(
    ["id", "ptt", "senderid", "message", "shortcode", "status", "said", "to", "from", "text", "MessageSid",
     "MessageStatus", "ErrorCode", "From", "To", "Body", "NumMedia", "messageId", "body", "recipient", "refClient"]
)  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["4", "delivered", "34", "DELIVERED", "30005", "9" * 5000, "١", "\x00"]),
)
FIELDS = st.dictionaries(NAMES, VALUES, max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.just("value"), inner, max_size=4),
    max_leaves=8,
)
BODIES = st.one_of(st.binary(max_size=60), JSON.map(lambda value: json.dumps(value).encode()))


def by_twilio(fields: dict[str, str], request: CallbackRequest) -> CallbackEvent:
    signed = twilio.signature("t", request.address, fields.items())
    form = tuple(fields.items())
    return twilio.read_callback(
        TWILIO, CallbackRequest(request.address, request.query, form, {"x-twilio-signature": signed}, b"")
    )


READERS: dict[str, Callable[[dict[str, str], CallbackRequest], CallbackEvent]] = {
    "twilio": by_twilio,
    "ovh": lambda _fields, request: ovh.read_callback(OURS, request),
    "smsmode": lambda _fields, request: smsmode.read_callback(OURS, request),
    "kannel": lambda _fields, request: kannel.read_callback(OURS, request),
}


@pytest.mark.parametrize("name", sorted(READERS))
@settings(max_examples=150, deadline=None)
@given(fields=FIELDS, body=BODIES, general=st.booleans())
def test_it_is_read_as_an_event_that_fits_its_columns(
    name: str, fields: dict[str, str], body: bytes, general: bool
) -> None:
    proven = asked(OURS.of_connection() if general else OURS.of_attempt(ATTEMPT))
    request = CallbackRequest(proven.address, {**fields, **proven.query}, tuple(fields.items()), {}, body)
    try:
        event = READERS[name](fields, request)
    except NotAuthentic:
        assert name == "ovh"
        assert not general  # one address for the whole service, none for an attempt
        return
    assert isinstance(event.event_key.encode(), bytes)
    for text in (getattr(event, "reference", ""), getattr(event, "to_sender", "")):
        assert len(text) <= 80
        assert text.isprintable()


@pytest.mark.parametrize("name", ["ovh", "smsmode", "kannel"])
@settings(max_examples=50, deadline=None)
@given(fields=FIELDS, body=BODIES, proof=st.text(max_size=40))
def test_without_its_proof_nothing_is_read(
    name: str, fields: dict[str, str], body: bytes, proof: str
) -> None:
    for query in (fields, {**fields, "k": proof}, {**fields, "a": ATTEMPT.hex, "k": proof}):
        request = CallbackRequest(CALLBACKS, query, (), {}, body)
        with pytest.raises(NotAuthentic):
            READERS[name](fields, request)
