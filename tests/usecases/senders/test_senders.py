"""Senders of an organisation: asked for, moved, switched, by whom that may be done, and what is written down of it."""

from dataclasses import replace
from uuid import UUID

import pytest

from app.core.accounts import OPERATOR, ROLES, Actor
from app.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.db.models import Pace, Sender
from app.db.queries import journal, organisations
from app.db.sending import pace
from app.messaging.permission.categories import Category
from app.messaging.rule_rows import RuleKind, RuleRow
from app.messaging.sending.senders import STEPS, Kind, Reach, State
from app.messaging.timing import throttle
from app.usecases.operations.verify_journal import verify_journal
from app.usecases.organisations.create_organisation import NewOrganisation, create_organisation
from app.usecases.rules.save_rule import save_rule
from app.usecases.senders.ask_sender import ask_sender
from app.usecases.senders.move_sender import move_sender
from app.usecases.senders.show_senders import SenderShown, Switch, show_sender, show_senders
from app.usecases.senders.switch_kind import switch_kind
from tests.queue import queue, rows
from tests.usecases.house import House

OWNER, ADMIN, CLERK = (Actor(f"the {role}", ROLES[role]) for role in ("owner", "admin", "clerk"))
MOBILE = "+33612345678"


def ask(house: House, kind: Kind, address: str, actor: Actor = ADMIN) -> UUID:
    return ask_sender(house.rt, house.id, kind, address, actor)


def move(
    house: House, sender_id: UUID, *states: State, actor: Actor = ADMIN, confirmed: bool = False
) -> None:
    for state in states:
        house.clock.push(seconds=1)
        move_sender(house.rt, house.id, sender_id, state, actor, confirmed=confirmed)


def switch(house: House, *, on: bool, actor: Actor = OWNER, confirmed: bool = True) -> None:
    switch_kind(house.rt, house.id, Kind.LONG_CODE_06, actor, on=on, confirmed=confirmed)


def shown(house: House, sender_id: UUID) -> SenderShown:
    return show_sender(house.rt, house.id, sender_id)[0]


def own(house: House, kind: Kind) -> SenderShown:
    """The sender of this kind every organisation begins with."""
    return next(one for one in show_senders(house.rt, house.id).senders if one.kind.profile.kind is kind)


def row(house: House, sender_id: UUID) -> Sender:
    with house.rt.read() as session:
        found = organisations.sender(session, sender_id)
    assert found is not None
    return found


def code_of(error: pytest.ExceptionInfo[InvalidInput] | pytest.ExceptionInfo[Conflict]) -> str:
    return error.value.code


def test_a_sender_is_asked_for_and_may_not_be_used_yet(house: House) -> None:
    sender_id = ask(house, Kind.SHORT_CODE_38, " 38 012 ")
    found = shown(house, sender_id)
    assert (found.address, found.state, found.rate, found.since) == ("38012", "asked", 100.0, house.clock())
    assert found.kind.reach is Reach.MAINLAND
    assert found.kind.categories == (Category.TRANSACTIONAL, Category.CONVERSATIONAL, Category.ALERT)
    assert set(found.steps) == STEPS[State.ASKED]
    assert row(house, sender_id).carrier == "simulator"


def test_it_leaves_by_the_connection_of_the_others(house: House) -> None:
    with house.rt.begin() as session:
        for sender in organisations.every_sender(session, house.id):
            sender.carrier = "operator" if sender.kind == "name" else "rcs"
            session.add(sender)
    assert row(house, ask(house, Kind.SHORT_CODE_36, "36105")).carrier == "operator"
    assert row(house, ask(house, Kind.RCS_AGENT, "Autre enseigne")).carrier == "rcs"


def test_each_step_is_written_down_with_who_and_when(house: House) -> None:
    sender_id = ask(house, Kind.SHORT_CODE_36, "36105")
    asked_at = house.clock()
    move(house, sender_id, State.WAITING)
    move(house, sender_id, State.APPROVED, actor=OPERATOR)
    found, history = show_sender(house.rt, house.id, sender_id)
    assert (found.state, found.since) == ("approved", house.clock())
    assert [(step.before, step.after, step.who) for step in history] == [
        ("", "asked", "the admin"),
        ("asked", "waiting", "the admin"),
        ("waiting", "approved", "operator"),
    ]
    assert history[0].at == asked_at
    assert verify_journal(house.rt, house.id).sound


@pytest.mark.parametrize(
    ("kind", "typed", "problem"),
    [
        (Kind.NAME, "Boulangerie Épi", "address_name_long"),
        (Kind.NAME, "ÉPI", "address_name"),
        (Kind.NAME, "12345", "address_name_digits"),
        (Kind.NAME, "", "address_name"),
        (Kind.SHORT_CODE_36, "38012", "address_short_code_36"),
        (Kind.SHORT_CODE_38, "3801", "address_short_code_38"),
        (Kind.LONG_CODE_09, "06 12 34 56 78", "address_long_code_09"),
        (Kind.RCS_AGENT, " ", "address_rcs_agent"),
    ],
)
def test_what_no_network_takes_is_refused_with_its_reason(
    house: House, kind: Kind, typed: str, problem: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        ask(house, kind, typed)
    assert code_of(refusal) == problem


@pytest.mark.parametrize("typed", ["09 37 12 34 56", "+33937123456", "0033 9.37.12.34.56", "33937123456"])
def test_a_number_is_read_as_people_write_it(house: House, typed: str) -> None:
    assert shown(house, ask(house, Kind.LONG_CODE_09, typed)).address == "+33937123456"


def test_a_kind_that_is_none_is_refused(house: House) -> None:
    with pytest.raises(InvalidInput) as refusal:
        ask_sender(house.rt, house.id, "pigeon", "x", ADMIN)
    assert code_of(refusal) == "sender_kind_unknown"


def test_one_address_is_asked_for_once(house: House) -> None:
    ask(house, Kind.NAME, "EpiPaie")
    with pytest.raises(Conflict) as refusal:
        ask(house, Kind.NAME, "EPIPAIE")
    assert code_of(refusal) == "sender_exists"


def test_only_the_steps_of_the_rules_are_taken(house: House) -> None:
    sender_id = ask(house, Kind.SHORT_CODE_36, "36105")
    move(house, sender_id, State.REFUSED)
    with pytest.raises(Conflict) as refusal:
        move(house, sender_id, State.APPROVED)
    assert code_of(refusal) == "sender_step"
    with pytest.raises(InvalidInput):
        move_sender(house.rt, house.id, sender_id, "famous", ADMIN)
    assert shown(house, sender_id).state == "refused"
    assert len(show_sender(house.rt, house.id, sender_id)[1]) == 2


def test_who_may_not_configure_changes_nothing_whatever_the_page_shows(house: House) -> None:
    name = own(house, Kind.NAME)
    with pytest.raises(Forbidden):
        ask(house, Kind.SHORT_CODE_36, "36105", CLERK)
    with pytest.raises(Forbidden):
        move(house, name.id, State.DISABLED, actor=CLERK, confirmed=True)
    assert [one.state for one in show_senders(house.rt, house.id).senders] == ["approved", "approved"]


def test_the_last_sender_of_a_channel_leaves_after_a_warning_only(house: House) -> None:
    name = own(house, Kind.NAME)
    assert name.last
    with pytest.raises(Conflict) as warning:
        move(house, name.id, State.DISABLED)
    assert code_of(warning) == "sender_last"
    assert own(house, Kind.NAME).state == "approved"
    second = ask(house, Kind.SHORT_CODE_38, "38012")
    move(house, second, State.APPROVED)
    assert not own(house, Kind.NAME).last
    move(house, name.id, State.DISABLED)
    assert shown(house, second).last
    move(house, second, State.DISABLED, confirmed=True)
    assert show_senders(house.rt, house.id).closed == ("sms",)


def test_a_mobile_number_is_off_until_the_owner_turns_it_on(house: House) -> None:
    for actor in (ADMIN, OPERATOR, CLERK):
        with pytest.raises(Forbidden):
            switch(house, on=True, actor=actor)
    with pytest.raises(InvalidInput) as unread:
        switch(house, on=True, confirmed=False)
    assert code_of(unread) == "confirm_missing"
    with pytest.raises(Conflict) as off:
        ask(house, Kind.LONG_CODE_06, MOBILE, OWNER)
    assert code_of(off) == "sender_kind_off"
    switch(house, on=True)
    turned_on = house.clock()
    house.clock.push(seconds=1)
    switch(house, on=True)
    sender_id = ask(house, Kind.LONG_CODE_06, "06 12 34 56 78")
    move(house, sender_id, State.APPROVED)
    found = shown(house, sender_id)
    assert (found.address, found.state, found.rate) == (MOBILE, "approved", 10.0)
    assert show_senders(house.rt, house.id).switches == {
        "long_code_06": Switch(turned_on, "the owner", on=True)
    }


def test_turned_off_again_its_numbers_are_disabled_and_stay_so(house: House) -> None:
    switch(house, on=True)
    used, refused = ask(house, Kind.LONG_CODE_06, MOBILE), ask(house, Kind.LONG_CODE_06, "0712345678")
    move(house, used, State.APPROVED)
    move(house, refused, State.REFUSED)
    switch(house, on=False)
    assert (shown(house, used).state, shown(house, refused).state) == ("disabled", "disabled")
    assert show_sender(house.rt, house.id, used)[1][-1].who == "the owner"
    for state in (State.APPROVED, State.ASKED):
        with pytest.raises(Conflict) as off:
            move(house, used, state)
        assert code_of(off) == "sender_kind_off"
    assert shown(house, used).steps == ()


def test_turning_it_off_warns_when_nothing_else_could_send(house: House) -> None:
    switch(house, on=True)
    sender_id = ask(house, Kind.LONG_CODE_06, MOBILE)
    move(house, sender_id, State.APPROVED)
    move(house, own(house, Kind.NAME).id, State.DISABLED)
    with pytest.raises(Conflict) as warning:
        switch(house, on=False, confirmed=False)
    assert code_of(warning) == "sender_last"
    assert shown(house, sender_id).state == "approved"
    assert not shown(house, sender_id).kind.off
    switch(house, on=False)
    assert shown(house, sender_id).state == "disabled"


def test_only_a_kind_that_rules_keep_off_can_be_switched(house: House) -> None:
    for kind in (Kind.NAME, "pigeon"):
        with pytest.raises(InvalidInput) as refusal:
            switch_kind(house.rt, house.id, kind, OWNER, on=False, confirmed=True)
        assert code_of(refusal) == "sender_kind_unknown"


def test_an_organisation_sees_and_moves_its_own_senders_only(house: House) -> None:
    stranger = create_organisation(house.rt, NewOrganisation("Autre Maison", "AUTRE", "x@exemple.test"))
    sender_id = ask(house, Kind.LONG_CODE_09, "0937123456")
    theirs = replace(house, pipeline=replace(house.pipeline, organisation=stranger))
    assert sender_id not in {one.id for one in show_senders(theirs.rt, theirs.id).senders}
    with pytest.raises(NotFound):
        show_sender(theirs.rt, theirs.id, sender_id)
    with pytest.raises(NotFound):
        move(theirs, sender_id, State.APPROVED)
    switch(theirs, on=True)
    with pytest.raises(Conflict):
        ask(house, Kind.LONG_CODE_06, MOBILE)
    with pytest.raises(Conflict) as taken:
        ask(theirs, Kind.LONG_CODE_09, "+33937123456")
    assert code_of(taken) == "sender_taken"
    move(house, sender_id, State.REFUSED)
    assert ask(theirs, Kind.LONG_CODE_09, "+33937123456")
    assert ask(house, Kind.SHORT_CODE_36, "36105")
    assert ask(theirs, Kind.SHORT_CODE_36, "36105")  # codes are shared by their operators


def test_what_a_sender_may_carry_follows_the_rules_of_the_organisation(house: House) -> None:
    assert Category.MARKETING in own(house, Kind.NAME).kind.categories
    value = {
        "category": "marketing",
        "consent": "opt_in",
        "window": "marketing",
        "sender_kinds": ["short_code_36"],
        "mentions": ["sender", "way_out"],
        "rank": 4,
    }
    save_rule(house.rt, house.id, RuleRow(RuleKind.CATEGORY, "category-marketing", value, "ours"), "owner")
    assert Category.MARKETING not in own(house, Kind.NAME).kind.categories


def test_messages_and_segments_of_the_last_second_are_told(house: House) -> None:
    name = own(house, Kind.NAME)
    assert (name.messages, name.segments, name.waits) == (0, 0, False)
    queue(house.rt, rows(house.rt, row(house, name.id), ["a"]))
    assert own(house, Kind.NAME).waits
    with house.rt.begin() as session:
        now, _ = pace.read_clocks(session, house.rt.timepiece)
        log = throttle.Pace(100.0)
        for at in range(620):
            log.take(now - 1 + at / 20, 2)  # twenty messages of two segments a second, for half a minute
        session.add(Pace(owner_id=name.id, log=log.write()))
    after = own(house, Kind.NAME)
    assert 19 <= after.messages <= 21
    assert after.segments == 2 * after.messages
    assert own(house, Kind.RCS_AGENT).segments == 0


def test_the_journal_holds_no_address(house: House) -> None:
    sender_id = ask(house, Kind.LONG_CODE_09, "0937123456")
    with house.rt.read() as session:
        (event,) = journal.about(session, house.rt.vault, house.id, [sender_id])
    assert "37123456" not in str(event.body)
