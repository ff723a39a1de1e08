"""F1.10 and 11: who takes RCS, asked as seldom as possible."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcs.capabilities import Capabilities, MemoryCache, Pace, Reach, batches
from rcs.limits import RcsError
from rcs.outcomes import Capability, InDoubt, Throttled
from tests.rcs.conftest import PHONE, Office
from tests.rcs.platform import ALL_FEATURES, Fault, Handset, Platform

NOW = datetime.now(UTC)
NOBODY = "+33700000000"


def numbers(count: int) -> list[str]:
    return [f"+336{at:08}" for at in range(count)]


def test_a_phone_is_asked_once_a_day(office: Office, google: Platform) -> None:
    for _ in range(3):
        assert office.capabilities.of(PHONE, NOW) == Capability(True, ALL_FEATURES)
        assert office.capabilities.of(NOBODY, NOW) == Capability(False)
    assert len(google.calls("capability")) == 2


def test_what_was_learnt_a_day_ago_is_asked_again(office: Office, google: Platform) -> None:
    office.capabilities.learn(PHONE, Capability(False), NOW - timedelta(hours=24))

    assert office.capabilities.of(PHONE, NOW) == Capability(True, ALL_FEATURES)
    assert len(google.calls("capability")) == 1


def test_a_failure_is_not_remembered(office: Office, google: Platform) -> None:
    google.plan("capability", Fault(500))

    assert isinstance(office.capabilities.of(PHONE, NOW), InDoubt)
    assert office.capabilities.of(PHONE, NOW) == Capability(True, ALL_FEATURES)


def test_below_500_numbers_are_asked_one_by_one(office: Office, google: Platform) -> None:
    asked = [PHONE, *numbers(20)]
    reach = office.capabilities.of_many(asked, NOW)

    assert reach == Reach(frozenset({PHONE}), frozenset(numbers(20)))
    assert len(google.calls("capability")) == 21
    assert google.calls("batch") == []
    assert office.capabilities.of(PHONE, NOW) == Capability(True, ALL_FEATURES)
    assert len(google.calls("capability")) == 21


def test_f1_11_10001_numbers_are_two_batches_of_at_least_500(office: Office, google: Platform) -> None:
    asked = numbers(10_001)
    google.world.handsets |= {number: Handset() for number in asked[:3]}
    reach = office.capabilities.of_many([*asked, *asked[:5]], NOW)

    sizes = [len(call.json()["users"]) for call in google.calls("batch")]
    assert len(sizes) == 2
    assert min(sizes) >= 500
    assert sum(sizes) == 10_001
    assert reach.reachable == set(asked[:3])
    assert len(reach.unreachable) == 9_998


def test_what_a_batch_told_is_remembered_and_its_features_are_asked_when_needed(
    office: Office, google: Platform
) -> None:
    asked = [PHONE, *numbers(600)]
    office.capabilities.of_many(asked, NOW)
    again = office.capabilities.of_many(asked, NOW)

    assert len(google.calls("batch")) == 1
    assert again.reachable == {PHONE}
    assert office.capabilities.of(NOBODY, NOW) == Capability(False)
    assert office.capabilities.of(numbers(1)[0], NOW) == Capability(False)
    assert office.capabilities.of(PHONE, NOW).features == ALL_FEATURES  # type: ignore[union-attr]
    assert len(google.calls("capability")) == 2


def test_the_first_failure_ends_the_asking_and_says_whom_nobody_knows(
    office: Office, google: Platform
) -> None:
    google.plan("batch", Fault(), Fault(429, retry_after="60"))
    asked = numbers(30_000)
    reach = office.capabilities.of_many(asked, NOW)

    assert reach.failure == Throttled(60.0)
    assert len(reach.unreachable) == 10_000
    assert len(google.calls("batch")) == 2


def test_a_number_that_is_not_e164_is_refused(office: Office) -> None:
    with pytest.raises(RcsError):
        office.capabilities.of_many(["0612345678"], NOW)


def test_a_send_that_failed_is_learnt_from(office: Office, google: Platform) -> None:
    office.capabilities.of(PHONE, NOW)
    office.capabilities.learn(PHONE, Capability(False), NOW)

    assert office.capabilities.of(PHONE, NOW) == Capability(False)
    assert len(google.calls("capability")) == 1


def test_a_full_memory_forgets_what_was_learnt_longest_ago() -> None:
    cache = MemoryCache(size=2)
    for phone in ("+1", "+2", "+1", "+3"):
        cache.put(phone, Capability(True), NOW)

    assert [cache.get(phone, NOW) is not None for phone in ("+1", "+2", "+3")] == [True, False, True]


@given(st.integers(0, 60_000))
@settings(max_examples=100, deadline=None)
def test_f1_11_batches_are_few_and_none_is_too_small_or_too_large(count: int) -> None:
    made = batches(iter(numbers(count) + numbers(min(count, 7))))

    if count < 500:
        assert made == []
    else:
        assert [number for batch in made for number in batch] == numbers(count)
        assert all(500 <= len(batch) <= 10_000 for batch in made)
        assert len(made) == -(-count // 10_000)


def test_f1_11_a_minute_has_at_most_its_number_of_calls() -> None:
    waits: list[float] = []
    pace = Pace(a_minute=600, wait=waits.append)
    began = time.monotonic()
    for _ in range(1_200):
        pace.take()

    # Nothing was slept, so the waits count from the moment of the call: the last but one turn is two minutes away.
    assert waits[-1] + time.monotonic() - began >= 1_199 * 0.1
    assert len(waits) >= 1_199


def test_f1_11_batches_wait_for_their_turn(office: Office, google: Platform) -> None:
    for at in range(3):
        office.capabilities.of_many([f"+337{at}{number:07}" for number in range(500)], NOW)

    assert len(google.calls("batch")) == 3
    assert 0 < sum(office.waits) < 0.31


def test_a_cache_of_ones_own_can_be_used(office: Office) -> None:
    asked: list[str] = []

    class Forgetful:
        def get(self, phone: str, now: datetime) -> Capability | None:
            asked.append(phone)
            return None

        def put(self, phone: str, capability: Capability, now: datetime) -> None:
            """Nothing is kept."""

    capabilities = Capabilities(office.client, Forgetful(), Pace())
    assert capabilities.of(PHONE, NOW) == capabilities.of(PHONE, NOW)
    assert asked == [PHONE, PHONE]
