"""Scheduling: one instant for everybody, or a local time for each."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.messaging.numbers.numbering import TERRITORIES
from app.messaging.numbers.place import Place
from app.messaging.timing.scheduling import (
    FARTHEST,
    LocalTime,
    Refusal,
    Refused,
    Scheduled,
    instant_of,
    schedule,
)

PARIS = Place("FR", "Europe/Paris")
NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
PLACES = [Place(row.code, row.zone) for row in TERRITORIES.values()]


@pytest.mark.parametrize(
    ("zone", "utc"),
    [
        ("Europe/Paris", "2026-12-05T09:30"),
        ("Indian/Reunion", "2026-12-05T06:30"),
        ("America/Martinique", "2026-12-05T14:30"),
        ("Pacific/Noumea", "2026-12-04T23:30"),
    ],
)
def test_a_local_time_is_each_ones_own(zone: str, utc: str) -> None:
    wish = LocalTime(date(2026, 12, 5), time(10, 30))
    assert schedule(wish, Place("FR", zone), NOW) == Scheduled(datetime.fromisoformat(utc + "+00:00"))


def test_a_time_the_clock_skips_becomes_the_instant_after_the_gap() -> None:
    skipped = instant_of(LocalTime(date(2027, 3, 28), time(2, 30)), PARIS)
    assert skipped.astimezone(ZoneInfo("Europe/Paris")).isoformat() == "2027-03-28T03:30:00+02:00"


def test_a_time_the_clock_shows_twice_is_the_first() -> None:
    twice = instant_of(LocalTime(date(2026, 10, 25), time(2, 30)), PARIS)
    assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_an_instant_is_the_same_everywhere() -> None:
    wish = datetime.fromisoformat("2026-12-05T10:30:00+01:00")
    assert {instant_of(wish, place) for place in PLACES} == {wish}


def test_four_hundred_days_and_not_one_second_more() -> None:
    assert schedule(NOW + FARTHEST, PARIS, NOW) == Scheduled(NOW + FARTHEST)
    late = schedule(NOW + FARTHEST + timedelta(seconds=1), PARIS, NOW)
    assert late == Refused(Refusal.TOO_FAR, NOW + timedelta(days=400))
    week = timedelta(days=7)
    assert schedule(NOW + timedelta(days=8), PARIS, NOW, week) == Refused(Refusal.TOO_FAR, NOW + week)


def test_the_past_is_refused() -> None:
    assert schedule(NOW - timedelta(seconds=1), PARIS, NOW) == Refused(Refusal.PAST, NOW)
    assert isinstance(schedule(NOW, PARIS, NOW), Scheduled)


def test_a_naive_instant_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="offset"):
        schedule(datetime(2026, 12, 1, 9), PARIS, NOW)


@given(st.dates(date(2025, 1, 1), date(2030, 1, 1)), st.times(), st.sampled_from(PLACES))
@settings(deadline=None, max_examples=200)
def test_the_recipients_clock_shows_the_wish_unless_it_skips_it(day: date, at: time, place: Place) -> None:
    shown = instant_of(LocalTime(day, at), place).astimezone(ZoneInfo(place.zone)).replace(tzinfo=None)
    wish = datetime.combine(day, at)
    assert timedelta() <= shown - wish <= timedelta(hours=1)
