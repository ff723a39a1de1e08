"""Whoever makes the service answer keywords gets no texts out of it that nobody asked for."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.db.sending import answer_limits
from app.messaging.permission.consent import is_stopped
from tests.usecases.house import SENDER, ZOE, House

STRANGER = "+33698765432"


@pytest.mark.parametrize(
    "number", [STRANGER, "+22870000000", "+33899123456", "+33145678901", "36111", "CHARITY"]
)
def test_a_number_that_was_never_texted_or_is_no_mobile_gets_no_answer(
    number: str, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    if number != STRANGER:
        house.texted(number)
    for text in ("CONTACT", "STOP", "START"):
        house.hears(text, number)
    reached = number == "+22870000000"  # a mobile of another country that was written to before
    assert house.answers() == (["contact_answer", "stop_done", "start_done"] if reached else [])
    assert house.facts(number) == ["stop", "unstop"]
    assert ("a keyword was not answered" in caplog.messages) is not reached


def test_what_waits_or_was_cancelled_reached_nobody(house: House) -> None:
    for state in ("queued", "held", "cancelled"):
        house.queue("transactional", STRANGER, state)
    before = len(house.answers())
    house.hears("CONTACT", STRANGER)
    assert len(house.answers()) == before


def test_each_answer_is_given_once_a_day_and_every_stop_is_written_down(any_house: House) -> None:
    house = any_house
    house.texted()
    for _ in range(20):
        for text in ("CONTACT", "STOP", "START"):
            house.hears(text)
    assert house.answers() == ["contact_answer", "stop_done", "start_done"]
    assert house.facts() == ["stop", "unstop"] * 20
    house.clock.push(hours=24)
    house.hears("STOP")
    house.hears("CONTACT")
    assert house.answers() == ["contact_answer", "stop_done", "start_done", "stop_done", "contact_answer"]
    assert is_stopped(house.ledger(), SENDER, house.clock())


def test_an_organisation_answers_so_many_a_day(any_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house = any_house
    monkeypatch.setattr(answer_limits, "MOST_ANSWERS", 3)
    numbers = [f"+3361100100{n}" for n in range(5)]
    for number in numbers:
        house.texted(number)
        house.hears("STOP", number)
    assert house.answers() == ["stop_done"] * 3
    assert [house.facts(number) for number in numbers] == [["stop"]] * 5
    house.clock.push(hours=25)
    house.hears("CONTACT", numbers[4])
    assert house.answers()[3:] == ["contact_answer"]


def test_the_same_keyword_many_times_at_once_is_answered_once(any_house: House) -> None:
    any_house.texted()
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: any_house.hears("CONTACT"), range(12)))
    assert any_house.answers() == ["contact_answer"]


@pytest.mark.parametrize("number", ["36111", "+999123456", "CHARITY"])
def test_a_message_to_a_number_of_no_country_fails_and_its_job_ends(house: House, number: str) -> None:
    strange, good = house.queue("transactional", number), house.queue("transactional", ZOE)
    house.pipeline.run()
    message = house.message(strange)
    assert (message.state, message.reason) == ("failed", "unknown_number")
    assert house.message(good).state == "submitted"
