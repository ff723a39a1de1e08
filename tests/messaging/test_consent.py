"""Consent: what a ledger allows, category by category."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.messaging.permission.categories import Category
from app.messaging.permission.consent import (
    PROSPECT_LIFE,
    RCS,
    RULES,
    SMS,
    Allowed,
    Denial,
    Denied,
    Entry,
    Fact,
    Ground,
    decide,
)
from app.messaging.permission.consent_proof import Basis, How, Proof, SaleFacts, basis_of, missing_proof

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SENDER = "36105"


def _ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def _ledger(*facts: Fact) -> list[Entry]:
    return [Entry(fact, _ago(len(facts) - index), SENDER) for index, fact in enumerate(facts)]


def _marketing(*facts: Fact, channel: str = SMS) -> Allowed | Denied:
    return decide(Category.MARKETING, _ledger(*facts), SENDER, channel, NOW)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((), Denial.NO_CONSENT),
        ((Fact.OPT_IN,), Ground.OPT_IN),
        ((Fact.SOFT_OPT_IN,), Ground.SOFT_OPT_IN),
        ((Fact.SOFT_OPT_IN, Fact.OPT_IN), Ground.OPT_IN),
        ((Fact.OPT_IN, Fact.SOFT_OPT_IN), Ground.OPT_IN),
        ((Fact.CONTACTED_US,), Denial.NO_CONSENT),
        ((Fact.OPT_IN, Fact.STOP), Denial.STOPPED),
        ((Fact.OPT_IN, Fact.STOP, Fact.UNSTOP), Ground.OPT_IN),
        ((Fact.SOFT_OPT_IN, Fact.STOP, Fact.UNSTOP), Ground.OPT_IN),
        ((Fact.UNSTOP,), Denial.NO_CONSENT),
        ((Fact.STOP, Fact.OPT_IN), Ground.OPT_IN),
        ((Fact.STOP, Fact.SOFT_OPT_IN), Denial.STOPPED),
        ((Fact.OPT_IN, Fact.DOUBTFUL_ANSWER), Denial.DOUBTFUL),
        ((Fact.OPT_IN, Fact.DOUBTFUL_ANSWER, Fact.ANSWER_SETTLED), Ground.OPT_IN),
        ((Fact.OPT_IN, Fact.OBJECTION_ALL), Denial.OBJECTION),
        ((Fact.OPT_IN, Fact.OBJECTION_ALL, Fact.UNSTOP), Denial.OBJECTION),
        ((Fact.OPT_IN, Fact.OBJECTION_ALL, Fact.OBJECTION_LIFTED), Ground.OPT_IN),
        ((Fact.OPT_IN, Fact.CARRIER_BLOCK), Denial.CARRIER_BLOCK),
    ],
)
def test_marketing(facts: tuple[Fact, ...], expected: Ground | Denial) -> None:
    if isinstance(expected, Ground):
        assert _marketing(*facts) == Allowed(expected)
    else:
        assert _marketing(*facts) == Denied(expected, RULES[expected])


@pytest.mark.parametrize("category", [Category.TRANSACTIONAL, Category.ALERT])
def test_a_stop_or_a_doubt_blocks_no_functional_message(category: Category) -> None:
    ledger = _ledger(Fact.STOP, Fact.DOUBTFUL_ANSWER)
    assert isinstance(decide(category, ledger, SENDER, SMS, NOW), Allowed)


@pytest.mark.parametrize("category", list(Category))
@pytest.mark.parametrize("fact", [Fact.OBJECTION_ALL, Fact.CARRIER_BLOCK])
def test_an_objection_to_everything_and_a_block_close_every_category(category: Category, fact: Fact) -> None:
    ledger = _ledger(Fact.OPT_IN, Fact.CONTACTED_US, fact)
    assert isinstance(decide(category, ledger, SENDER, RCS, NOW), Denied)


def test_a_conversation_is_opened_by_the_person() -> None:
    denied = decide(Category.CONVERSATIONAL, [], SENDER, SMS, NOW)
    assert denied == Denied(Denial.NO_CONVERSATION, RULES[Denial.NO_CONVERSATION])
    opened = decide(Category.CONVERSATIONAL, _ledger(Fact.CONTACTED_US), SENDER, SMS, NOW)
    assert opened == Allowed(Ground.CONVERSATION)


def test_a_stop_closes_both_channels_of_its_sender_only() -> None:
    ledger = [Entry(Fact.OPT_IN, _ago(2)), Entry(Fact.STOP, _ago(1), SENDER)]
    for channel in (SMS, RCS):
        assert isinstance(decide(Category.MARKETING, ledger, SENDER, channel, NOW), Denied)
        assert isinstance(decide(Category.MARKETING, ledger, "36111", channel, NOW), Allowed)


def test_a_tenant_may_narrow_a_stop_to_one_channel() -> None:
    ledger = [Entry(Fact.OPT_IN, _ago(2)), Entry(Fact.STOP, _ago(1), SENDER, frozenset({SMS}))]
    assert isinstance(decide(Category.MARKETING, ledger, SENDER, SMS, NOW), Denied)
    assert isinstance(decide(Category.MARKETING, ledger, SENDER, RCS, NOW), Allowed)


def test_a_consent_dies_three_years_after_the_last_contact() -> None:
    old = Entry(Fact.OPT_IN, NOW - PROSPECT_LIFE - timedelta(seconds=1), SENDER)
    expired = decide(Category.MARKETING, [old], SENDER, SMS, NOW)
    assert expired == Denied(Denial.CONSENT_EXPIRED, RULES[Denial.CONSENT_EXPIRED])
    seen = Entry(Fact.CONTACTED_US, _ago(30), SENDER)
    assert decide(Category.MARKETING, [old, seen], SENDER, SMS, NOW) == Allowed(Ground.OPT_IN)


def test_lines_count_by_their_date_not_their_place() -> None:
    lines = _ledger(Fact.OPT_IN, Fact.STOP, Fact.UNSTOP)
    for order in permutations(lines):
        assert decide(Category.MARKETING, order, SENDER, SMS, NOW) == Allowed(Ground.OPT_IN)


def test_what_has_not_happened_yet_does_not_count() -> None:
    ledger = [Entry(Fact.OPT_IN, NOW), Entry(Fact.STOP, NOW + timedelta(seconds=1))]
    assert isinstance(decide(Category.MARKETING, ledger, SENDER, SMS, NOW), Allowed)


def test_every_denial_names_its_record() -> None:
    assert set(RULES) == set(Denial)
    assert len(set(RULES.values())) == len(RULES)


LINES = st.builds(
    Entry,
    st.sampled_from(Fact),
    st.integers(0, 4).map(_ago),
    st.sampled_from([None, SENDER, "36111"]),
    st.sampled_from([frozenset({SMS, RCS}), frozenset({SMS}), frozenset({RCS})]),
)


@given(
    st.lists(LINES, max_size=8), st.randoms(use_true_random=False), st.sampled_from(Category), st.booleans()
)
@settings(deadline=None, max_examples=200)
def test_the_order_lines_are_stored_in_never_matters(
    ledger: list[Entry], random: Random, category: Category, commercial: bool
) -> None:
    shuffled = list(ledger)
    random.shuffle(shuffled)
    answers = {
        decide(category, lines, SENDER, SMS, NOW, commercial=commercial) for lines in (ledger, shuffled)
    }
    assert len(answers) == 1


@given(st.lists(LINES, max_size=8))
@settings(deadline=None, max_examples=100)
def test_a_stop_said_last_always_closes_marketing(ledger: list[Entry]) -> None:
    closed = [*ledger, Entry(Fact.STOP, NOW)]
    for commercial in (True, False):
        assert isinstance(decide(Category.MARKETING, closed, SENDER, SMS, NOW, commercial=commercial), Denied)
    before = decide(Category.TRANSACTIONAL, ledger, SENDER, SMS, NOW)
    assert decide(Category.TRANSACTIONAL, closed, SENDER, SMS, NOW) == before


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((), Ground.NON_COMMERCIAL),
        ((Fact.OPT_IN,), Ground.NON_COMMERCIAL),
        ((Fact.STOP,), Denial.STOPPED),
        ((Fact.OBJECTION_ALL,), Denial.OBJECTION),
        ((Fact.DOUBTFUL_ANSWER,), Denial.DOUBTFUL),
        ((Fact.STOP, Fact.UNSTOP), Ground.NON_COMMERCIAL),
    ],
)
def test_information_that_sells_nothing_needs_no_opt_in_and_never_passes_an_objection(
    facts: tuple[Fact, ...], expected: Ground | Denial
) -> None:
    answer = decide(Category.MARKETING, _ledger(*facts), SENDER, SMS, NOW, commercial=False)
    assert (answer.ground if isinstance(answer, Allowed) else answer.reason) is expected


WHOLE_SALE = SaleFacts(True, True, True, True, True, True)
FORM = Proof(purpose="offers", form_version="3", text_shown="I agree", action_trace="box ticked")


def test_an_opt_in_needs_what_was_read_and_done() -> None:
    assert missing_proof(Fact.OPT_IN, How.FORM, FORM) == []
    assert missing_proof(Fact.OPT_IN, How.FORM, Proof()) == [
        "purpose",
        "text_shown",
        "action_trace",
        "form_version",
    ]
    assert missing_proof(Fact.OPT_IN, How.STAFF, replace(FORM, form_version="")) == []
    assert missing_proof(Fact.UNSTOP, How.REPLY, Proof()) == []


@pytest.mark.parametrize("field", [each.name for each in fields(SaleFacts)])
def test_a_soft_opt_in_needs_all_its_conditions_together(field: str) -> None:
    proof = Proof(sale_reference="F-2026-118", sale=WHOLE_SALE)
    assert missing_proof(Fact.SOFT_OPT_IN, How.STAFF, proof) == []
    short = replace(proof, sale=replace(WHOLE_SALE, **{field: False}))
    assert missing_proof(Fact.SOFT_OPT_IN, How.STAFF, short) == [field]
    assert missing_proof(Fact.SOFT_OPT_IN, How.STAFF, replace(proof, sale_reference=" ")) == [
        "sale_reference"
    ]


@pytest.mark.parametrize("fact", [Fact.STOP, Fact.OBJECTION_ALL, Fact.CARRIER_BLOCK])
def test_a_refusal_proves_nothing(fact: Fact) -> None:
    assert missing_proof(fact, How.STAFF, Proof()) == []


def test_every_line_has_a_ground() -> None:
    assert basis_of(Fact.SOFT_OPT_IN) is Basis.SOFT_OPT_IN
    assert basis_of(Fact.UNSTOP) is Basis.CONSENT
    assert basis_of(Fact.STOP) is Basis.OBJECTION
    assert all(basis_of(fact) in Basis for fact in Fact)
