"""Pace: no sliding second holds more segments than the limit, and nearly as many leave as may."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.messaging.throttle import AHEAD, LATE_AFTER, Reserved, Wait, block, is_late, paced_rate, reserve

EPOCH = 1_795_000_000.0


def _busiest_second(sent: list[tuple[float, int]]) -> int:
    """The most segments in any half-open second; `sent` holds (instant, segments) in any order."""
    ordered = sorted(sent)
    busiest, total, first = 0, 0, 0
    for instant, segments in ordered:
        total += segments
        while ordered[first][0] <= instant - 1:
            total -= ordered[first][1]
            first += 1
        busiest = max(busiest, total)
    return busiest


def _run(rate: float, seconds: float, costs: list[int], workers: int, seed: int) -> list[float]:
    """Several workers share one row, wake up late at random, and drop the slots they missed."""
    dice = random.Random(seed)
    tat, sent = EPOCH, []
    clocks = [EPOCH + dice.random() * 0.1 for _ in range(workers)]
    while min(clocks) < EPOCH + seconds:
        worker = clocks.index(min(clocks))
        now = clocks[worker]
        taken = reserve(tat, rate, now, dice.choice(costs))
        if isinstance(taken, Wait):
            clocks[worker] = now + taken.seconds
            continue
        tat = taken.new_tat
        for slot in taken.slots():
            woken = max(slot, now) + dice.choice([0, 0.002, LATE_AFTER, 0.02])
            if not is_late(slot, woken):
                sent.append(woken)
        clocks[worker] = max(now, taken.slots()[-1] - dice.random() * AHEAD)
    return sent


@given(
    st.sampled_from([1, 2, 5, 10, 37, 100]),
    st.lists(st.integers(1, 10), min_size=1, max_size=4),
    st.integers(1, 4),
    st.integers(0, 10**6),
)
@settings(deadline=None, max_examples=60)
def test_no_sliding_second_exceeds_the_limit(rate: int, costs: list[int], workers: int, seed: int) -> None:
    sent = _run(rate, 6, costs, workers, seed)
    assert _busiest_second([(instant, 1) for instant in sent]) <= rate


@given(st.sampled_from([10, 20, 100]), st.lists(st.integers(1, 6), min_size=5, max_size=60))
@settings(deadline=None, max_examples=100)
def test_messages_the_carrier_cuts_itself_keep_the_limit_too(rate: int, costs: list[int]) -> None:
    tat, now, sent = EPOCH, EPOCH, []
    for cost in costs:
        taken = reserve(tat, rate, now, cost, burst=6)
        while isinstance(taken, Wait):
            now += taken.seconds + 1e-6
            taken = reserve(tat, rate, now, cost, burst=6)
        tat = taken.new_tat
        sent.append((taken.slots()[-1] + LATE_AFTER * (cost % 2), cost))
    assert _busiest_second(sent) <= rate


def test_a_worker_that_is_on_time_uses_nearly_all_of_the_rate() -> None:
    tat, now, slots = EPOCH, EPOCH, 0
    while now < EPOCH + 60:
        taken = reserve(tat, 100, now, block(100))
        if isinstance(taken, Wait):
            now += taken.seconds
        else:
            tat, slots = taken.new_tat, slots + taken.segments
    assert 98 * 60 <= slots <= 100 * 60


@given(st.floats(0.5, 500), st.integers(1, 40), st.floats(-5, 5))
@settings(deadline=None, max_examples=200)
def test_a_reservation_starts_after_the_last_one_and_not_far_ahead(
    rate: float, segments: int, lead: float
) -> None:
    tat, now = EPOCH + lead, EPOCH
    taken = reserve(tat, rate, now, segments)
    if isinstance(taken, Wait):
        assert 0 < taken.seconds <= max(0.0, lead) + 1e-6
        assert isinstance(reserve(tat, rate, now + taken.seconds + 1e-6, segments), Reserved)
    else:
        assert taken.first_slot == max(tat, now)
        assert taken.new_tat == pytest.approx(taken.first_slot + segments * taken.step, abs=1e-6)
        assert len(taken.slots()) == segments
        # Only a message longer than the reach lies further, and only when nothing else is reserved.
        assert taken.new_tat <= now + AHEAD + 1e-6 or tat <= now


def test_a_long_message_passes_on_a_slow_line() -> None:
    taken = reserve(EPOCH, 1, EPOCH, 6)
    assert isinstance(taken, Reserved)
    assert taken.new_tat - EPOCH > AHEAD


def test_a_missed_slot_is_dropped_after_ten_milliseconds() -> None:
    assert not is_late(EPOCH, EPOCH)
    assert not is_late(EPOCH, EPOCH + 0.009)
    assert is_late(EPOCH, EPOCH + 0.011)


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (5, 6), (10, 0)])
def test_a_rate_without_room_is_refused(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="rate"):
        paced_rate(rate, burst)


def test_a_reservation_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="segment"):
        reserve(EPOCH, 10, EPOCH, 0)


def test_a_block_fits_the_reach() -> None:
    assert block(100) == 29
    assert block(1) == 1
