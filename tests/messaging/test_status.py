"""Statuses only move forward, whatever order reports arrive in."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.messaging.sending.status import (
    DELIVERED,
    FINAL,
    RANK,
    UNDELIVERED,
    Advance,
    Overall,
    State,
    advance,
    is_settled,
    overall,
)

STATES = st.sampled_from(list(State))


@pytest.mark.parametrize(
    ("current", "report", "expected"),
    [
        ("queued", "held", ("held", True, False, False)),
        ("held", "queued", ("queued", True, False, False)),
        ("held", "submitting", ("submitting", True, False, False)),
        ("held", "expired", ("expired", True, True, False)),
        ("queued", "cancelled", ("cancelled", True, True, False)),
        ("submitting", "held", ("submitting", False, False, False)),
        ("submitting", "unknown", ("unknown", True, False, False)),
        ("submitting", "submitted", ("submitted", True, False, False)),
        ("submitting", "delivered", ("delivered", True, True, False)),
        ("unknown", "submitted", ("submitted", True, False, False)),
        ("unknown", "delivered", ("delivered", True, True, False)),
        ("unknown", "failed", ("failed", True, True, False)),
        ("submitted", "submitted", ("submitted", False, False, False)),
        ("submitted", "unknown", ("submitted", False, False, False)),
        ("submitted", "delivered", ("delivered", True, True, False)),
        ("submitted", "read", ("read", True, True, False)),
        ("delivered", "submitted", ("delivered", False, True, False)),
        ("delivered", "delivered", ("delivered", False, True, False)),
        ("delivered", "expired", ("delivered", False, True, False)),
        ("delivered", "failed", ("delivered", False, True, False)),
        ("delivered", "read", ("read", True, True, False)),
        ("read", "delivered", ("read", False, True, False)),
        ("expired", "delivered", ("expired", False, True, True)),
        ("expired", "read", ("expired", False, True, True)),
        ("cancelled", "delivered", ("cancelled", False, True, True)),
        ("failed", "delivered", ("failed", False, True, True)),
        ("failed", "expired", ("failed", False, True, False)),
        ("expired", "submitted", ("expired", False, True, False)),
    ],
)
def test_advance(current: str, report: str, expected: tuple[str, bool, bool, bool]) -> None:
    state, changed, final, double = expected
    assert advance(State(current), State(report)) == Advance(State(state), changed, final, double)


@given(st.sampled_from(list(State)), st.lists(STATES, max_size=20))
@settings(deadline=None, max_examples=200)
def test_no_report_moves_an_attempt_back(start: State, reports: list[State]) -> None:
    state = start
    for report in reports:
        step = advance(state, report)
        assert RANK[step.state] >= RANK[state]
        assert step.changed == (step.state is not state)
        assert step.final == (step.state in FINAL)
        if state in UNDELIVERED:
            assert step.state is state
            assert step.double == (report in DELIVERED)
        else:
            assert not step.double
        state = step.state


@given(STATES, STATES)
@settings(deadline=None, max_examples=200)
def test_a_report_given_twice_changes_nothing_the_second_time(start: State, report: State) -> None:
    once = advance(start, report).state
    assert not advance(once, report).changed


def test_delivery_reports_reach_the_same_end_in_any_order() -> None:
    for order in permutations([State.SUBMITTED, State.DELIVERED, State.READ, State.DELIVERED]):
        state = State.SUBMITTING
        for report in order:
            state = advance(state, report).state
        assert state is State.READ


def test_a_doubt_counts_as_finished_and_may_still_be_settled() -> None:
    assert is_settled(State.UNKNOWN)
    assert not advance(State.SUBMITTING, State.UNKNOWN).final
    assert {state for state in State if is_settled(state)} == {*FINAL, State.UNKNOWN}


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ([], Overall(State.QUEUED, False)),
        ([State.HELD], Overall(State.HELD, False)),
        ([State.EXPIRED, State.SUBMITTED], Overall(State.SUBMITTED, False)),
        ([State.EXPIRED, State.DELIVERED], Overall(State.DELIVERED, False)),
        ([State.DELIVERED, State.FAILED], Overall(State.DELIVERED, False)),
        ([State.READ, State.DELIVERED], Overall(State.READ, True)),
        ([State.EXPIRED, State.UNKNOWN], Overall(State.UNKNOWN, False)),
    ],
)
def test_overall(attempts: list[State], expected: Overall) -> None:
    assert overall(attempts) == expected
