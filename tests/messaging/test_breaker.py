"""When a connection is left alone, and when it is tried again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.messaging.sending.breaker import (
    DETOUR,
    FIRST_PAUSE,
    LEAST_CALLS,
    LONGEST_PAUSE,
    WINDOW,
    Health,
    Standing,
    Tallies,
    Tally,
    observe,
    pause_after,
    standing,
)

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)

tallies = st.integers(0, 50).flatmap(
    lambda calls: st.builds(Tally, st.just(calls), st.integers(0, calls), st.integers(0, calls))
)
histories = st.lists(st.tuples(tallies, st.integers(0, 300)), max_size=30)


def paused(now: datetime = NOW) -> Health:
    return observe(Health(), Tally(LEAST_CALLS, LEAST_CALLS), now)


def test_calls_are_counted_by_carrier_until_they_are_taken() -> None:
    tallies = Tallies()
    for took, failed in ((SECOND, False), (4 * SECOND, True), (3 * SECOND, False)):
        tallies.add("a", took, failed=failed)
    tallies.add("b", SECOND, failed=True)
    assert tallies.take() == {"a": Tally(3, 1, 1), "b": Tally(1, 1, 0)}
    assert tallies.take() == {}


def test_a_connection_nobody_used_works() -> None:
    assert standing(Health(), NOW) is Standing.WORKING


def test_half_of_the_calls_failing_pauses_it() -> None:
    assert standing(observe(Health(), Tally(10, 5), NOW), NOW) is Standing.PAUSED
    assert standing(observe(Health(), Tally(10, 4), NOW), NOW) is Standing.WORKING


def test_a_few_failures_alone_prove_nothing() -> None:
    assert standing(observe(Health(), Tally(LEAST_CALLS - 1, LEAST_CALLS - 1), NOW), NOW) is Standing.WORKING


def test_failures_add_up_within_a_window_and_are_forgotten_after_it() -> None:
    once = observe(Health(), Tally(3, 3), NOW)
    assert standing(observe(once, Tally(3, 3), NOW + WINDOW - SECOND), NOW + WINDOW) is Standing.PAUSED
    assert standing(observe(once, Tally(3, 3), NOW + WINDOW), NOW + WINDOW) is Standing.WORKING


def test_after_the_pause_one_success_opens_it_again_and_forgets_the_past() -> None:
    health, later = paused(), NOW + FIRST_PAUSE
    assert standing(health, later - SECOND) is Standing.PAUSED
    assert standing(health, later) is Standing.PROBING
    healed = observe(health, Tally(1), later)
    assert standing(healed, later) is Standing.WORKING
    assert healed.pauses == 0


def test_each_failed_probe_doubles_the_pause_up_to_a_limit() -> None:
    health, now, lengths = paused(), NOW, []
    for _ in range(8):
        assert health.paused_until is not None
        lengths.append(health.paused_until - now)
        now = health.paused_until
        health = observe(health, Tally(1, 1), now)
    assert lengths[:4] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert lengths[-1] == LONGEST_PAUSE == pause_after(10**6)


def test_what_began_before_the_pause_neither_ends_nor_lengthens_it() -> None:
    health = paused()
    assert observe(health, Tally(20, 20), NOW + SECOND) == health
    assert observe(health, Tally(20), NOW + SECOND) == health


def test_slow_answers_make_a_detour_of_five_minutes_not_a_pause() -> None:
    health = observe(Health(), Tally(20, 0, 3), NOW)
    assert standing(health, NOW) is Standing.SLOW
    assert standing(health, NOW + DETOUR) is Standing.WORKING


def test_a_detour_is_not_lengthened_while_it_lasts() -> None:
    health = observe(Health(), Tally(20, 0, 20), NOW)
    again = observe(health, Tally(20, 0, 20), NOW + timedelta(minutes=4))
    assert again.slow_until == health.slow_until


@settings(max_examples=200, deadline=None)
@given(histories)
def test_whatever_happened_a_connection_that_works_again_is_found_out(
    history: list[tuple[Tally, int]],
) -> None:
    health, now = Health(), NOW
    for tally, seconds in history:
        health = observe(health, tally, now)
        now += timedelta(seconds=seconds)
    now += LONGEST_PAUSE
    assert standing(health, now) is not Standing.PAUSED
    assert standing(observe(health, Tally(1000), now), now) is Standing.WORKING


@settings(max_examples=200, deadline=None)
@given(histories)
def test_without_a_failure_nothing_is_ever_paused(history: list[tuple[Tally, int]]) -> None:
    health, now = Health(), NOW
    for tally, seconds in history:
        health = observe(health, Tally(tally.calls, 0, tally.slow), now)
        assert health.paused_until is None
        now += timedelta(seconds=seconds)
