"""Rules as rows: what an organisation changed or added, laid over what Pli ships."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import pytest

from app.core.errors import InvalidInput
from app.messaging.numbers.place import Place
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.category_rules import (
    CATEGORY_RULES,
    KIND_RULES,
    category_rule,
    default_category,
)
from app.messaging.permission.optout import compile_lexicon, read_answer
from app.messaging.permission.optout_words import KEYWORDS, Intent
from app.messaging.rule_rows import (
    RuleKind,
    RuleRow,
    category_rules,
    check,
    days_off,
    keywords,
    kind_rules,
    window_rules,
    window_value,
)
from app.messaging.timing.holidays import HOLIDAYS, holidays
from app.messaging.timing.window_rules import AF2M_2026, HOUSE_MARKETING, WINDOW_RULES
from app.messaging.timing.windows import next_open

TODAY = date(2026, 11, 25)
WINDOW: Mapping[str, Any] = window_value(HOUSE_MARKETING)
WORD: Mapping[str, Any] = {
    "words": "basta",
    "intent": "opt_out",
    "languages": ["fr"],
    "meaning": "enough",
    "in_sentence": "nothing",
}
CATEGORY: Mapping[str, Any] = {
    "category": "transactional",
    "consent": "none",
    "window": "marketing",
    "sender_kinds": ["short_code_38"],
    "mentions": ["sender"],
    "rank": 3,
}
KIND: Mapping[str, Any] = {"kind": "reminder", "category": "marketing", "rank": None, "commercial": True}
HOLIDAY: Mapping[str, Any] = {
    "territory": "FR",
    "name": "Braderie",
    "month": 9,
    "day": 5,
    "from_easter": None,
}


def _row(kind: RuleKind, id_: str, value: Mapping[str, Any], **more: Any) -> RuleRow:
    return RuleRow(kind, id_, value, "the organisation", **more)


def test_without_rows_the_shipped_rules_hold() -> None:
    assert window_rules([]) == WINDOW_RULES
    assert category_rules([]) == CATEGORY_RULES
    assert kind_rules([]) == KIND_RULES
    assert days_off([]) == HOLIDAYS
    assert keywords([], TODAY) == KEYWORDS


def test_a_row_takes_the_place_of_the_rule_it_names() -> None:
    late = _row(RuleKind.WINDOW, "house-marketing", {**WINDOW, "opens": "11:00"})
    rules = window_rules([late])
    assert [rule.id for rule in rules] == [rule.id for rule in WINDOW_RULES]
    assert rules[0].opens == time(11)
    at = datetime.fromisoformat("2026-11-25T10:30:00+01:00")
    decision = next_open(Category.MARKETING, at, Place("FR", "Europe/Paris"), rules)
    assert (decision.allowed, decision.rule) == (False, "house-marketing")


def test_a_row_with_its_own_id_narrows_further_on_its_days() -> None:
    shop = _row(RuleKind.WINDOW, "shop-closed", {**WINDOW, "days": [1]}, valid_from=date(2026, 12, 1))
    rules = window_rules([shop])
    place = Place("FR", "Europe/Paris")
    for day, allowed in (("2026-11-25", True), ("2026-12-02", False), ("2026-12-08", True)):
        at = datetime.fromisoformat(f"{day}T12:00:00+01:00")
        assert next_open(Category.MARKETING, at, place, rules).allowed is allowed


def test_switching_a_rule_off_leaves_the_charter() -> None:
    off = _row(RuleKind.WINDOW, "house-marketing", WINDOW, enabled=False)
    sunday = datetime.fromisoformat("2026-11-29T12:00:00+01:00")
    decision = next_open(Category.MARKETING, sunday, Place("FR", "Europe/Paris"), window_rules([off]))
    assert (decision.allowed, decision.rule) == (True, AF2M_2026.id)


def test_a_shipped_window_survives_being_stored() -> None:
    for rule in WINDOW_RULES:
        row = RuleRow(
            RuleKind.WINDOW,
            rule.id,
            window_value(rule),
            rule.source,
            rule.certainty,
            rule.note,
            rule.valid_from,
            rule.valid_to,
        )
        check(row)
        assert window_rules([row]) == WINDOW_RULES


def test_categories_and_kinds_are_rules_too() -> None:
    rows = [
        _row(RuleKind.CATEGORY, "category-transactional", CATEGORY),
        _row(RuleKind.KIND, "kind-reminder", KIND, valid_from=date(2027, 1, 1)),
    ]
    assert category_rule(Category.TRANSACTIONAL, TODAY, category_rules(rows)).window is Category.MARKETING
    assert default_category(Kind.REMINDER, date(2027, 1, 1), kind_rules(rows)) is Category.MARKETING
    assert default_category(Kind.REMINDER, TODAY, kind_rules(rows)) is Category.TRANSACTIONAL


def test_a_holiday_of_ones_own() -> None:
    rows = [_row(RuleKind.HOLIDAY, "braderie", HOLIDAY)]
    assert date(2026, 9, 5) in holidays("FR", 2026, days_off(rows))
    assert date(2026, 9, 5) not in holidays("RE", 2026, days_off(rows))


def test_words_are_added_and_switched_off() -> None:
    rows = [
        _row(RuleKind.KEYWORD, "word-basta", WORD),
        _row(RuleKind.KEYWORD, "word-end", {**WORD, "words": "end"}, enabled=False),
        _row(RuleKind.KEYWORD, "word-assez", {**WORD, "words": "assez"}, valid_from=date(2027, 1, 1)),
    ]
    lexicon = compile_lexicon(keywords=keywords(rows, TODAY))
    assert read_answer("Basta !", lexicon) is Intent.OPT_OUT
    assert read_answer("basta") is None
    assert read_answer("END", lexicon) is None
    assert read_answer("assez", lexicon) is None
    later = compile_lexicon(keywords=keywords(rows, date(2027, 1, 1)))
    assert read_answer("assez", later) is Intent.OPT_OUT
    assert read_answer("STOP", lexicon) is Intent.OPT_OUT


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (RuleKind.WINDOW, {**WINDOW, "opens": "25:00"}),
        (RuleKind.WINDOW, {**WINDOW, "opens": None}),
        (RuleKind.WINDOW, {**WINDOW, "opens": "21:00"}),
        (RuleKind.WINDOW, {**WINDOW, "opens": 10}),
        (RuleKind.WINDOW, {**WINDOW, "opens": "09:00+05:00", "closes": "18:00+05:00"}),
        (RuleKind.WINDOW, {**WINDOW, "closes": "18:00Z"}),
        (RuleKind.WINDOW, {**WINDOW, "closes": "18:00:30"}),
        (RuleKind.WINDOW, {**WINDOW, "days": [7]}),
        (RuleKind.WINDOW, {**WINDOW, "days": None}),
        (RuleKind.WINDOW, {**WINDOW, "categories": ["all"]}),
        (RuleKind.WINDOW, {**WINDOW, "categories": []}),
        (RuleKind.WINDOW, {**WINDOW, "name": " "}),
        (RuleKind.WINDOW, {**WINDOW, "open_on_holidays": "no"}),
        (RuleKind.WINDOW, {"name": "x"}),
        (RuleKind.CATEGORY, {**CATEGORY, "consent": "maybe"}),
        (RuleKind.CATEGORY, {**CATEGORY, "rank": -1}),
        (RuleKind.CATEGORY, {**CATEGORY, "rank": True}),
        (RuleKind.CATEGORY, {**CATEGORY, "mentions": ["logo"]}),
        (RuleKind.KIND, {**KIND, "kind": "joke"}),
        (RuleKind.KIND, {**KIND, "commercial": None}),
        (RuleKind.HOLIDAY, {**HOLIDAY, "month": 2, "day": 29}),
        (RuleKind.HOLIDAY, {**HOLIDAY, "territory": "US"}),
        (RuleKind.HOLIDAY, {**HOLIDAY, "from_easter": 400}),
        (RuleKind.KEYWORD, {**WORD, "words": "BASTA"}),
        (RuleKind.KEYWORD, {**WORD, "words": ""}),
        (RuleKind.KEYWORD, {**WORD, "words": None}),
        (RuleKind.KEYWORD, {**WORD, "languages": ["de"]}),
        (RuleKind.KEYWORD, {**WORD, "intent": "shout"}),
    ],
)
def test_a_value_that_cannot_be_read_is_refused(kind: RuleKind, value: Mapping[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(_row(kind, "ours", value))
    assert refused.value.code == "rule_value"


def test_a_rule_ends_after_it_begins() -> None:
    with pytest.raises(InvalidInput) as refused:
        check(_row(RuleKind.KIND, "ours", KIND, valid_from=TODAY, valid_to=TODAY))
    assert refused.value.code == "rule_dates"
