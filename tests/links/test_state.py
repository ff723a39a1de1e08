"""The state of a link at a moment, and the clock around its end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from links.state import LinkFacts, LinkState, decide, hard_end

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
END = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
LIVE = LinkFacts(
    id=UUID(int=1),
    ref="7kPq2mXa",
    organisation_id=UUID(int=2),
    document_id=UUID(int=3),
    expires_at=END,
    hard_day=20818,
    needs_password=True,
    released_at=NOW,
)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (LIVE, LinkState.LIVE),
        (replace(LIVE, released_at=None), LinkState.NOT_RELEASED),
        (replace(LIVE, released_at=NOW + TICK), LinkState.NOT_RELEASED),
        (replace(LIVE, released_at=None, revoked_at=NOW), LinkState.NOT_RELEASED),
        (replace(LIVE, revoked_at=NOW, wiped_at=NOW), LinkState.REVOKED),
        (replace(LIVE, revoked_at=NOW, frozen_at=NOW), LinkState.REVOKED),
        (replace(LIVE, frozen_at=NOW), LinkState.FROZEN),
        (replace(LIVE, frozen_at=NOW, expires_at=NOW), LinkState.EXPIRED),
        (replace(LIVE, wiped_at=NOW), LinkState.EXPIRED),
        (replace(LIVE, expires_at=NOW), LinkState.EXPIRED),
    ],
)
def test_the_state_follows_from_the_facts(facts: LinkFacts, state: LinkState) -> None:
    assert decide(facts, NOW) is state


@pytest.mark.parametrize("skew", [timedelta(0), TICK, timedelta(seconds=90), timedelta(hours=1)])
def test_a_link_lives_until_the_instant_it_ends_and_not_beyond(skew: timedelta) -> None:
    assert decide(LIVE, END - TICK - skew) is LinkState.LIVE
    assert decide(LIVE, END + skew) is LinkState.EXPIRED


def test_the_hard_day_ends_a_link_whatever_its_date_says() -> None:
    moved = replace(LIVE, expires_at=datetime(2027, 6, 1, tzinfo=UTC))
    assert hard_end(20818) == datetime(2027, 1, 1, tzinfo=UTC)
    assert decide(moved, hard_end(20818) - TICK) is LinkState.LIVE
    assert decide(moved, hard_end(20818)) is LinkState.EXPIRED


@settings(max_examples=100, deadline=None)
@given(minutes=st.integers(0, 200_000), later=st.integers(0, 200_000))
def test_an_expired_link_never_comes_back(minutes: int, later: int) -> None:
    first = NOW + timedelta(minutes=minutes)
    if decide(LIVE, first) is LinkState.EXPIRED:
        assert decide(LIVE, first + timedelta(minutes=later)) is LinkState.EXPIRED
