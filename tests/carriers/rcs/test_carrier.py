"""What the platform's answers mean for a message, over HTTP to the double."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from app.carriers.base import Accepted, CarrierError, Refused, Submission
from app.carriers.http.calls import make_client
from app.carriers.rcs.carrier import RcsCarrier
from app.carriers.rcs.settings import RcsSettings
from rcs.cards import to_agent_message
from tests.rcs.conftest import EMAIL, PHONE
from tests.rcs.making import announcement
from tests.rcs.platform import Fault, Handset, Platform, platform
from tests.rcs.platform.state import World
from tests.stories.agency import AGENT, TOKEN, key, key_file, settings_of

NOW = datetime.now(UTC)
CARD = to_agent_message(announcement(), "TRANSACTION", 900)
NOBODY = "+33699999999"


@pytest.fixture
def google() -> Iterator[Platform]:
    with platform(key().public_pem, EMAIL, World(AGENT, TOKEN, {PHONE: Handset()})) as running:
        yield running


@pytest.fixture
def carrier(google: Platform) -> Iterator[RcsCarrier]:
    made = open_carrier(google)
    yield made
    made.close()


def open_carrier(google: Platform, *hosts: str) -> RcsCarrier:
    given = RcsSettings.model_validate(settings_of(google))
    callback = "http://127.0.0.1:9/callbacks/google"
    return RcsCarrier("google", given, hosts or ("d.example.fr",), callback, make_client(), lambda: NOW)


def submission(**changes: Any) -> Submission:
    made = Submission(uuid4(), UUID(int=1), "rcs", "Atelier Exemple", PHONE, "a text", CARD, 600)
    return replace(made, **changes)


def failure(carrier: RcsCarrier, one: Submission) -> CarrierError:
    with pytest.raises(CarrierError) as raised:
        carrier.submit(one, NOW)
    assert PHONE not in str(raised.value)
    return raised.value


def test_the_id_of_the_attempt_is_the_id_of_the_card_and_the_life_is_that_of_the_submission(
    carrier: RcsCarrier, google: Platform
) -> None:
    one = submission()
    assert carrier.submit(one, NOW) == Accepted(str(one.attempt_id))
    assert carrier.submit(replace(one, again=True), NOW) == Accepted(str(one.attempt_id))
    (card,) = google.world.messages.values()
    assert (card.id, card.shown, card.body["ttl"]) == (str(one.attempt_id), 1, "600s")


@pytest.mark.parametrize(("given", "sent"), [(1, "10s"), (9_999_999, "1296000s")])
def test_a_life_the_platform_does_not_take_is_the_next_it_takes(
    carrier: RcsCarrier, google: Platform, given: int, sent: str
) -> None:
    carrier.submit(submission(ttl_seconds=given), NOW)
    assert [card.body["ttl"] for card in google.world.messages.values()] == [sent]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": NOBODY}, "no_rcs"),
        ({"to": "36105"}, "unknown_number"),
        ({"card": None}, "bad_card"),
        ({"card": {"contentMessage": {}}}, "bad_card"),
    ],
)
def test_what_cannot_leave_is_refused(
    carrier: RcsCarrier, google: Platform, changes: dict[str, Any], code: str
) -> None:
    assert carrier.submit(submission(**changes), NOW) == Refused(code)
    assert google.calls("send") == []


def test_a_link_of_another_host_never_leaves(google: Platform, caplog: pytest.LogCaptureFixture) -> None:
    carrier = open_carrier(google, "another.example.fr")
    with caplog.at_level(logging.ERROR):
        assert carrier.submit(submission(), NOW) == Refused("bad_card")
    assert google.requests == []
    assert "d.example.fr" not in caplog.text
    carrier.close()


@pytest.mark.parametrize(
    ("fault", "code", "in_doubt"),
    [
        (Fault(429, retry_after="600"), "carrier_throttled", False),
        (Fault(500), "no_answer", True),
        (Fault(0), "no_answer", True),
        (Fault(404, plain=True), "carrier_unreachable", False),
    ],
)
def test_an_answer_that_settles_nothing_is_an_error_that_says_whether_it_may_have_left(
    carrier: RcsCarrier, google: Platform, fault: Fault, code: str, in_doubt: bool
) -> None:
    google.plan("send", *[fault] * 10)
    error = failure(carrier, submission())
    assert (error.code, error.retryable, error.in_doubt) == (code, True, in_doubt)
    assert error.retry_after == (600.0 if fault.retry_after else 0.0)
    assert len({one.query["messageId"] for one in google.calls("send")}) == 1


def test_credentials_that_are_refused_leave_no_doubt(carrier: RcsCarrier, google: Platform) -> None:
    google.plan("token", *[Fault(401)] * 5)
    error = failure(carrier, submission())
    assert (error.code, error.retryable, error.in_doubt) == ("carrier_credentials", True, False)
    assert google.calls("send") == []


def test_an_agent_that_may_not_send_is_an_sms_and_an_alert(
    carrier: RcsCarrier, google: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    google.plan("send", Fault(403))
    with caplog.at_level(logging.ERROR):
        assert carrier.submit(submission(), NOW) == Refused("no_rcs")
    assert [record.message for record in caplog.records] == ["the platform does not let this agent send"]


@pytest.mark.parametrize("fault", [Fault(429), Fault(401)])
def test_after_a_doubt_from_before_nothing_but_a_revocation_settles(
    carrier: RcsCarrier, google: Platform, fault: Fault
) -> None:
    one = submission()
    google.plan("send", *[fault] * 6)
    google.plan("revoke", Fault(503))
    assert failure(carrier, replace(one, again=True)).in_doubt


def test_a_phone_that_lost_rcs_after_a_doubt_has_its_card_taken_back_first(
    carrier: RcsCarrier, google: Platform
) -> None:
    one = submission()
    google.world.handsets[PHONE].on = False
    google.plan("send", *[Fault(500, taken=True)] * 3)
    assert failure(carrier, one).in_doubt
    del google.world.handsets[PHONE]
    fresh = open_carrier(google)  # another process, which asks about the phone anew
    assert fresh.submit(replace(one, again=True), NOW) == Refused("no_rcs")
    assert google.world.messages[str(one.attempt_id)].state == "revoked"
    fresh.close()


def test_a_card_is_taken_back_unless_it_was_delivered(carrier: RcsCarrier, google: Platform) -> None:
    google.world.handsets[PHONE].on = False
    waits, shown = submission(), submission()
    for one in (waits, shown):
        carrier.submit(one, NOW)
    google.world.deliver(str(shown.attempt_id))
    assert carrier.revoke(waits.attempt_id, PHONE, NOW) == "revoked"
    assert carrier.revoke(shown.attempt_id, PHONE, NOW) == "already_delivered"
    google.plan("revoke", Fault(503))
    assert carrier.revoke(waits.attempt_id, PHONE, NOW) == "unknown"


def test_what_is_known_of_a_phone(carrier: RcsCarrier, google: Platform) -> None:
    assert carrier.reaches_rcs(UUID(int=1), PHONE) is True
    assert carrier.reaches_rcs(UUID(int=1), NOBODY) is False
    google.plan("capability", Fault(503))
    assert carrier.reaches_rcs(UUID(int=1), "+33612340000") is None


def test_settings_that_changed_let_nothing_leave_by_the_earlier_ones(carrier: RcsCarrier) -> None:
    carrier.close()
    error = failure(carrier, submission())
    assert (error.retryable, error.in_doubt) == (True, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"agent_id": "an agent"},
        {"region": "mars"},
        {"client_token": "short"},
        {"address": "http://example.org"},
        {"token_address": "https://example.org/?a=1"},
        {"service_account": "{}"},
        {"service_account": key_file(private_key="x")},
        {"colour": "red"},
    ],
)
def test_settings_that_cannot_work_are_refused_without_their_secrets(
    google: Platform, changes: dict[str, str]
) -> None:
    with pytest.raises(ValidationError) as refused:
        RcsSettings.model_validate(settings_of(google, **changes))
    told = json.dumps(refused.value.errors(include_input=False, include_url=False, include_context=False))
    assert "BEGIN" not in told
    assert TOKEN not in told


def test_what_is_secret_is_not_shown_by_an_accident(google: Platform) -> None:
    shown = repr(RcsSettings.model_validate(settings_of(google)))
    assert "BEGIN" not in shown
    assert TOKEN not in shown
