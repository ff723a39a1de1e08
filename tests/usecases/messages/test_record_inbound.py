"""What an answer does: the ledger, the confirmation, and what may still leave."""

import pytest

from app.carriers.base import Inbound, Report
from app.db.queries import consents, messages
from app.db.sending import lanes
from app.messaging.permission.consent import Fact, is_stopped
from app.messaging.permission.consent_proof import How, Proof
from app.messaging.sending.senders import Kind
from app.usecases.consents.record_consent import NewConsent, record_consent
from app.usecases.messages.record_inbound import record_inbound
from app.usecases.messages.record_report import record_report
from app.usecases.rules.change_choices import NewChoices, change_choices
from tests.senders import add_sender
from tests.usecases.house import SENDER, ZOE, House


def test_a_stop_is_recorded_with_its_proof_and_confirmed_once(house: House) -> None:
    house.texted()
    house.hears("Stop svp")
    house.hears("STOP !!")
    assert house.facts() == ["stop", "stop"]
    assert house.answers() == ["stop_done"]
    stop = next(record for record in house.records() if record.fact == "stop")
    assert (stop.how, stop.legal_basis, stop.recorded_by) == ("reply", "objection", "person")
    assert stop.raw_text_sealed is not None
    assert b"svp" not in stop.raw_text_sealed
    house.pipeline.run()
    assert {one.state for one in house.messages() if one.template_key == "stop_done"} == {"submitted"}


def test_the_same_answer_again_is_kept_once(house: House) -> None:
    house.hears("STOP", key="one")
    house.hears("STOP", key="one")
    assert house.facts() == ["stop"]


def test_unstop_reopens_and_is_confirmed(house: House) -> None:
    house.texted()
    house.hears("UNSTOP")
    assert house.answers() == []
    house.hears("STOP")
    house.hears("unstop")
    assert house.answers() == ["stop_done", "start_done"]
    assert not is_stopped(house.ledger(), SENDER, house.clock())


def test_contact_is_answered_with_who_the_sender_is_and_is_no_opt_in(house: House) -> None:
    house.texted()
    house.hears("Contact")
    assert house.answers() == ["contact_answer"]
    assert house.facts() == []


def test_a_button_is_a_way_out(house: House) -> None:
    house.hears("", postback="stop7Yk3mQ9x")
    (record,) = [record for record in house.records() if record.fact == "stop"]
    assert record.how == "button"


def test_a_doubtful_answer_waits_for_a_person_and_marketing_with_it(house: House) -> None:
    advert, notice = house.queue("marketing"), house.queue("transactional")
    house.hears("laissez-moi tranquille")
    assert house.facts() == ["doubtful_answer"]
    assert house.message(advert).state == "cancelled"
    assert house.message(notice).state == "queued"


@pytest.mark.parametrize("state", ["queued", "held"])
def test_a_stop_ends_the_marketing_that_has_not_left_and_no_notice(house: House, state: str) -> None:
    advert = house.queue("marketing", state=state)
    other = house.queue("marketing", number="+33611001002", state=state)
    notice = house.queue("transactional", state=state)
    house.hears("STOP")
    ended = house.message(advert)
    assert (ended.state, ended.reason, ended.text_sealed) == ("cancelled", "consent-stop", None)
    assert house.message(other).state == state
    assert house.message(notice).state == state


def test_what_the_carrier_has_is_not_called_back(house: House) -> None:
    advert = house.queue("marketing", state="submitted")
    house.hears("STOP")
    assert house.message(advert).state == "submitted"


def test_an_organisation_narrows_its_stop_to_the_sender_it_was_said_to(house: House) -> None:
    assert change_choices(house.rt, house.id, NewChoices(stop_scope="sender"), "owner") == {}
    house.hears("STOP")
    (line,) = [line for line in house.ledger() if line.fact == "stop"]
    assert (line.sender, line.channels) == (SENDER, frozenset({"sms", "rcs"}))
    assert is_stopped(house.ledger(), SENDER, house.clock())
    assert not is_stopped(house.ledger(), "36111", house.clock())


def test_an_answer_opens_a_conversation(house: House) -> None:
    house.hears("Bonjour, une question")
    assert [line.fact for line in house.ledger()] == ["contacted_us"]


def test_a_network_whose_clock_runs_ahead_does_not_delay_a_stop(house: House) -> None:
    house.clock.push(seconds=-3600)
    house.hears("STOP")
    assert is_stopped(house.ledger(), SENDER, house.clock())
    assert house.ledger(ZOE)[0].at <= house.clock()


def test_a_block_by_the_operator_is_written_down_and_never_retried(house: House) -> None:
    notice = house.queue("transactional")
    house.pipeline.run()
    waiting = house.queue("transactional")
    with house.rt.read() as session:
        (attempt,) = messages.attempts_of(session, notice)
    house.clock.push(seconds=1)
    report = Report(attempt.id, "r1", "failed", "blocked", house.clock())
    record_report(house.rt, report)
    record_report(house.rt, report)
    assert house.facts() == ["carrier_block"]
    assert house.message(notice).state == "failed"
    assert (house.message(waiting).state, house.message(waiting).reason) == (
        "cancelled",
        "consent-carrier-block",
    )


@pytest.mark.parametrize(
    ("kind", "address", "to", "state"),
    [
        (Kind.LONG_CODE_06, "+33600000006", "33600000006", "delivered"),  # no report ever comes to it
        (Kind.LONG_CODE_06, "+33600000006", "+33600000007", "submitted"),  # another one was answered
        (Kind.LONG_CODE_09, "+33937000001", "+33937000001", "submitted"),  # its reports tell
    ],
)
def test_an_answer_proves_receipt_where_no_report_can_come(
    house: House, kind: Kind, address: str, to: str, state: str
) -> None:
    sender = add_sender(house.rt, house.id, kind, address)
    message_id = house.queue("transactional")
    with house.rt.begin() as session:
        waiting = consents.message_of(session, message_id)
        assert waiting is not None
        waiting.sender_id = sender
        session.add(waiting)
        lanes.wake(session, house.rt.jobs, [lanes.lane_of(waiting)], house.clock())
    house.pipeline.run()
    assert house.message(message_id).state == "submitted"
    house.hears("Oui, merci", to=to)
    assert house.message(message_id).state == state


@pytest.mark.parametrize("written", ["0611001001", "33611001001", "0033611001001", "06 11 00 10 01"])
def test_a_stop_holds_for_the_number_however_the_network_writes_it(house: House, written: str) -> None:
    advert = house.queue("marketing")
    house.hears("STOP", written)
    assert house.facts(ZOE) == ["stop"]
    assert house.message(advert).state == "cancelled"


@pytest.mark.parametrize("text", ["STOP \ud83d", "\ude00 stop", "STOP\0", "STOP \ud83d\ude00"])
def test_a_stop_is_written_down_whatever_else_is_in_the_text(any_house: House, text: str) -> None:
    any_house.hears(text)
    assert any_house.facts() == ["stop"]


def test_an_answer_to_an_address_of_any_length_is_written_down(any_house: House) -> None:
    """With a STOP that holds for its sender only, the address is a part of the line."""
    house = any_house
    assert change_choices(house.rt, house.id, NewChoices(stop_scope="sender"), "owner") == {}
    record_inbound(house.rt, Inbound(house.id, ZOE, "x\0" * 60, "STOP", house.clock(), "\ud83d one"))
    assert house.facts() == ["stop"]


@pytest.mark.parametrize(
    ("proven", "facts"), [(False, ["stop", "doubtful_answer"]), (True, ["stop", "unstop"])]
)
def test_a_start_that_may_be_forged_lifts_no_refusal_that_came_another_way(
    house: House, proven: bool, facts: list[str]
) -> None:
    house.texted()
    refused = NewConsent(ZOE, Fact.STOP, Proof())
    record_consent(house.rt, house.id, refused, How.STAFF, "user:1")
    house.clock.push(seconds=1)
    record_inbound(house.rt, Inbound(house.id, ZOE, SENDER, "START", house.clock(), "s", proven=proven))
    assert house.facts() == facts
    assert is_stopped(house.ledger(), SENDER, house.clock()) is not proven
    assert house.answers() == (["start_done"] if proven else [])


def test_a_start_lifts_a_stop_that_came_as_an_answer(house: House) -> None:
    for text in ("STOP", "START"):
        house.clock.push(seconds=1)
        record_inbound(house.rt, Inbound(house.id, ZOE, SENDER, text, house.clock(), text, proven=False))
    assert house.facts() == ["stop", "unstop"]
