"""What an answer means, whatever it is: a doubt is never taken for a no, nor a no for a doubt."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcs.outcomes import (
    Accepted,
    Answer,
    InDoubt,
    Invalid,
    NotRevocable,
    Revoked,
    Throttled,
    Unavailable,
    Unreachable,
    read_reachable,
    read_revoke,
    read_send,
    retry_after,
)
from rcs.retries import Patience, pause

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
bodies = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(["NOT_FOUND", "ALREADY_EXISTS", "INTERNAL", ""]).map(
        lambda status: json.dumps({"error": {"status": status, "message": "words"}}).encode()
    ),
    st.sampled_from([b'{"error":7}', b"[]", b'{"error":{"message":{}}}', b"[" * 10_000]),
)
headers: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}), st.text(max_size=30).map(lambda text: {"retry-after": text})
)
answers = st.builds(Answer, st.integers(100, 599), bodies, headers)


def answer(status: int, body: object = None, **headers: str) -> Answer:
    return Answer(
        status, json.dumps(body).encode(), {name.replace("_", "-"): value for name, value in headers.items()}
    )


@given(answers)
@settings(max_examples=200, deadline=None)
def test_only_what_is_certain_is_a_no(given_answer: Answer) -> None:
    message_id = uuid4()
    sent = read_send(given_answer, message_id, NOW)
    revoked = read_revoke(given_answer, NOW)

    assert isinstance(sent, Accepted) == (
        given_answer.status == 200
        or (given_answer.status == 409 and given_answer.error[0] == "ALREADY_EXISTS")
    )
    if given_answer.status >= 500 or given_answer.status < 200:
        assert isinstance(sent, InDoubt)
        assert isinstance(revoked, InDoubt)
    assert isinstance(revoked, Revoked) == (given_answer.status == 200)
    is_unreachable = given_answer.status == 404 and given_answer.error[0] == "NOT_FOUND"
    assert isinstance(sent, Unreachable) == isinstance(revoked, NotRevocable) == is_unreachable


@pytest.mark.parametrize(
    ("given_header", "seconds"),
    [
        ("0", 0.0),
        ("1", 1.0),
        (" 120 ", 120.0),
        ("999999999", 3_600.0),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(seconds=30), usegmt=True), 0.0),
        ("Sun, 22 Nov 2026 07:00:05 -0000", 5.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999999999", None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date(given_header: str, seconds: float | None) -> None:
    assert retry_after(answer(429, retry_after=given_header), NOW) == seconds


@pytest.mark.parametrize(
    "personal",
    ["+33612345678", "06 12 34 56 78", "https://d.example.fr/7K3MQ2X9#s3cret", "#s3cretS3cret"],
)
def test_the_words_of_an_error_lose_what_is_personal(personal: str) -> None:
    outcome = read_send(answer(400, {"error": {"message": f"bad {personal} here"}}), uuid4(), NOW)

    assert outcome == Invalid("400: bad (…) here")


def test_the_words_of_an_error_stay_short_and_printable() -> None:
    outcome = read_send(answer(400, {"error": {"message": "a\n" * 1_000}}), uuid4(), NOW)

    assert isinstance(outcome, Invalid)
    assert len(outcome.reason) < 210
    assert outcome.reason.isprintable()


@pytest.mark.parametrize("body", [{}, {"reachableUsers": 7}, {"totalRandomSampleUserCount": "many"}, []])
def test_a_batch_that_says_nothing_reaches_nobody(body: object) -> None:
    assert read_reachable(answer(200, body), NOW) == read_reachable(answer(200, {}), NOW)


PATIENCE = Patience(tries=4, first=1.0, seconds=10.0)


@pytest.mark.parametrize(
    ("outcome", "tries", "spent", "seconds"),
    [
        (Throttled(None), 1, 0.0, 1.0),
        (Throttled(None), 2, 1.0, 2.0),
        (Throttled(None), 3, 3.0, 4.0),
        (Throttled(None), 4, 7.0, None),
        (Throttled(5.0), 1, 0.0, 5.0),
        (Throttled(5.0), 2, 5.1, None),
        (Throttled(60.0), 1, 0.0, None),
        (Throttled(0.0), 1, 0.0, 0.0),
        (InDoubt("500"), 1, 0.0, 1.0),
        (InDoubt("503", 3.0), 1, 0.0, 3.0),
        (InDoubt("timeout"), 1, 9.5, None),
        (Unavailable("no connection"), 2, 0.0, 2.0),
        (Invalid("400"), 1, 0.0, None),
        (Unreachable(), 1, 0.0, None),
        (Accepted(uuid4()), 1, 0.0, None),
    ],
)
def test_how_long_to_wait(outcome: object, tries: int, spent: float, seconds: float | None) -> None:
    assert pause(outcome, tries, spent, 0.0, PATIENCE) == seconds  # type: ignore[arg-type]


@given(st.one_of(st.none(), st.floats(0, 100)), st.integers(1, 4), st.floats(0, 12), st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_a_pause_is_never_shorter_than_asked_and_never_beyond_our_patience(
    asked: float | None, tries: int, spent: float, spread: float
) -> None:
    seconds = pause(Throttled(asked), tries, spent, spread, PATIENCE)

    if seconds is not None:
        assert tries < PATIENCE.tries
        assert seconds >= (asked or 0)
        assert spent + seconds <= PATIENCE.seconds
