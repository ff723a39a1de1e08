"""Sending windows: the answer is allowed, and nothing before it was."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.messaging.numbers.numbering import TERRITORIES
from app.messaging.numbers.place import Place
from app.messaging.permission.categories import Category
from app.messaging.permission.category_rules import CATEGORY_RULES, category_rule
from app.messaging.records import Certainty
from app.messaging.timing.holidays import HOLIDAYS, easter, holiday_on, holidays
from app.messaging.timing.window_rules import (
    AF2M_2024,
    AF2M_2026,
    CHARTERS,
    CONNECTOR_WINDOWS,
    HOUSE_MARKETING,
    PAYSLIP_NOTICE,
    WINDOW_RULES,
    WindowRule,
)
from app.messaging.timing.windows import Reason, next_open, undated, wider_than

PARIS = Place("FR", "Europe/Paris")
PLACES = [Place(row.code, row.zone) for row in TERRITORIES.values()] + [Place("US", "America/New_York")]
MARKETING = [undated(rule) for rule in (HOUSE_MARKETING, AF2M_2024, AF2M_2026)]
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@given(INSTANTS, st.sampled_from(PLACES), st.lists(st.sampled_from(MARKETING), min_size=1, unique=True))
@settings(deadline=None, max_examples=200)
def test_the_next_instant_is_allowed_and_is_the_first(
    at: datetime, place: Place, rules: list[WindowRule]
) -> None:
    decision = next_open(Category.MARKETING, at, place, rules)
    opening = decision.next
    assert opening is not None
    assert opening >= at
    assert opening.tzinfo == ZoneInfo(place.zone)
    assert decision.allowed == (opening == at)
    assert next_open(Category.MARKETING, opening, place, rules).allowed
    if not decision.allowed:
        step = (opening - at) / 50
        instants = [at + step * part for part in range(50)] + [opening - timedelta(microseconds=1)]
        assert not any(next_open(Category.MARKETING, one, place, rules).allowed for one in instants)


@given(INSTANTS, st.sampled_from(PLACES), st.sampled_from(MARKETING))
@settings(deadline=None, max_examples=200)
def test_allowed_means_what_the_record_says(at: datetime, place: Place, rule: WindowRule) -> None:
    local = at.astimezone(ZoneInfo(place.zone))
    assert rule.opens is not None
    assert rule.closes is not None
    expected = (
        local.weekday() in rule.days
        and rule.opens <= local.time() < rule.closes
        and (rule.open_on_holidays or holiday_on(local.date(), place.territory) is None)
    )
    assert next_open(Category.MARKETING, at, place, [rule]).allowed is expected


@pytest.mark.parametrize("category", [Category.TRANSACTIONAL, Category.CONVERSATIONAL, Category.ALERT])
def test_only_marketing_has_hours(category: Category) -> None:
    at = _at("2026-12-25T03:00:00+01:00")
    decision = next_open(category, at, PARIS, WINDOW_RULES)
    assert (decision.allowed, decision.next, decision.rule) == (True, at, "functional")


def test_a_courtesy_window_holds_notices_too_when_an_organisation_asks_for_one() -> None:
    courtesy = WindowRule(
        id="courtesy",
        name="courtesy window",
        categories=frozenset({Category.TRANSACTIONAL}),
        opens=time(9),
        closes=time(18),
        source="the organisation",
        certainty=Certainty.HOUSE,
    )
    decision = next_open(
        Category.TRANSACTIONAL, _at("2026-11-23T20:00:00+01:00"), PARIS, [PAYSLIP_NOTICE, courtesy]
    )
    assert (decision.next, decision.rule) == (_at("2026-11-24T09:00:00+01:00"), "courtesy")


def test_the_charter_in_force_on_the_day_decides() -> None:
    sunday_before = next_open(Category.MARKETING, _at("2026-02-22T12:00:00+01:00"), PARIS, CHARTERS)
    assert (sunday_before.allowed, sunday_before.rule) == (False, "af2m-2024")
    sunday_after = next_open(Category.MARKETING, _at("2026-03-08T12:00:00+01:00"), PARIS, CHARTERS)
    assert (sunday_after.allowed, sunday_after.rule) == (True, "af2m-2026")


def test_a_wait_across_the_change_of_charter_ends_under_the_new_one() -> None:
    decision = next_open(Category.MARKETING, _at("2026-02-28T22:30:00+01:00"), PARIS, CHARTERS)
    assert decision.next == _at("2026-03-01T08:00:00+01:00")


def test_the_house_window_narrows_the_charter() -> None:
    rules = [HOUSE_MARKETING, *CHARTERS]
    decision = next_open(Category.MARKETING, _at("2026-11-23T20:30:00+01:00"), PARIS, rules)
    assert (decision.allowed, decision.rule, decision.reason) == (False, "house-marketing", Reason.TOO_LATE)


def test_before_any_rule_marketing_is_free_of_hours() -> None:
    at = _at("2020-11-22T03:00:00+01:00")
    assert next_open(Category.MARKETING, at, PARIS, CHARTERS).allowed


def test_rules_that_never_open_give_no_instant() -> None:
    never = WindowRule(
        id="never",
        name="closed",
        categories=frozenset({Category.MARKETING}),
        opens=time(10),
        closes=time(20),
        days=frozenset(),
        source="test",
        certainty=Certainty.HOUSE,
    )
    assert next_open(Category.MARKETING, _at("2026-11-23T12:00:00Z"), PARIS, [never]).next is None


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("2026-03-29T00:30:00Z", "2026-03-29T03:00:00+02:00"),
        ("2026-10-25T00:45:00Z", "2026-10-25T02:45:00+02:00"),
    ],
)
def test_windows_on_the_night_the_clock_changes(at: str, opening: str) -> None:
    night = WindowRule(
        id="night",
        name="night",
        categories=frozenset({Category.MARKETING}),
        opens=time(2, 30),
        closes=time(5),
        source="test",
        certainty=Certainty.HOUSE,
    )
    found = next_open(Category.MARKETING, _at(at), PARIS, [night]).next
    assert found is not None
    if opening.startswith("2026-03"):
        assert found.astimezone(UTC) == _at("2026-03-29T01:30:00Z")
    else:
        assert found.isoformat() == opening


def test_a_naive_instant_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="offset"):
        next_open(Category.MARKETING, datetime(2026, 11, 23, 12), PARIS, MARKETING)


def test_no_sentence_says_that_the_law_forbids_an_hour() -> None:
    for rule in MARKETING:
        for hour in range(0, 24 * 8, 3):
            why = next_open(
                Category.MARKETING, _at("2026-12-20T00:00:00Z") + timedelta(hours=hour), PARIS, [rule]
            ).why
            assert "law" not in why.lower()


# Days printed by the French open data for 2025 to 2028.
@pytest.mark.parametrize(
    ("year", "monday", "ascension", "whit"),
    [
        (2025, "2025-04-21", "2025-05-29", "2025-06-09"),
        (2026, "2026-04-06", "2026-05-14", "2026-05-25"),
        (2027, "2027-03-29", "2027-05-06", "2027-05-17"),
        (2028, "2028-04-17", "2028-05-25", "2028-06-05"),
    ],
)
def test_movable_feasts(year: int, monday: str, ascension: str, whit: str) -> None:
    names = {row.name: day.isoformat() for day, row in holidays("FR", year).items()}
    assert len(names) == 11
    assert names["Lundi de Pâques"] == monday
    assert names["Ascension"] == ascension
    assert names["Lundi de Pentecôte"] == whit


def test_easter_on_its_extreme_days() -> None:
    assert easter(1818) == date(1818, 3, 22)
    assert easter(2038) == date(2038, 4, 25)
    assert all(easter(year).weekday() == 6 for year in range(1900, 2200))


TERRITORY_DAYS = json.loads(
    (Path(__file__).parent.parent / "vectors" / "messaging" / "holidays-2026.json").read_text("utf-8")
)


@pytest.mark.parametrize("territory", [*TERRITORIES, "US"])
def test_each_territory_has_its_own_days(territory: str) -> None:
    national = set(TERRITORY_DAYS["FR"]) if territory in TERRITORIES else set()
    expected = sorted(national | set(TERRITORY_DAYS["local"].get(territory, [])))
    assert [day.isoformat() for day in holidays(territory, 2026)] == expected


def test_ascension_on_victory_day_is_one_day() -> None:
    assert len(holidays("FR", 2008)) == 10  # 1 May 2008 was both Labour Day and Ascension


def test_every_record_says_where_it_comes_from() -> None:
    records = (*HOLIDAYS, *WINDOW_RULES)
    assert all(record.source for record in records)
    assert len({record.id for record in records}) == len(records)


def test_nothing_holds_an_alert_not_even_a_rule_that_names_it() -> None:
    everything = replace(undated(HOUSE_MARKETING), categories=frozenset(Category))
    night = _at("2026-12-25T03:00:00+01:00")
    assert next_open(Category.ALERT, night, PARIS, [everything]).allowed
    assert not next_open(Category.TRANSACTIONAL, night, PARIS, [everything]).allowed


def test_a_category_keeps_the_hours_its_rule_names_from_its_day_on() -> None:
    strict = replace(
        category_rule(Category.TRANSACTIONAL), window=Category.MARKETING, valid_from=date(2027, 1, 1)
    )
    categories = (*CATEGORY_RULES, strict)
    for day, allowed in (("2026-12-27", True), ("2027-01-03", False)):  # Sundays
        at = _at(f"{day}T12:00:00+01:00")
        decision = next_open(Category.TRANSACTIONAL, at, PARIS, WINDOW_RULES, categories=categories)
        assert decision.allowed is allowed


def test_an_edited_calendar_closes_its_own_days() -> None:
    fair = replace(HOLIDAYS[0], id="ours", name="Braderie", month=11, day=24)
    at = _at("2026-11-24T12:00:00+01:00")
    assert next_open(Category.MARKETING, at, PARIS, [HOUSE_MARKETING]).allowed
    closed = next_open(Category.MARKETING, at, PARIS, [HOUSE_MARKETING], days_off=(*HOLIDAYS, fair))
    assert (closed.reason, closed.next) == (Reason.HOLIDAY, _at("2026-11-25T10:00:00+01:00"))


def test_holidays_are_known_for_years_ahead() -> None:
    """They are computed, so none can run out as a list of dates would."""
    for territory in TERRITORIES:
        for year in (2027, 2030, 2099):
            assert len(holidays(territory, year)) >= 10  # two may fall on one day


def test_a_preset_beyond_a_charter_is_noticed() -> None:
    on = date(2026, 11, 25)
    assert wider_than(HOUSE_MARKETING, CHARTERS, on) is None
    assert wider_than(replace(HOUSE_MARKETING, opens=time(7)), CHARTERS, on) is AF2M_2026
    assert wider_than(replace(HOUSE_MARKETING, closes=time(22)), CHARTERS, on) is AF2M_2026
    assert wider_than(replace(HOUSE_MARKETING, opens=None, closes=None), CHARTERS, on) is AF2M_2026
    sunday = replace(HOUSE_MARKETING, days=frozenset(range(7)))
    assert wider_than(sunday, CHARTERS, on) is None
    assert wider_than(sunday, CHARTERS, date(2025, 6, 1)) is AF2M_2024
    assert (
        wider_than(replace(HOUSE_MARKETING, open_on_holidays=True), CHARTERS, date(2025, 6, 1)) is AF2M_2024
    )
    assert wider_than(PAYSLIP_NOTICE, CHARTERS, on) is None


def test_the_hours_of_a_provider_narrow_the_rest() -> None:
    rules = [*WINDOW_RULES, *CONNECTOR_WINDOWS["ovh"]]
    saturday = next_open(Category.MARKETING, _at("2026-11-28T12:00:00+01:00"), PARIS, rules)
    assert (saturday.rule, saturday.next) == ("connector-ovh", _at("2026-11-30T10:00:00+01:00"))
    assert next_open(Category.TRANSACTIONAL, _at("2026-11-28T23:00:00+01:00"), PARIS, rules).allowed
