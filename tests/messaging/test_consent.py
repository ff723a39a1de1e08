"""Consent: what a ledger allows, category by category."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from app.messaging.categories import Category
from app.messaging.consent import (
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
