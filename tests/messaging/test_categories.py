"""What each category asks for, who goes first, and what a rule may change."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.category_rules import (
    CATEGORY_RULES,
    KIND_RULES,
    ConsentNeed,
    Mention,
    category_rule,
    default_category,
    is_commercial,
    priority,
)


def test_urgent_messages_leave_first() -> None:
    ranks = [
        priority(Category.ALERT),
        priority(Category.TRANSACTIONAL, Kind.ACCESS_CODE),
        priority(Category.CONVERSATIONAL),
        priority(Category.TRANSACTIONAL),
        priority(Category.MARKETING),
    ]
    assert ranks == sorted(set(ranks))


def test_an_alert_that_carries_a_code_stays_an_alert() -> None:
    assert priority(Category.ALERT, Kind.ACCESS_CODE) == priority(Category.ALERT)


@pytest.mark.parametrize("kind", list(Kind))
def test_marketing_stays_last_whatever_it_calls_itself(kind: Kind) -> None:
    assert priority(Category.MARKETING, kind) == max(priority(one) for one in Category)


@pytest.mark.parametrize(("category", "kind"), [*product(Category, Kind)])
def test_a_kind_never_sends_a_message_back(category: Category, kind: Kind) -> None:
    assert priority(category, kind) <= priority(category)


def test_an_alert_keeps_no_hours_and_only_marketing_needs_mentions() -> None:
    for category in Category:
        rule = category_rule(category)
        marketing = category is Category.MARKETING
        assert rule.window is (None if category is Category.ALERT else category)
        assert bool(rule.mentions) is marketing
    assert category_rule(Category.MARKETING).mentions == {Mention.SENDER, Mention.WAY_OUT}
    assert category_rule(Category.MARKETING).consent is ConsentNeed.OPT_IN


def test_marketing_does_not_go_by_a_transactional_code() -> None:
    assert "short_code_38" not in category_rule(Category.MARKETING).sender_kinds
    assert "short_code_38" in category_rule(Category.TRANSACTIONAL).sender_kinds


def test_nobody_talks_with_a_name() -> None:
    assert "name" not in category_rule(Category.CONVERSATIONAL).sender_kinds


def test_a_reminder_starts_as_transactional_and_a_basket_as_marketing() -> None:
    assert default_category(Kind.REMINDER) is Category.TRANSACTIONAL
    assert default_category(Kind.ABANDONED_BASKET) is Category.MARKETING


def test_a_rule_changes_the_category_of_reminders_from_its_day_on() -> None:
    built_in = next(rule for rule in KIND_RULES if rule.kind is Kind.REMINDER)
    changed = replace(
        built_in, id="ours", category=Category.MARKETING, valid_from=date(2027, 1, 1), enabled=True
    )
    rules = (*KIND_RULES, changed)
    assert default_category(Kind.REMINDER, date(2026, 12, 31), rules) is Category.TRANSACTIONAL
    assert default_category(Kind.REMINDER, date(2027, 1, 1), rules) is Category.MARKETING


def test_a_category_rule_holds_on_its_days_only() -> None:
    built_in = category_rule(Category.MARKETING)
    loose = replace(built_in, id="loose", mentions=frozenset(), valid_from=date(2027, 1, 1))
    rules = (*CATEGORY_RULES, loose)
    assert category_rule(Category.MARKETING, date(2026, 12, 31), rules) is built_in
    assert category_rule(Category.MARKETING, date(2027, 1, 1), rules) is loose


def test_switching_every_rule_off_opens_nothing() -> None:
    off = [replace(rule, enabled=False) for rule in CATEGORY_RULES]
    assert category_rule(Category.MARKETING, date(2027, 1, 1), off).consent is ConsentNeed.OPT_IN
    no_kinds = [replace(rule, enabled=False) for rule in KIND_RULES]
    assert default_category(Kind.ABANDONED_BASKET, date(2027, 1, 1), no_kinds) is Category.MARKETING


def test_only_information_sells_nothing() -> None:
    assert [kind for kind in Kind if not is_commercial(kind)] == [Kind.INFORMATION]
    assert default_category(Kind.INFORMATION) is Category.MARKETING
