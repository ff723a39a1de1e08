"""Which links may be made, how long their secret is, and when they end."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from links.errors import PolicyRefused
from links.policy import LinkPolicy, terms
from links.state import hard_end

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
UNTIL = date(2026, 12, 31)
OPEN = LinkPolicy(allow_without_password_and_date=True)


@pytest.mark.parametrize(
    ("password", "until", "long", "length", "last"),
    [
        (True, UNTIL, False, 16, UNTIL),
        (True, None, False, 16, date(2027, 1, 31)),
        (False, UNTIL, False, 22, UNTIL),
        (False, None, False, 22, date(2027, 1, 31)),
        (True, UNTIL, True, 22, UNTIL),
    ],
)
def test_the_table_of_terms(password: bool, until: date | None, long: bool, length: int, last: date) -> None:
    policy = LinkPolicy(long_secrets=long, allow_without_password_and_date=True)
    made = terms(policy, password=password, until=until, zone=PARIS, now=NOW)
    assert (made.secret_length, made.until) == (length, last)


def test_until_the_31st_means_the_end_of_that_day_where_the_organisation_is() -> None:
    made = terms(OPEN, password=True, until=UNTIL, zone=PARIS, now=NOW)
    assert made.expires_at == datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    assert made.hard_day == 20818


@pytest.mark.parametrize(
    ("zone", "expires_at", "hard_day"),
    [
        ("UTC", datetime(2027, 1, 1, 0, 0, tzinfo=UTC), 20818),
        ("America/Martinique", datetime(2027, 1, 1, 4, 0, tzinfo=UTC), 20819),
        ("Indian/Reunion", datetime(2026, 12, 31, 20, 0, tzinfo=UTC), 20818),
        ("Pacific/Noumea", datetime(2026, 12, 31, 13, 0, tzinfo=UTC), 20818),
    ],
)
def test_the_hard_day_is_the_utc_day_of_that_end(zone: str, expires_at: datetime, hard_day: int) -> None:
    made = terms(OPEN, password=True, until=UNTIL, zone=ZoneInfo(zone), now=NOW)
    assert (made.expires_at, made.hard_day) == (expires_at, hard_day)


def test_a_day_that_is_23_or_25_hours_long_ends_at_its_own_midnight() -> None:
    spring = datetime(2026, 3, 1, tzinfo=UTC)
    assert terms(OPEN, password=True, until=date(2026, 3, 29), zone=PARIS, now=spring).expires_at == datetime(
        2026, 3, 29, 22, 0, tzinfo=UTC
    )
    autumn = datetime(2026, 10, 1, tzinfo=UTC)
    assert terms(
        OPEN, password=True, until=date(2026, 10, 25), zone=PARIS, now=autumn
    ).expires_at == datetime(2026, 10, 25, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("policy", "password", "until", "code"),
    [
        (LinkPolicy(allow_without_password=False), False, UNTIL, "needs_password"),
        (LinkPolicy(), False, None, "needs_password_or_date"),
        (OPEN, True, date(2026, 11, 1), "date_past"),
        (OPEN, True, date(2027, 2, 1), "date_too_far"),
    ],
)
def test_what_the_policy_forbids_is_refused(
    policy: LinkPolicy, password: bool, until: date | None, code: str
) -> None:
    with pytest.raises(PolicyRefused) as caught:
        terms(policy, password=password, until=until, zone=PARIS, now=NOW)
    assert caught.value.code == code


def test_today_and_the_last_day_are_allowed() -> None:
    for day in (date(2026, 11, 2), date(2027, 1, 31)):
        assert terms(OPEN, password=True, until=day, zone=PARIS, now=NOW).until == day


def test_today_is_the_organisations_today() -> None:
    late = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)
    with pytest.raises(PolicyRefused):
        terms(OPEN, password=True, until=date(2026, 11, 2), zone=PARIS, now=late)
    assert terms(OPEN, password=True, until=date(2026, 11, 2), zone=ZoneInfo("America/Martinique"), now=late)


@pytest.mark.parametrize("days", [0, 401, -1])
def test_a_policy_has_a_hard_maximum_of_400_days(days: int) -> None:
    with pytest.raises(PolicyRefused):
        LinkPolicy(max_days=days)


@settings(max_examples=150, deadline=None)
@given(
    days=st.integers(0, 400),
    zone=st.sampled_from(["UTC", "Europe/Paris", "America/Martinique", "Pacific/Tahiti", "Pacific/Auckland"]),
    minute=st.integers(0, 400 * 24 * 60),
)
def test_a_link_always_ends_on_its_hard_day_and_its_key_within_48_hours(
    days: int, zone: str, minute: int
) -> None:
    now = NOW + timedelta(minutes=minute)
    until = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=days)
    made = terms(LinkPolicy(max_days=400), password=True, until=until, zone=ZoneInfo(zone), now=now)
    assert now < made.expires_at <= hard_end(made.hard_day)
    assert hard_end(made.hard_day) + timedelta(hours=24) - made.expires_at <= timedelta(hours=48)
