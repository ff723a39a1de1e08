"""Routing: RCS first, at most one SMS, and a revocation before any doubtful fallback."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.messaging.sending.routing import (
    CONFIRMATION_WAIT,
    CRITICAL_REVOKE_RETRIES,
    REVOKE_RETRIES,
    Channel,
    Ending,
    Finish,
    Outcome,
    Repeat,
    Revoke,
    Route,
    Send,
    Wait,
    deadline,
    next_route,
    plan,
)

BOTH = (Channel.RCS, Channel.SMS)


@pytest.mark.parametrize(
    ("capable", "rcs", "sms", "expected"),
    [
        (True, True, True, BOTH),
        (None, True, True, BOTH),
        (False, True, True, (Channel.SMS,)),
        (True, False, True, (Channel.SMS,)),
        (True, True, False, (Channel.RCS,)),
        (None, True, False, (Channel.RCS,)),
        (False, True, False, ()),
        (None, False, False, ()),
    ],
)
def test_plan(capable: bool | None, rcs: bool, sms: bool, expected: tuple[Channel, ...]) -> None:
    assert plan(capable, rcs, sms) == expected


@pytest.mark.parametrize(
    ("outcome", "ordinary", "critical"),
    [
        (Outcome.NO_RCS, Send(Channel.SMS), Send(Channel.SMS)),
        (Outcome.REFUSED, Send(Channel.SMS), Send(Channel.SMS)),
        (Outcome.FAILED, Send(Channel.SMS), Send(Channel.SMS)),
        (Outcome.DELIVERED, Finish(Ending.DELIVERED), Finish(Ending.DELIVERED)),
        (Outcome.EXPIRED, Send(Channel.SMS), Send(Channel.SMS)),
        (Outcome.EXPIRY_INCONCLUSIVE, Revoke(), Revoke()),
        (Outcome.DEADLINE, Revoke(), Revoke()),
        (Outcome.REVOKED, Send(Channel.SMS), Send(Channel.SMS)),
        (Outcome.REVOKE_REFUSED, Wait(60.0), Send(Channel.SMS)),
        (Outcome.REVOKE_REFUSED_UNSENT, Repeat(), Send(Channel.SMS)),
        (Outcome.CONFIRMATION_LATE, Finish(Ending.UNCONFIRMED), Send(Channel.SMS)),
        (Outcome.UNKNOWN, Repeat(), Repeat()),
        (Outcome.NEVER_ANSWERED, Send(Channel.SMS), Send(Channel.SMS)),
    ],
)
def test_after_rcs(outcome: Outcome, ordinary: Route, critical: Route) -> None:
    assert next_route(BOTH, (Channel.RCS,), outcome) == ordinary
    assert next_route(BOTH, (Channel.RCS,), outcome, critical=True) == critical


def test_a_revocation_without_answer_is_tried_again_with_growing_pauses() -> None:
    def route(tries: int, critical: bool) -> Route:
        return next_route(BOTH, (Channel.RCS,), Outcome.REVOKE_UNAVAILABLE, critical, tries)

    assert [route(tries, False) for tries in range(5)] == [Revoke(pause) for pause in REVOKE_RETRIES]
    assert route(5, False) == Wait(CONFIRMATION_WAIT.total_seconds())
    assert route(0, True) == Revoke(CRITICAL_REVOKE_RETRIES[0])
    assert route(1, True) == Send(Channel.SMS)


def test_without_sms_nothing_falls_back() -> None:
    for outcome, critical, tries in product(Outcome, (False, True), range(7)):
        assert not isinstance(next_route((Channel.RCS,), (Channel.RCS,), outcome, critical, tries), Send)
    assert next_route((Channel.RCS,), (Channel.RCS,), Outcome.EXPIRED) == Finish(Ending.EXPIRED)
    assert next_route((Channel.RCS,), (Channel.RCS,), Outcome.NO_RCS) == Finish(Ending.FAILED)
    assert next_route((Channel.RCS,), (Channel.RCS,), Outcome.NEVER_ANSWERED) == Finish(Ending.UNKNOWN)


@pytest.mark.parametrize("tried", [(Channel.SMS,), BOTH])
def test_once_an_sms_was_tried_nothing_more_is_sent(tried: tuple[Channel, ...]) -> None:
    for outcome, critical, tries in product(Outcome, (False, True), range(7)):
        assert isinstance(next_route(BOTH, tried, outcome, critical, tries), Finish)
    assert next_route(BOTH, tried, Outcome.UNKNOWN) == Finish(Ending.UNKNOWN)
    assert next_route(BOTH, tried, Outcome.FAILED) == Finish(Ending.FAILED)
    assert next_route(BOTH, tried, Outcome.EXPIRED) == Finish(Ending.EXPIRED)
    assert next_route(BOTH, tried, Outcome.DELIVERED) == Finish(Ending.DELIVERED)


@given(
    st.sampled_from([(True, True, True), (None, True, True), (False, True, True), (True, True, False)]),
    st.lists(st.tuples(st.sampled_from(list(Outcome)), st.booleans(), st.integers(0, 6)), max_size=30),
)
@settings(deadline=None, max_examples=200)
def test_whatever_is_reported_there_is_never_a_second_sms(
    given_plan: tuple[bool | None, bool, bool], events: list[tuple[Outcome, bool, int]]
) -> None:
    channels = plan(*given_plan)
    tried = [channels[0]]
    for outcome, critical, tries in events:
        route = next_route(channels, tried, outcome, critical, tries)
        if isinstance(route, Send):
            tried.append(route.channel)
        if isinstance(route, Finish):
            break
    assert tried.count(Channel.SMS) <= 1
    assert tried.count(Channel.RCS) <= 1


def test_silence_is_judged_after_the_lifetime_and_a_grace_for_rcs() -> None:
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert deadline(Channel.RCS, at, timedelta(seconds=900)) == at + timedelta(seconds=930)
    assert deadline(Channel.SMS, at, timedelta(hours=24)) == at + timedelta(hours=24)


def test_no_outcome_comes_before_an_attempt() -> None:
    with pytest.raises(ValueError, match="first attempt"):
        next_route(BOTH, (), Outcome.NO_RCS)
