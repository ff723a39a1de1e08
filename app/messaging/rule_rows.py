"""Dated rules as rows: what an organisation changed or added, laid over the rules Pli ships.

A row with the id of a shipped rule takes its place, whole; a row with another id stands beside them. The shipped rules
stay in the program, so that a new charter reaches an organisation that never edited the old one. A value that cannot
be read is refused when it is written, and never skipped when it is read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from enum import StrEnum
from typing import Any, TypeVar

from app.core.errors import InvalidInput
from app.messaging.numbers.numbering import TERRITORIES
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.category_rules import (
    CATEGORY_RULES,
    KIND_RULES,
    CategoryRule,
    ConsentNeed,
    KindRule,
    Mention,
)
from app.messaging.permission.optout import fold
from app.messaging.permission.optout_words import BOTH, KEYWORDS, InSentence, Intent, Keyword
from app.messaging.records import Certainty, Rule
from app.messaging.timing.holidays import HOLIDAYS, Holiday
from app.messaging.timing.window_rules import WINDOW_RULES, WindowRule

R = TypeVar("R", bound=Rule)


class RuleKind(StrEnum):
    """What a row is about."""

    WINDOW = "window"
    CATEGORY = "category"
    KIND = "kind"
    HOLIDAY = "holiday"
    KEYWORD = "keyword"


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One row as it is stored. `value` is plain JSON; the rest is what every rule has (`records.Rule`)."""

    kind: RuleKind
    id: str
    value: Mapping[str, Any]
    source: str
    certainty: Certainty = Certainty.HOUSE
    note: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    enabled: bool = True


def check(row: RuleRow) -> None:
    """Raise InvalidInput("rule_value") when a row could not be used."""
    if row.valid_from and row.valid_to and row.valid_to <= row.valid_from:
        raise InvalidInput("rule_dates", "A rule must end after the day it begins.")
    _READERS[row.kind](row)


def window_rules(rows: Iterable[RuleRow]) -> tuple[WindowRule, ...]:
    """Every window rule that binds an organisation."""
    return _over(WINDOW_RULES, [_window(row) for row in rows if row.kind is RuleKind.WINDOW])


def category_rules(rows: Iterable[RuleRow]) -> tuple[CategoryRule, ...]:
    """What each category asks for in an organisation."""
    return _over(CATEGORY_RULES, [_category(row) for row in rows if row.kind is RuleKind.CATEGORY])


def kind_rules(rows: Iterable[RuleRow]) -> tuple[KindRule, ...]:
    """The category each kind of message starts in, in an organisation."""
    return _over(KIND_RULES, [_kind(row) for row in rows if row.kind is RuleKind.KIND])


def days_off(rows: Iterable[RuleRow]) -> tuple[Holiday, ...]:
    """The holidays an organisation keeps."""
    return _over(HOLIDAYS, [_holiday(row) for row in rows if row.kind is RuleKind.HOLIDAY])


def keywords(rows: Iterable[RuleRow], on: date) -> tuple[Keyword, ...]:
    """The words an organisation reads in answers that day; a row with the same words takes a shipped one's place."""
    ours: dict[str, Keyword] = {}
    for row in rows:
        if row.kind is RuleKind.KEYWORD:
            word = _keyword(row)
            in_force = Rule(
                id=row.id,
                source=row.source,
                certainty=row.certainty,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
                enabled=row.enabled,
            ).in_force(on)
            ours[word.words] = replace(word, enabled=in_force)
    kept = tuple(ours.pop(word.words, word) for word in KEYWORDS)
    return (*kept, *ours.values())


def _over(shipped: Sequence[R], rows: Sequence[R]) -> tuple[R, ...]:
    """A row may repeat the id it replaces only once, so the order of rows of different ids is all that counts."""
    by_id = {rule.id: rule for rule in rows}
    kept = [by_id.pop(rule.id, rule) for rule in shipped]
    return (*kept, *by_id.values())


def window_value(rule: WindowRule) -> dict[str, Any]:
    """A window rule as the value of a row."""
    return {
        "name": rule.name,
        "categories": sorted(rule.categories),
        "opens": rule.opens.strftime("%H:%M") if rule.opens else None,
        "closes": rule.closes.strftime("%H:%M") if rule.closes else None,
        "days": sorted(rule.days),
        "open_on_holidays": rule.open_on_holidays,
    }


def kind_value(rule: KindRule, category: Category) -> dict[str, Any]:
    """A kind of message in another category, as the value of a row."""
    return {"kind": rule.kind, "category": category, "rank": rule.rank, "commercial": rule.commercial}


def keyword_value(words: str, intent: Intent | None, known: Keyword | None = None) -> dict[str, Any]:
    """A word of answers as the value of a row; what `known` says of it is kept."""
    return {
        "words": words,
        "intent": known.intent if known else intent,
        "languages": list(known.languages if known else BOTH),
        "meaning": known.meaning if known else "",
        "in_sentence": known.in_sentence if known else InSentence.NOTHING,
    }


def _common(row: RuleRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "source": row.source,
        "certainty": row.certainty,
        "note": row.note,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "enabled": row.enabled,
    }


def _window(row: RuleRow) -> WindowRule:
    with _Reading(row):
        value = row.value
        opens, closes = _hour(value["opens"]), _hour(value["closes"])
        if (opens is None) != (closes is None) or (opens and closes and closes <= opens):
            raise ValueError("hours")
        categories = frozenset(map(Category, value["categories"]))
        days = frozenset(value["days"])
        if not categories or not days <= set(range(7)):
            raise ValueError("days or categories")
        return WindowRule(
            name=_text(value["name"], 60),
            categories=categories,
            opens=opens,
            closes=closes,
            days=days,
            open_on_holidays=_flag(value["open_on_holidays"]),
            **_common(row),
        )


def _category(row: RuleRow) -> CategoryRule:
    with _Reading(row):
        value = row.value
        window = value["window"]
        return CategoryRule(
            category=Category(value["category"]),
            consent=ConsentNeed(value["consent"]),
            window=None if window is None else Category(window),
            sender_kinds=frozenset(_text(kind, 16) for kind in value["sender_kinds"]),
            mentions=frozenset(map(Mention, value["mentions"])),
            rank=_number(value["rank"], 0, 9),
            **_common(row),
        )


def _kind(row: RuleRow) -> KindRule:
    with _Reading(row):
        value = row.value
        return KindRule(
            kind=Kind(value["kind"]),
            category=Category(value["category"]),
            rank=None if value["rank"] is None else _number(value["rank"], 0, 9),
            commercial=_flag(value["commercial"]),
            **_common(row),
        )


def _holiday(row: RuleRow) -> Holiday:
    with _Reading(row):
        value = row.value
        territory, from_easter = value["territory"], value["from_easter"]
        if territory is not None and territory not in TERRITORIES:
            raise ValueError("territory")
        found = Holiday(
            territory=territory,
            name=_text(value["name"], 60),
            month=_number(value["month"], 0, 12),
            day=_number(value["day"], 0, 31),
            from_easter=None if from_easter is None else _number(from_easter, -120, 250),
            **_common(row),
        )
        found.on(2027)  # a day that each year has: 29 February is none
        return found


def _keyword(row: RuleRow) -> Keyword:
    with _Reading(row):
        value = row.value
        words, languages = value["words"], tuple(value["languages"])
        if not words or fold(words) != words or not languages or not set(languages) <= set(BOTH):
            raise ValueError("words or languages")
        return Keyword(
            _text(words, 40),
            Intent(value["intent"]),
            languages,
            _text(value["meaning"], 80, empty=True),
            InSentence(value["in_sentence"]),
            row.enabled,
        )


class _Reading:
    """Turns whatever is wrong with a value into the one error a screen knows."""

    def __init__(self, row: RuleRow) -> None:
        self._row = row

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, KeyError | TypeError | ValueError | AttributeError):
            raise InvalidInput(
                "rule_value", f"The value of rule {self._row.id!r} cannot be read as a {self._row.kind} rule."
            ) from error


def _hour(text: str | None) -> time | None:
    """A time of the recipient's own clock, to the minute."""
    if text is None:
        return None
    hour = time.fromisoformat(text)
    if hour.tzinfo is not None or hour != hour.replace(second=0, microsecond=0):
        raise ValueError("hour")
    return hour


def _text(value: str, longest: int, *, empty: bool = False) -> str:
    if not (empty or value.strip()) or len(value) > longest:
        raise ValueError("text")
    return value


def _number(value: int, least: int, most: int) -> int:
    if isinstance(value, bool) or not least <= value <= most:
        raise ValueError("number")
    return value


def _flag(value: bool) -> bool:
    if not isinstance(value, bool):
        raise ValueError("flag")
    return value


_READERS: Mapping[RuleKind, Callable[[RuleRow], object]] = {
    RuleKind.WINDOW: _window,
    RuleKind.CATEGORY: _category,
    RuleKind.KIND: _kind,
    RuleKind.HOLIDAY: _holiday,
    RuleKind.KEYWORD: _keyword,
}
