"""Consent from every door: staff, programs, lists, and the page of one tap."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.core.errors import InvalidInput, NotFound, TooLarge
from app.db.models import InboundMessage, Message, StaffReply
from app.messaging.permission.categories import Category
from app.messaging.permission.consent import Allowed, Denied, Fact, Ground, decide, is_stopped
from app.messaging.permission.consent_proof import LONGEST, How, Proof, SaleFacts
from app.messaging.sending.senders import Kind
from app.usecases.consents import import_opt_outs as importing
from app.usecases.consents.forget_number import forget_number
from app.usecases.consents.give_opt_out_link import give_opt_out_link
from app.usecases.consents.import_opt_outs import import_opt_outs
from app.usecases.consents.opt_out_by_link import opt_out_by_link, show_opt_out
from app.usecases.consents.record_consent import NewConsent, ProofMissing, ProofUnkeepable, record_consent
from app.usecases.consents.show_consent import show_consent
from app.usecases.consents.show_erasure import Erasure, show_erasure
from app.usecases.inbox.answer_person import answer_person
from app.usecases.inbox.settle_answer import settle_answer
from app.usecases.inbox.show_conversation import show_conversation
from app.usecases.inbox.show_inbox import show_inbox
from tests.senders import add_sender
from tests.usecases.house import SENDER, ZOE, House

FORM = Proof("offers", "2026-11", "J’accepte de recevoir les offres.", "box ticked, 10:42", "paper-118.pdf")
OPT_IN = NewConsent("06 11 00 10 01", Fact.OPT_IN, FORM)


def _record(house: House, new: NewConsent, how: How = How.STAFF) -> None:
    house.clock.push(seconds=1)
    record_consent(house.rt, house.id, new, how, "user:1")


def test_an_opt_in_keeps_everything_that_proves_it(house: House) -> None:
    _record(house, OPT_IN, How.FORM)
    (record,) = house.records()
    assert (record.fact, record.how, record.legal_basis) == ("opt_in", "form", "consent")
    assert (record.text_shown, record.form_version) == (FORM.text_shown, "2026-11")
    assert (record.action_trace, record.evidence_file) == (FORM.action_trace, FORM.evidence_file)
    assert record.text_hash is not None
    assert record.number_sealed is not None
    assert b"611001001" not in record.number_sealed
    answer = decide(Category.MARKETING, house.ledger(), "36105", "sms", house.clock())
    assert answer == Allowed(Ground.OPT_IN)


def test_a_consent_without_proof_is_refused(house: House) -> None:
    with pytest.raises(ProofMissing) as refused:
        _record(house, replace(OPT_IN, proof=Proof()))
    assert refused.value.fields == ("purpose", "text_shown", "action_trace")
    sale = Proof(sale_reference="F-118", sale=SaleFacts(True, True, True, True, True, could_refuse=False))
    with pytest.raises(ProofMissing) as incomplete:
        _record(house, replace(OPT_IN, fact=Fact.SOFT_OPT_IN, proof=sale))
    assert incomplete.value.fields == ("could_refuse",)
    assert house.records() == []


def test_a_soft_opt_in_keeps_its_conditions(house: House) -> None:
    sale = Proof(sale_reference="F-118", sale=SaleFacts(True, True, True, True, True, True))
    _record(house, replace(OPT_IN, fact=Fact.SOFT_OPT_IN, proof=sale))
    (record,) = house.records()
    assert (record.sale_reference, len(record.sale_conditions)) == ("F-118", 6)


@pytest.mark.parametrize("fact", [Fact.UNSTOP, Fact.CARRIER_BLOCK, Fact.CONTACTED_US, Fact.ANSWER_SETTLED])
def test_what_only_the_person_or_the_network_can_say_is_refused(house: House, fact: Fact) -> None:
    with pytest.raises(InvalidInput) as refused:
        _record(house, NewConsent(ZOE, fact))
    assert refused.value.code == "fact_not_recordable"


def test_bad_numbers_and_future_days_are_refused(house: House) -> None:
    with pytest.raises(InvalidInput) as number:
        _record(house, NewConsent("01 44 55 66 77", Fact.STOP))
    assert number.value.code == "landline"
    with pytest.raises(InvalidInput) as later:
        _record(house, replace(OPT_IN, happened_at=house.clock() + timedelta(days=1)))
    assert later.value.code == "happened_later"


@pytest.mark.parametrize("field", LONGEST)
@pytest.mark.parametrize("what", ["too long", "\0", "\ud83d"])
def test_a_proof_that_no_column_holds_is_refused_and_never_cut(house: House, field: str, what: str) -> None:
    text = "x" * (LONGEST[field] + 1) if what == "too long" else f"box {what}"
    changed: dict[str, Any] = {field: text}
    with pytest.raises(ProofUnkeepable) as refused:
        _record(house, replace(OPT_IN, proof=replace(FORM, **changed)))
    assert refused.value.fields == (field,)
    assert house.records() == []


def test_the_longest_proof_is_kept_whole(house: House) -> None:
    longest: dict[str, Any] = {field: "é" * length for field, length in LONGEST.items()}
    _record(house, replace(OPT_IN, proof=Proof(**longest)))
    (record,) = house.records()
    assert {field: getattr(record, field) for field in LONGEST} == longest


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-14))])
def test_a_consent_before_the_first_text_message_is_refused(house: House, zone: timezone) -> None:
    with pytest.raises(InvalidInput) as early:
        _record(house, replace(OPT_IN, happened_at=datetime.min.replace(tzinfo=zone)))
    assert early.value.code == "happened_too_early"
    with pytest.raises(InvalidInput) as later:
        _record(house, replace(OPT_IN, happened_at=datetime.max.replace(tzinfo=zone)))
    assert later.value.code == "happened_later"


def test_staff_stop_ends_what_waits(house: House) -> None:
    advert = house.queue("marketing")
    _record(house, NewConsent(ZOE, Fact.STOP))
    assert house.message(advert).state == "cancelled"
    notice = house.queue("transactional")
    _record(house, NewConsent(ZOE, Fact.OBJECTION_ALL))
    assert (house.message(notice).state, house.message(notice).reason) == (
        "cancelled",
        "consent-objection-all",
    )


def test_a_list_of_refusals_is_taken_in_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 2)
    cells = ["0611001001", "+33 6 11 00 10 02", "0611001001", "01 44 55 66 77", "", "0611001003"]
    done = import_opt_outs(house.rt, house.id, cells, How.IMPORT, "user:1")
    assert (done.added, done.known) == (3, 1)
    assert done.unreadable == ((4, "landline"), (5, "empty"))
    house.clock.push(seconds=1)
    again = import_opt_outs(house.rt, house.id, cells, How.IMPORT, "user:1")
    assert (again.added, again.known) == (0, 4)
    assert is_stopped(house.ledger("+33611001003"), "36105", house.clock())
    assert house.facts() == ["stop"]
    everything = import_opt_outs(house.rt, house.id, cells[:1], How.API, "key:1", everything=True)
    assert everything.added == 1
    assert house.facts() == ["stop", "objection_all"]


def test_a_list_that_is_too_long_is_refused_whole(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MOST_NUMBERS", 1)
    with pytest.raises(TooLarge):
        import_opt_outs(house.rt, house.id, ["0611001001", "0611001002"], How.IMPORT, "user:1")
    assert house.records() == []


def test_an_opposition_outlives_the_person(house: House) -> None:
    house.hears("STOP pour toujours")
    _record(house, NewConsent(ZOE, Fact.STOP))
    link = give_opt_out_link(house.rt, house.id, ZOE)
    assert forget_number(house.rt, house.id, ZOE, "user:1") == len(house.records())
    assert all(record.number_sealed is None and record.raw_text_sealed is None for record in house.records())
    assert is_stopped(house.ledger(), "36105", house.clock())
    assert show_opt_out(house.rt, link.rpartition("/")[2]) is None
    assert forget_number(house.rt, house.id, ZOE, "user:1") == 0


def test_what_was_said_with_an_erased_number_goes_with_it(house: House) -> None:
    add_sender(house.rt, house.id, Kind.SHORT_CODE_36, SENDER)
    other = "+33611001002"
    house.hears("Bonjour", number=other)
    house.hears("laissez-moi tranquille")
    house.hears("Quand serai-je payée ?")
    latest = _inbox(house)[0]
    assert answer_person(house.rt, house.id, latest, "Le 30.", uuid4(), "user:1") is None
    (reply,) = house.messages()
    told = show_erasure(house.rt, house.id, ZOE)
    assert (told.answers, told.undecided, told.replies, told.waiting, told.refused) == (2, 1, 1, 1, True)
    with house.rt.begin() as session:
        session.execute(
            sa.update(Message).values(state="delivered", finished_at=house.clock(), text_sealed=None)
        )

    forget_number(house.rt, house.id, ZOE, "user:1")

    assert show_erasure(house.rt, house.id, ZOE) == Erasure(ZOE, 0, 0, 0, 0, 0, refused=True)
    assert len(_inbox(house)) == 1
    with pytest.raises(NotFound):
        show_conversation(house.rt, house.id, latest)
    with pytest.raises(NotFound):
        settle_answer(house.rt, house.id, latest, "done", "user:1")
    with house.rt.read() as session:
        answers = session.execute(
            sa.select(col(InboundMessage.from_sealed), col(InboundMessage.text_sealed))
        ).all()
        assert session.execute(sa.select(col(StaffReply.text_sealed))).scalars().all() == [b""]
        assert session.get_one(Message, reply.id).to_sealed == b""
    # What was counted stays counted; somebody else's words are untouched.
    assert sorted(bool(number and text) for number, text in answers) == [False, False, True]
    # The doubt that nobody settled stays a refusal, and the number is known again.
    house.hears("Me revoilà")
    conversation = show_conversation(house.rt, house.id, _inbox(house)[0])
    assert [one.text for one in conversation.spoken] == ["Me revoilà"]
    advert = decide(Category.MARKETING, house.ledger(), SENDER, "sms", house.clock())
    assert isinstance(advert, Denied)


def _inbox(house: House) -> list[UUID]:
    lines = show_inbox(house.rt, house.id, waiting=False, offset=0, limit=10).lines
    return [line.id for line in lines]


@pytest.mark.parametrize(
    ("facts", "refused"), [([], False), ([Fact.STOP], True), ([Fact.OBJECTION_ALL], True)]
)
def test_whoever_erases_is_told_whether_a_refusal_outlives_the_number(
    house: House, facts: list[Fact], refused: bool
) -> None:
    for fact in facts:
        _record(house, NewConsent(ZOE, fact))
    house.hears("STOP", number="+33611001002", to=SENDER)
    one_sender = show_erasure(house.rt, house.id, "+33611001002")
    assert (one_sender.refused, one_sender.answers) == (True, 1)
    told = show_erasure(house.rt, house.id, "06 11 00 10 01")
    assert (told.number, told.refused, told.lines) == (ZOE, refused, len(facts))
    with pytest.raises(InvalidInput):
        show_erasure(house.rt, house.id, "01 44 55 66 77")


def test_the_page_of_one_tap(house: House) -> None:
    url = give_opt_out_link(house.rt, house.id, ZOE)
    assert url == give_opt_out_link(house.rt, house.id, "0611001001")
    assert url.startswith(house.rt.policies.link_url + "/o/")
    token = url.rpartition("/")[2]
    advert = house.queue("marketing")
    shown = show_opt_out(house.rt, token)
    assert shown is not None
    assert (shown.sender, shown.stopped) == ("Atelier Exemple", False)
    assert house.facts() == []
    house.clock.push(seconds=1)
    for _ in range(2):
        done = opt_out_by_link(house.rt, token)
        assert done is not None
        assert done.stopped
    assert house.facts() == ["stop"]
    assert house.message(advert).state == "cancelled"
    assert opt_out_by_link(house.rt, "nosuchone1") is None


def test_staff_see_each_line_and_what_follows(house: House) -> None:
    _record(house, OPT_IN)
    house.hears("Stop merci")
    standing = show_consent(house.rt, house.id, "06 11 00 10 01")
    assert standing.number == ZOE
    assert standing.decisions["marketing", "sms"] == (False, "stopped")
    assert standing.decisions["transactional", "sms"] == (True, "functional")
    assert [line.fact for line in standing.lines][-1] == "opt_in"
    assert {line.raw_text for line in standing.lines} == {"Stop merci", ""}
