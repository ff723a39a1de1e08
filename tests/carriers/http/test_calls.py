"""What a failed call leaves: certainly nothing sent, or a doubt."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from app.carriers.base import Accepted, CarrierError
from app.carriers.http import calls as http_calls
from app.carriers.http.calls import (
    Answer,
    Call,
    NotAuthentic,
    attempt_of,
    event_key,
    exchange,
    failed_call,
    make_client,
    number,
)
from app.carriers.http.carrier import HttpCarrier
from app.carriers.http.kannel import Kannel, KannelSettings
from app.carriers.identifiers import identifier
from app.core import clock
from tests.carriers.http.conftest import ATTEMPT, CALLBACKS, NOW, OTHERS, OURS, asked, submission
from tests.carriers.http.double import Double, Say


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_a_refused_connection_sent_nothing_and_may_be_tried_again(client: httpx.Client) -> None:
    with pytest.raises(CarrierError) as failed:
        exchange(client, Call("POST", f"http://127.0.0.1:{free_port()}/x", content=b"secret text"))
    assert (failed.value.code, failed.value.retryable, failed.value.in_doubt) == (
        "carrier_unreachable",
        True,
        False,
    )
    assert "secret text" not in failed.value.message


@pytest.mark.parametrize("say", [Say(after=5), Say(cut=True)], ids=["timeout", "cut"])
def test_a_request_that_left_without_an_answer_is_in_doubt_and_not_retryable(
    client: httpx.Client, provider: Double, say: Say
) -> None:
    provider.answers["/x"] = say
    with pytest.raises(CarrierError) as failed:
        exchange(client, Call("POST", provider.base + "/x", content=b"text"))
    assert (failed.value.code, failed.value.retryable, failed.value.in_doubt) == ("no_answer", False, True)
    assert len(provider.sent) == 1


def test_an_endless_answer_is_cut(client: httpx.Client, provider: Double) -> None:
    provider.answers["/x"] = Say(body=b"a" * 2_000_000)
    assert len(exchange(client, Call("GET", provider.base + "/x")).body) < 600_000


BEYOND = "Mon, 01 Jan 99999999999 00:00:00 GMT"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("90", 90), (" 7 ", 7), ("86400", 3600), ("0", 0), ("-5", 0), ("soon", 0), ("", 0), (BEYOND, 0)],
)
def test_the_rest_a_provider_asks_for_is_told_with_its_refusal(
    client: httpx.Client, provider: Double, header: str, seconds: float
) -> None:
    provider.answers["/cgi-bin/sendsms"] = Say(429, headers={"Retry-After": header})
    assert rest_asked_for(client, provider) == seconds


@pytest.mark.parametrize(("ahead", "seconds"), [(120, 120), (-120, 0), (100_000, 3600)])
def test_a_rest_may_be_asked_for_until_an_instant(
    client: httpx.Client, provider: Double, ahead: float, seconds: float
) -> None:
    until = format_datetime(clock.now() + timedelta(seconds=ahead), usegmt=True)
    provider.answers["/cgi-bin/sendsms"] = Say(503, headers={"Retry-After": until})
    assert abs(rest_asked_for(client, provider) - seconds) < 3


def rest_asked_for(client: httpx.Client, provider: Double) -> float:
    settings = KannelSettings(address=provider.base, username="u", password=SecretStr("p"))
    carrier = HttpCarrier("kannel", Kannel(settings, OURS), OURS, client)
    with pytest.raises(CarrierError) as failed:
        carrier.submit(submission(), NOW)
    assert (failed.value.retryable, failed.value.in_doubt) == (True, False)
    return failed.value.retry_after


@pytest.mark.parametrize("header", ["é", "a\nb"])
def test_settings_that_make_no_request_send_nothing(
    client: httpx.Client, provider: Double, header: str
) -> None:
    with pytest.raises(CarrierError) as failed:
        exchange(client, Call("POST", provider.base + "/x", {"X-Api-Key": header}))
    assert (failed.value.code, failed.value.in_doubt) == ("carrier_misconfigured", False)
    assert provider.sent == []


def test_an_answer_that_never_ends_is_a_doubt(
    client: httpx.Client, provider: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_calls, "ANSWER_SECONDS", -1.0)
    provider.answers["/x"] = Say(200, b"{}")
    with pytest.raises(CarrierError) as failed:
        exchange(client, Call("POST", provider.base + "/x"))
    assert (failed.value.code, failed.value.in_doubt) == ("no_answer", True)


def test_a_connection_that_is_changed_lets_its_calls_end(provider: Double) -> None:
    provider.answers["/cgi-bin/sendsms"] = Say(202, after=0.5)
    settings = KannelSettings(address=provider.base, username="u", password=SecretStr("p"))
    client = make_client()
    carrier = HttpCarrier("kannel", Kannel(settings, OURS), OURS, client)
    with ThreadPoolExecutor(1) as thread:
        call = thread.submit(carrier.submit, submission(), NOW)
        while not provider.sent:
            time.sleep(0.01)
        carrier.close()
        closed_at_once = client.is_closed
        with pytest.raises(CarrierError) as refused:
            carrier.submit(submission(), NOW)
        assert call.result() == Accepted("")
    assert (closed_at_once, client.is_closed) == (False, True)
    assert (refused.value.retryable, refused.value.in_doubt) == (True, False)


def test_redirects_are_not_followed_and_proxies_of_the_environment_not_used(
    provider: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    provider.answers["/x"] = Say(302)
    with make_client() as made:
        assert exchange(made, Call("GET", provider.base + "/x")).status == 302


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (302, "carrier_misconfigured"),
        (401, "carrier_credentials"),
        (402, "carrier_account"),
        (403, "carrier_credentials"),
        (404, "carrier_misconfigured"),
        (408, "carrier_throttled"),
        (429, "carrier_throttled"),
        (503, "carrier_busy"),
    ],
)
def test_these_answers_are_about_the_connection_and_another_road_may_be_taken(status: int, code: str) -> None:
    failure = failed_call(status)
    assert failure is not None
    assert (failure.code, failure.retryable, failure.in_doubt) == (code, True, False)


@pytest.mark.parametrize("status", [500, 502, 504, 599])
def test_other_server_errors_leave_a_doubt(status: int) -> None:
    failure = failed_call(status)
    assert failure is not None
    assert (failure.retryable, failure.in_doubt) == (False, True)


@pytest.mark.parametrize("status", [200, 201, 202, 400, 409, 422])
def test_these_answers_are_about_the_message(status: int) -> None:
    assert failed_call(status) is None


def test_an_address_opens_its_own_purpose_only() -> None:
    own, general = asked(OURS.of_attempt(ATTEMPT)), asked(OURS.of_connection())
    assert OURS.require_token(own) == ATTEMPT.hex
    assert OURS.require_token(general) == ""
    stranger = asked(OTHERS.of_attempt(ATTEMPT))
    short = asked(OURS.of_connection()[:-1])
    for request in (
        stranger,
        short,
        asked(CALLBACKS),
        asked(f"{CALLBACKS}?k=%C3%A9"),
        asked(f"{CALLBACKS}?a=&k="),
    ):
        with pytest.raises(NotAuthentic):
            OURS.require_token(request)
    assert "k=" not in OURS.of_attempt(ATTEMPT, signed=True)
    assert OURS.secret not in repr(OURS)


def test_our_reference_is_read_back_or_not_at_all() -> None:
    assert attempt_of(ATTEMPT.hex) == ATTEMPT
    assert attempt_of("") is None
    assert attempt_of("zz") is None


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=60), max_size=4))
def test_an_event_key_can_be_hashed_whatever_a_provider_puts_into_it(parts: list[str]) -> None:
    assert isinstance(event_key(*parts).encode(), bytes)
    assert event_key(*parts) == event_key(*parts)


def test_what_a_provider_calls_its_own_fits_a_column() -> None:
    assert identifier(4711) == "4711"
    assert identifier("SM\x001\n") == "SM1"
    assert len(identifier("x" * 500)) == 80
    assert event_key("a\x00") != event_key("a")


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "١", "9" * 5000])
def test_what_is_no_number_of_a_few_digits_is_none(text: str) -> None:
    assert number(text) is None
    assert number("034") == 34


def test_an_answer_that_is_no_object_is_empty() -> None:
    for body in (b"", b"[1]", b"\xff", b"[" * 100_000):
        assert Answer(200, body).json() == {}
