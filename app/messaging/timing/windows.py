"""When a message may leave: the first allowed instant, which rule decides, and why.

The effective window of a day is what every rule in force on that day leaves open, in the recipient's local time.
A message outside it is held, not refused, and the window is asked again at release. Behaviour: ours; hours and
days: the records of `window_rules` and `holidays`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.messaging.numbers.place import Place
from app.messaging.permission.categories import Category
from app.messaging.permission.category_rules import CATEGORY_RULES, CategoryRule, category_rule
from app.messaging.timing.holidays import HOLIDAYS, Holiday, holidays
from app.messaging.timing.window_rules import FUNCTIONAL_MESSAGES, WindowRule

# Rules that leave no day open in this long leave none at all.
_SEARCHED_DAYS = 400
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Reason(StrEnum):
    """Why an instant is allowed or not; screens translate it."""

    NO_HOURS = "no_hours"
    INSIDE = "inside"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    CLOSED_DAY = "closed_day"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class WindowDecision:
    """`next` is the first allowed instant at or after the one asked, in the recipient's zone; None when no day opens.

    `rule` is the id of the record that decided, `why` one English sentence.
    """

    allowed: bool
    next: datetime | None
    rule: str
    reason: Reason
    why: str


@dataclass(frozen=True, slots=True)
class _Closed:
    rule: WindowRule
    reason: Reason
    why: str


@dataclass(frozen=True, slots=True)
class _Calendar:
    place: Place
    days_off: tuple[Holiday, ...]

    def holiday(self, day: date) -> Holiday | None:
        return holidays(self.place.territory, day.year, self.days_off).get(day)


def next_open(
    category: Category,
    at: datetime,
    place: Place,
    rules: Sequence[WindowRule],
    *,
    categories: Sequence[CategoryRule] = CATEGORY_RULES,
    days_off: tuple[Holiday, ...] = HOLIDAYS,
) -> WindowDecision:
    """Whether a message of this category may leave at `at` (aware), and otherwise when.

    `rules` are all those that bind the sender: the organisation's preset, the charters, the connector. Each one
    counts on the days it is in force. `categories` says whose hours the category keeps. Raises ValueError when `at`
    is naive, OverflowError past the year 9999.
    """
    if at.utcoffset() is None:
        raise ValueError("the instant must carry its offset")
    local = at.astimezone(ZoneInfo(place.zone))
    follows = category_rule(category, local.date(), categories).window
    binding = [rule for rule in rules if follows in rule.categories and rule.opens is not None]
    calendar = _Calendar(place, days_off)
    today = _in_force(binding, local.date())
    if not today:
        covering = next((rule for rule in rules if category in rule.categories), FUNCTIONAL_MESSAGES)
        why = f"A {category} message has no hours on this day ({covering.name})."
        return WindowDecision(True, local, covering.id, Reason.NO_HOURS, why)
    closed = _closed(local, calendar, today)
    if closed is None:
        return WindowDecision(True, local, today[0].id, Reason.INSIDE, f"Inside the {_hours(today[0])}.")
    opening = _first_opening(local, calendar, binding)
    return WindowDecision(False, opening, closed.rule.id, closed.reason, closed.why)


def wider_than(preset: WindowRule, charters: Sequence[WindowRule], on: date) -> WindowRule | None:
    """The first charter in force that day that a preset goes beyond; the charter wins, and a screen says so."""
    for charter in _in_force(list(charters), on):
        if not preset.categories & charter.categories or charter.opens is None or charter.closes is None:
            continue
        if (
            preset.opens is None
            or preset.closes is None
            or preset.opens < charter.opens
            or preset.closes > charter.closes
            or not preset.days <= charter.days
            or preset.open_on_holidays > charter.open_on_holidays
        ):
            return charter
    return None


def undated(rule: WindowRule) -> WindowRule:
    """The same rule, in force on every day: what a person asks who wants to know what the rule says."""
    return replace(rule, valid_from=None, valid_to=None, enabled=True)


def _in_force(rules: Sequence[WindowRule], on: date) -> list[WindowRule]:
    return [rule for rule in rules if rule.in_force(on)]


def _closed(local: datetime, calendar: _Calendar, rules: Sequence[WindowRule]) -> _Closed | None:
    """What closes this instant: a closed day before an hour, since it takes longer to pass."""
    day = local.date()
    for rule in rules:
        shut = _shut_all_day(day, calendar, rule)
        if shut is not None:
            return shut
    now = local.time()
    for rule in rules:
        if rule.opens is not None and now < rule.opens:
            return _Closed(rule, Reason.TOO_EARLY, f"Before the {_hours(rule)}.")
        if rule.closes is not None and now >= rule.closes:
            return _Closed(rule, Reason.TOO_LATE, f"After the {_hours(rule)}.")
    return None


def _shut_all_day(day: date, calendar: _Calendar, rule: WindowRule) -> _Closed | None:
    if day.weekday() not in rule.days:
        why = f"{_DAY_NAMES[day.weekday()]} is not a day of the {_hours(rule)}."
        return _Closed(rule, Reason.CLOSED_DAY, why)
    if not rule.open_on_holidays and (holiday := calendar.holiday(day)) is not None:
        why = f"{day.isoformat()} is a public holiday ({holiday.name}), closed by the {rule.name}."
        return _Closed(rule, Reason.HOLIDAY, why)
    return None


def _first_opening(local: datetime, calendar: _Calendar, rules: Sequence[WindowRule]) -> datetime | None:
    zone = ZoneInfo(calendar.place.zone)
    for ahead in range(_SEARCHED_DAYS):
        day = local.date() + timedelta(days=ahead)
        today = _in_force(rules, day)
        if any(_shut_all_day(day, calendar, rule) for rule in today):
            continue
        opens = max((rule.opens for rule in today if rule.opens is not None), default=time(0))
        closes = min((rule.closes for rule in today if rule.closes is not None), default=None)
        # Through UTC and back: a wall time skipped by a clock change becomes the instant that follows the gap.
        start = datetime.combine(day, opens, zone).astimezone(UTC).astimezone(zone)
        if start.astimezone(UTC) < local.astimezone(UTC):
            start = local
        if start.date() == day and (closes is None or start.time() < closes):
            return start
    return None


def _hours(rule: WindowRule) -> str:
    if rule.opens is None or rule.closes is None:
        return rule.name
    days = "every day" if len(rule.days) == len(_DAY_NAMES) else _span(rule.days)
    holidays = "" if rule.open_on_holidays else ", holidays excepted"
    return f"{rule.name} ({days}, {rule.opens:%H:%M} to {rule.closes:%H:%M}{holidays}, recipient's time)"


def _span(days: frozenset[int]) -> str:
    if not days:
        return "no day"
    first, last = min(days), max(days)
    if days == frozenset(range(first, last + 1)):
        return f"{_DAY_NAMES[first]} to {_DAY_NAMES[last]}"
    return ", ".join(_DAY_NAMES[day] for day in sorted(days))
