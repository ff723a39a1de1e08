"""Each magic number does what its sentence says."""

from datetime import timedelta
from uuid import uuid4

import phonenumbers
import pytest

from app.carriers.base import Accepted, CarrierError, Refused, Report
from app.carriers.simulated.numbers import MAGIC_NUMBERS, NORMAL, behaviour, magic_number
from tests.carriers.simulated import ORDINARY, World, magic, stored


def test_the_table_explains_every_number_once_in_both_languages() -> None:
    assert len({number.suffix for number in MAGIC_NUMBERS}) == len(MAGIC_NUMBERS)
    assert len({number.key for number in MAGIC_NUMBERS}) == len(MAGIC_NUMBERS)
    for number in MAGIC_NUMBERS:
        assert len(number.suffix) == 6
        assert number.fr
        assert number.en
        assert number.fr != number.en


@pytest.mark.parametrize("number", MAGIC_NUMBERS, ids=lambda number: number.key)
def test_every_magic_number_is_a_real_mobile_number(number: object) -> None:
    suffix = number.suffix  # type: ignore[attr-defined]
    parsed = phonenumbers.parse(magic(suffix))

    assert phonenumbers.is_valid_number(parsed)
    assert magic_number(magic(suffix)) is number


def test_an_ordinary_number_is_not_magic() -> None:
    for number in ("+33611096033", "+33612340001", "+33612000000"):
        assert magic_number(number) is None
        assert behaviour(number, "sms") is NORMAL


def test_unknown_number(world: World) -> None:
    number = magic("000001")

    assert world.submit(number, "rcs")[1] == Refused("no_rcs")
    assert world.submit(number, "sms")[1] == Refused("unknown_number")
    assert world.carrier.reaches_rcs(world.organisation, number) is False
    assert world.wait(60) == []
    assert world.phones.count(world.organisation) == 0


@pytest.mark.parametrize(("suffix", "code"), [("000002", "network_failure"), ("000011", "blocked")])
def test_accepted_then_failed(world: World, suffix: str, code: str) -> None:
    attempt = world.send(magic(suffix))

    at = world.now + timedelta(seconds=1)
    assert world.wait(60) == [Report(attempt, f"failed:{code}", "failed", code, at)]
    assert world.phone(magic(suffix)).messages == ()
    assert stored(world, attempt).body_sealed is None
    assert world.carrier.revoke(attempt, ORDINARY, world.now) == "revoked"


@pytest.mark.parametrize("channel", ["sms", "rcs"])
def test_no_report(world: World, channel: str) -> None:
    number = magic("000003")
    attempt = world.send(number, channel)  # type: ignore[arg-type]
    world.wait(2)
    phone = world.phone(number)
    world.phones.mark_read(world.organisation, phone.summary.id, world.now)

    assert len(phone.messages) == 1
    assert world.wait(1_000) == []
    assert world.carrier.revoke(attempt, ORDINARY, world.now) == "already_delivered"


def test_no_report_of_an_expiry_either(world: World) -> None:
    number = magic("000003")
    world.send(number, ttl=10)
    world.phones.set_power(world.organisation, world.phone(number).summary.id, False)

    assert world.wait(60) == []


def test_slow(world: World) -> None:
    world.send(magic("000004"))

    assert world.states(29.5) == []
    assert world.states(0.5) == ["delivered"]


def test_duplicate_reports(world: World) -> None:
    attempt = world.send(magic("000005"))

    at = world.now + timedelta(seconds=1)
    assert world.wait(60) == [Report(attempt, "delivered", "delivered", "", at)] * 3
    assert len(world.phone(magic("000005")).messages) == 1


@pytest.mark.parametrize(
    ("channel", "states"), [("rcs", ["read", "delivered"]), ("sms", ["delivered", "enroute"])]
)
def test_reports_out_of_order(world: World, channel: str, states: list[str]) -> None:
    world.send(magic("000006"), channel)  # type: ignore[arg-type]

    reports = [event for event in world.wait(60) if isinstance(event, Report)]
    assert [report.state for report in reports] == states
    assert reports[1].occurred_at <= reports[0].occurred_at


@pytest.mark.parametrize("channel", ["sms", "rcs"])
def test_outage_once(world: World, channel: str) -> None:
    number = magic("000007")
    with pytest.raises(CarrierError) as error:
        world.submit(number, channel)  # type: ignore[arg-type]
    assert (error.value.code, error.value.retryable, error.value.in_doubt) == (
        "simulated_outage",
        True,
        False,
    )
    assert world.wait(10) == []
    assert world.phone(number).messages == ()


def test_outage_once_then_accepted(world: World) -> None:
    number = magic("000007")
    attempt = uuid4()
    with pytest.raises(CarrierError):
        world.submit(number, attempt=attempt)
    assert world.carrier.revoke(attempt, ORDINARY, world.now) == "unknown"

    assert isinstance(world.submit(number, attempt=attempt)[1], Accepted)
    assert world.states(60) == ["delivered"]
    assert len(world.phone(number).messages) == 1


def test_lost_answer(world: World) -> None:
    number = magic("000008")
    with pytest.raises(CarrierError) as error:
        world.submit(number)
    assert (error.value.code, error.value.retryable, error.value.in_doubt) == (
        "simulated_lost_answer",
        True,
        True,
    )
    assert world.states(60) == ["delivered"]
    assert len(world.phone(number).messages) == 1


def test_lost_answer_is_given_when_asked_again(world: World) -> None:
    number = magic("000008")
    attempt = uuid4()
    with pytest.raises(CarrierError):
        world.submit(number, attempt=attempt)

    assert isinstance(world.submit(number, attempt=attempt)[1], Accepted)
    assert world.states(60) == ["delivered"]
    assert len(world.phone(number).messages) == 1


def test_rcs_never_delivered(world: World) -> None:
    number = magic("000009")
    attempt = world.send(number, "rcs")

    assert world.wait(1_000) == []
    assert world.carrier.revoke(attempt, ORDINARY, world.now) == "revoked"
    world.send(number, "sms")
    assert world.states(60) == ["delivered"]
    assert [message.channel for message in world.phone(number).messages] == ["sms"]


def test_delivered_after_revoke(world: World) -> None:
    number = magic("000010")
    attempt = world.send(number, "rcs")

    assert world.wait(60) == []
    assert world.carrier.revoke(attempt, ORDINARY, world.now) == "revoked"
    assert world.carrier.revoke(attempt, ORDINARY, world.now) == "revoked"
    assert world.states(1.5) == []
    assert world.states(60) == ["delivered"]
    assert len(world.phone(number).messages) == 1
    assert world.phone(number).messages[0].card is not None


def test_delivered_after_expiry(world: World) -> None:
    number = magic("000010")
    world.send(number, "rcs", ttl=30)

    assert world.states(31) == ["expired"]
    assert world.states(60) == ["delivered"]


def test_phone_full(world: World) -> None:
    attempt = world.send(magic("000012"))

    at = world.now + timedelta(seconds=1)
    assert world.wait(19.5) == [Report(attempt, "enroute:memory_full", "enroute", "memory_full", at)]
    assert world.states(60) == ["delivered"]


def test_revoke_unanswered(world: World) -> None:
    number = magic("000013")
    attempt = world.send(number, "rcs")

    assert world.wait(60) == []
    assert world.carrier.revoke(attempt, ORDINARY, world.now) == "unknown"
    world.send(number, "sms")
    assert world.states(60) == ["delivered"]


def test_no_rcs(world: World) -> None:
    number = magic("000014")

    assert world.carrier.reaches_rcs(world.organisation, number) is False
    assert world.submit(number, "rcs")[1] == Refused("no_rcs")
    world.send(number, "sms")
    assert world.states(60) == ["delivered"]


def test_phone_off(world: World) -> None:
    number = magic("000015")
    world.send(number, "sms")

    assert world.wait(60) == []
    world.phones.set_power(world.organisation, world.phone(number).summary.id, True)
    assert world.states(1) == ["delivered"]
