"""Kannel's answers and masks as they were measured; tests/carriers/http/test_kannel_live.py runs the real one."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from app.carriers.http.kannel import Kannel, KannelSettings, read_callback, read_status
from tests.carriers.http.conftest import ATTEMPT, CALLBACKS, NOW, OURS, asked, submission, vectors
from tests.carriers.http.double import Double, Say

SENDSMS = "/cgi-bin/sendsms"


def settings(**changed: str) -> KannelSettings:
    given_ = {"address": "http://127.0.0.1:13013", "username": "tester", "password": "foobar"}
    return KannelSettings.model_validate({**given_, **changed})


def callback(**query: str) -> CallbackRequest:
    return CallbackRequest(CALLBACKS, query, (), {}, b"")


def test_the_call_is_the_documented_one(client: httpx.Client, provider: Double) -> None:
    provider.answers[SENDSMS] = Say(202, b"0: Accepted for delivery")
    carrier = HttpCarrier("kannel", Kannel(settings(address=provider.base), OURS), OURS, client)
    assert carrier.submit(submission("Prêt, 5 €"), NOW) == Accepted("")
    (sent,) = provider.to(SENDSMS)
    query = dict(parse_qsl(urlsplit(sent.path).query))
    reports = query.pop("dlr-url")
    assert query == {
        "username": "tester",
        "password": "foobar",
        "from": "PLI",
        "to": "+33612345678",
        "text": "Prêt, 5 €",
        "charset": "UTF-8",
        "coding": "2",
        "validity": "15",
        "dlr-mask": "31",
    }
    assert reports == f"{OURS.of_attempt(ATTEMPT)}&status=%d&said=%A"


def test_a_text_of_the_default_alphabet_is_sent_as_such() -> None:
    built = Kannel(settings(), OURS).build(submission("5 €"), NOW)
    assert dict(parse_qsl(urlsplit(built.url).query))["coding"] == "0"


@pytest.mark.parametrize("vector", vectors("kannel_masks.json"))
def test_a_status_is_a_mask(vector: dict[str, Any]) -> None:
    assert read_status(vector["mask"], vector["said"]) == (vector["state"], vector["code"])


@given(st.integers(0, 2**20))
def test_bits_are_tested_never_the_number(mask: int) -> None:
    state, _code = read_status(mask, "")
    assert (state == "delivered") == bool(mask & 1)
    assert (state == "enroute") == (not mask & (1 | 2 | 16 | 32))


def test_a_report_is_found_by_our_reference() -> None:
    address = asked(OURS.of_attempt(ATTEMPT)).query
    query = {**address, "status": "34", "said": ""}
    assert read_callback(OURS, callback(**query)) == StatusNote(
        "expired", "expired", f"{ATTEMPT.hex}:34", ATTEMPT
    )
    for wrong in ({"k": "x"}, asked(OURS.of_connection()).query, {"a": "1" * 32}):
        with pytest.raises(NotAuthentic):
            read_callback(OURS, callback(**{**query, **wrong}))
    for status in ("", "x", "-1", "9" * 30):
        assert isinstance(read_callback(OURS, callback(**{**query, "status": status})), Unknown)


def test_a_reply_comes_to_the_address_for_replies() -> None:
    query = asked(OURS.of_connection()).query
    filled = {**query, "from": "+33612345678", "to": "36111", "text": "STOP", "id": "u-1"}
    assert read_callback(OURS, callback(**filled)) == Reply("+33612345678", "36111", "STOP", "u-1")
    assert isinstance(read_callback(OURS, callback(k=query["k"])), Unknown)


@pytest.mark.parametrize(
    ("status", "code", "in_doubt"),
    [(403, "carrier_credentials", False), (503, "carrier_busy", False), (500, "carrier_error", True)],
)
def test_what_says_nothing_of_the_message(status: int, code: str, in_doubt: bool) -> None:
    with pytest.raises(CarrierError) as failed:
        Kannel(settings(), OURS).read(Answer(status, b""))
    assert (failed.value.code, failed.value.in_doubt) == (code, in_doubt)


def test_a_bad_request_is_a_refusal() -> None:
    assert Kannel(settings(), OURS).read(Answer(400, b"Empty receiver number not allowed")) == Refused(
        "refused"
    )


def test_the_check_says_that_everything_crosses_the_network_in_clear(client: httpx.Client) -> None:
    far = Kannel(settings(address="http://kannel.invalid:13013"), OURS).check(client, NOW)
    remark = next(far)
    assert not remark.well
    assert "in clear" in remark.words
    here = HttpCarrier("kannel", Kannel(settings(address="http://127.0.0.1:9"), OURS), OURS, client)
    assert not any("in clear" in remark.words for remark in here.check(NOW))
