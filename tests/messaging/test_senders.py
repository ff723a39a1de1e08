"""Senders: addresses as people write them, what each kind may carry and where, and which one a message leaves from."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.messaging.numbers.numbering import TERRITORIES
from app.messaging.permission.categories import Category
from app.messaging.permission.category_rules import CATEGORY_RULES, category_rule
from app.messaging.sending.senders import (
    PROFILES,
    SILENT,
    STEPS,
    Kind,
    Reach,
    Refusal,
    State,
    address_problem,
    carries,
    choose,
    is_address,
    is_last,
    is_reported,
    objection,
    plan,
    reach,
    read_address,
    steps,
)


@dataclass(frozen=True)
class One:
    """A sender."""

    kind: str
    state: str = State.APPROVED
    address: str = ""


SENDERS = st.builds(One, st.sampled_from(list(Kind)), st.sampled_from(list(State)), st.text(max_size=3))
TERRITORY = st.sampled_from([*TERRITORIES, "DE", "US", "CA"])


@settings(max_examples=200, deadline=None)
@given(st.lists(SENDERS, max_size=6), st.sampled_from(list(Category)), TERRITORY)
def test_the_sender_that_is_chosen_may_carry_the_message_and_else_none_may(
    known: list[One], category: Category, territory: str
) -> None:
    rule = category_rule(category)
    chosen = choose(known, "sms", rule, territory)
    able = [
        one
        for one in known
        if PROFILES[Kind(one.kind)].channel == "sms" and objection(one, rule, territory) is None
    ]
    if isinstance(chosen, Refusal):
        assert able == []
    else:
        assert chosen in able


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(Kind)), st.text(max_size=45))
def test_an_address_is_right_or_has_a_problem_and_reading_it_again_changes_nothing(
    kind: Kind, typed: str
) -> None:
    address = read_address(kind, typed)
    assert is_address(kind, address) is (address_problem(kind, address) == "")
    assert read_address(kind, address) == address


@pytest.mark.parametrize(
    ("kind", "typed", "address"),
    [
        (Kind.LONG_CODE_06, "06 12 34 56 78", "+33612345678"),
        (Kind.LONG_CODE_06, "+33 7.12.34.56.78", "+33712345678"),
        (Kind.LONG_CODE_06, "0033612345678", "+33612345678"),
        (Kind.LONG_CODE_09, "33-937-12-34-56", "+33937123456"),
        (Kind.SHORT_CODE_36, "36 105", "36105"),
        (Kind.NAME, " EPI ", "EPI"),
        (Kind.RCS_AGENT, "  Maison   Épi ", "Maison Épi"),
    ],
)
def test_what_people_type_becomes_an_address(kind: Kind, typed: str, address: str) -> None:
    assert read_address(kind, typed) == address
    assert is_address(kind, address)


def test_only_mobile_numbers_get_no_report() -> None:
    assert frozenset({Kind.LONG_CODE_06}) == SILENT
    assert not is_reported("+33612345678")
    assert all(is_reported(address) for address in ("36105", "38012", "+33937123456", "EPI", "0612345678"))


def test_where_each_kind_is_carried() -> None:
    assert {kind: reach(profile) for kind, profile in PROFILES.items()} == {
        Kind.SHORT_CODE_36: Reach.MAINLAND,
        Kind.SHORT_CODE_38: Reach.MAINLAND,
        Kind.LONG_CODE_06: Reach.EVERYWHERE,
        Kind.LONG_CODE_09: Reach.FRANCE,
        Kind.NAME: Reach.ALMOST_EVERYWHERE,
        Kind.RCS_AGENT: Reach.EVERYWHERE,
    }
    assert objection(One(Kind.SHORT_CODE_36), CATEGORY_RULES[0], "RE") is Refusal.NOT_FOR_COUNTRY
    assert objection(One(Kind.NAME), CATEGORY_RULES[0], "US") is Refusal.NOT_FOR_COUNTRY


def test_what_each_kind_may_carry_is_what_the_rules_say() -> None:
    assert set(carries(Kind.SHORT_CODE_38, CATEGORY_RULES)) == {
        Category.ALERT,
        Category.CONVERSATIONAL,
        Category.TRANSACTIONAL,
    }
    for kind in Kind:
        for rule in CATEGORY_RULES:
            refusal = objection(One(kind), rule, "FR")
            assert (rule.category in carries(kind, CATEGORY_RULES)) is (refusal is None)


def test_a_kind_that_is_off_can_only_be_closed() -> None:
    for state in State:
        assert steps(state, off=False) == STEPS[state]
        assert steps(state, off=True) <= {State.REFUSED, State.DISABLED}


def test_the_last_of_a_channel_is_the_only_approved_one() -> None:
    name, code, agent = One(Kind.NAME), One(Kind.SHORT_CODE_38, State.WAITING), One(Kind.RCS_AGENT)
    assert is_last(name, [name, code, agent])
    assert not is_last(code, [name, code, agent])
    assert not is_last(name, [name, One(Kind.SHORT_CODE_36), agent])
    assert is_last(agent, [name, code, agent])


def test_a_plan_keeps_to_channels_that_have_a_sender() -> None:
    name, agent = One(Kind.NAME), One(Kind.RCS_AGENT)
    both = ["rcs", "sms"]
    assert plan(both, [name, agent]) == both
    assert plan(both, [name, One(Kind.RCS_AGENT, State.DISABLED)]) == ["sms"]
    assert plan(["sms"], [One(Kind.NAME, State.DISABLED), agent]) == ["sms"]
    assert plan(both, [name]) == ["sms"]


def test_the_reason_told_is_the_nearest_to_success() -> None:
    rule = category_rule(Category.MARKETING)
    assert choose([], "sms", rule, "FR") is Refusal.NO_SENDER
    known = [One(Kind.SHORT_CODE_36, State.ASKED)]
    assert choose(known, "sms", rule, "FR") is Refusal.NOT_APPROVED
    known.append(One(Kind.SHORT_CODE_38))
    assert choose(known, "sms", rule, "FR") is Refusal.NOT_FOR_CATEGORY
    known.append(One(Kind.SHORT_CODE_36))
    assert choose(known, "sms", rule, "RE") is Refusal.NOT_FOR_COUNTRY
