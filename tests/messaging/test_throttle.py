"""Pace: no sliding second holds more segments than the limit, and nearly as many leave as may."""

import heapq
import itertools
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.messaging.timing.throttle import (
    AHEAD,
    CLOCK_ERROR,
    EXPRESS_AHEAD,
    SPAN,
    Pace,
    Wait,
    is_late,
    left_late,
    reserve,
)

EPOCH = 1_795_000_000.0


def busiest_second(sent: list[tuple[float, int]]) -> int:
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


@dataclass
class Workers:
    """Workers that share the stored logs, read the clock a little apart, wake up late, stall, and die anywhere."""

    dice: random.Random
    rates: list[float]  # of one connection, then of each sender
    costs: list[int]
    stalls: float = 0.0
    deaths: float = 0.0
    logs: list[bytes] = field(default_factory=list)
    sent: list[tuple[float, int, int]] = field(default_factory=list)  # instant, segments, sender

    def run(self, workers: int, seconds: float) -> None:
        """Let the workers, spread over the senders, work for so long."""
        self.logs = [b"" for _ in self.rates]
        asked = [(EPOCH + self.dice.random() * 0.1, worker) for worker in range(workers)]
        heapq.heapify(asked)
        while asked[0][0] < EPOCH + seconds:
            now, worker = heapq.heappop(asked)
            busy_until = self._turn(now, 1 + worker % (len(self.rates) - 1))
            heapq.heappush(asked, (busy_until, worker))

    def _turn(self, now: float, sender: int) -> float:
        """Take some slots and use them; when the worker asks again."""
        read = now + self.dice.uniform(-CLOCK_ERROR / 2, CLOCK_ERROR / 2)
        ours = [
            Pace.read(self.logs[0], self.rates[0], read, spaced=False),
            Pace.read(self.logs[sender], self.rates[sender], read),
        ]
        slots = []
        for _ in range(self.dice.randint(1, 40)):
            segments = self.dice.choice(self.costs)
            slot = reserve(ours, read, segments, read + AHEAD)
            if isinstance(slot, Wait):
                break
            slots.append((slot, segments))
        self.logs[0], self.logs[sender] = (pace.write() for pace in ours)
        if not slots:
            return now + 0.02
        awake = now
        for slot, segments in slots:
            if self.dice.random() < self.deaths:
                return awake + 1.0  # the others of these slots are lost; somebody else begins anew
            if self.dice.random() < self.stalls:
                awake = max(awake, slot) + self.dice.uniform(0, 0.4)
            at = max(awake, slot + now - read + self.dice.choice([0, 0, 0.001, 0.004]))
            if not is_late(slot + now - read, at):
                self.sent.append((at, segments, sender))
        return max(now + 0.001, awake, slots[-1][0] - self.dice.random() * AHEAD)


@given(
    st.sampled_from([1, 2, 10, 37, 100]),
    st.sampled_from([1, 1.5, 4]),
    st.lists(st.sampled_from([1, 1, 1, 2, 3, 10, 130]), min_size=1, max_size=5),
    st.integers(1, 3),
    st.integers(1, 6),
    st.integers(0, 10**6),
)
@settings(deadline=None, max_examples=120)
def test_no_sliding_second_exceeds_a_limit(
    rate: int, wider: float, costs: list[int], senders: int, workers: int, seed: int
) -> None:
    """Of a sender or of the connection, whatever the order of the workers, their stalls and their deaths."""
    rates = [float(int(rate * wider)), *[float(rate)] * senders]
    costs = [cost for cost in costs if cost <= rate] or [1]
    house = Workers(random.Random(seed), rates, costs, stalls=0.02, deaths=0.01)
    house.run(workers, 5)
    assert house.sent
    assert busiest_second([(at, segments) for at, segments, _ in house.sent]) <= rates[0]
    for sender in range(1, senders + 1):
        assert busiest_second([(at, segments) for at, segments, who in house.sent if who == sender]) <= rate


@given(
    st.sampled_from([10, 36, 100, 200]),
    # Room has to be made before each of the longer messages of a mix.
    st.sampled_from([([1], 0.98), ([2], 0.98), ([1, 1, 1, 2], 0.96), ([1] * 20 + [10], 0.92)]),
    st.integers(1, 6),
    st.integers(0, 10**6),
)
@settings(deadline=None, max_examples=30)
def test_workers_on_time_use_98_percent(
    rate: int, mix: tuple[list[int], float], workers: int, seed: int
) -> None:
    (costs, share), seconds = mix, 9
    house = Workers(random.Random(seed), [4.0 * rate, float(rate)], costs)
    house.run(workers, seconds)
    used = sum(segments for at, segments, _ in house.sent if EPOCH + 1 <= at < EPOCH + seconds)
    assert used >= share * rate * (seconds - 1) - max(costs)


def test_what_stalls_wasted_is_made_up_for_within_the_limit() -> None:
    """The only worker is deaf for 60 ms of each second: it gives back what it missed, and still 98 of 100 leave."""
    log, now, rounds = b"", EPOCH, 0
    granted: list[float] = []
    sent: list[tuple[float, int]] = []
    while now < EPOCH + 30:
        pace = Pace.read(log, 100, now)
        for slot in [slot for slot in granted if slot <= now]:
            granted.remove(slot)
            if is_late(slot, now):
                pace.give_back(slot, 1)
            else:
                sent.append((now, 1))
        while not isinstance(taken := reserve([pace], now, 1, now + AHEAD), Wait):
            granted.append(taken)
        log = pace.write()
        rounds += 1
        now += 0.06 if rounds % 180 == 0 else 0.005
    assert busiest_second(sent) <= 100
    assert len(sent) >= 0.98 * 30 * 100


def test_an_idle_sender_begins_evenly_and_not_with_a_burst() -> None:
    pace = Pace(100)
    slots = [reserve([pace], EPOCH, 1, EPOCH + 5) for _ in range(250)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(slots)]  # type: ignore[operator]
    assert min(gaps) >= 0.9 / 100
    assert busiest_second([(float(slot), 1) for slot in slots]) <= 100  # type: ignore[arg-type]


def test_a_long_message_waits_for_room_and_leaves_at_once() -> None:
    pace = Pace(10)
    singles = [reserve([pace], EPOCH, 1, EPOCH + 0.9) for _ in range(9)]
    assert not any(isinstance(slot, Wait) for slot in singles)
    slot = reserve([pace], EPOCH + 0.9, 10, EPOCH + 60)
    assert slot == pytest.approx(singles[-1] + SPAN)  # type: ignore[operator]


def test_a_message_longer_than_the_limit_takes_the_seconds_after_it_too() -> None:
    pace = Pace(5)
    assert reserve([pace], EPOCH, 12, EPOCH) == EPOCH
    assert reserve([pace], EPOCH, 4, EPOCH + 60) == pytest.approx(EPOCH + 3 * SPAN, abs=0.2)
    pace.give_back(EPOCH, 12)
    assert reserve([pace], EPOCH, 1, EPOCH) == EPOCH


def test_a_slow_line_sends_one_segment_in_its_time() -> None:
    pace = Pace(0.5)
    slots = [reserve([pace], EPOCH, 1, EPOCH + 60) for _ in range(4)]
    assert [round(float(slot) - EPOCH, 3) for slot in slots] == [0, 2.02, 4.04, 6.06]  # type: ignore[arg-type]


def test_a_slot_is_granted_only_a_little_ahead() -> None:
    pace = Pace(100)
    for _ in range(200):
        slot = reserve([pace], EPOCH, 1, EPOCH + AHEAD)
        if isinstance(slot, Wait):
            break
        assert EPOCH <= slot <= EPOCH + AHEAD
    assert isinstance(slot, Wait)
    assert 0 < slot.seconds <= 1.2 / 100
    urgent = reserve([pace], EPOCH, 1, EPOCH + EXPRESS_AHEAD)
    assert not isinstance(urgent, Wait), "what is urgent finds room behind the others"
    assert pace.room(EPOCH, EPOCH + EXPRESS_AHEAD, 100) > 5
    assert pace.room(EPOCH, EPOCH + EXPRESS_AHEAD, 3) == 3


def test_a_connection_is_shared_to_the_full_by_senders_that_are_slower_than_it() -> None:
    """Slots of one sender leave room between them, and another sender's fit in."""
    line, one, other = Pace(150, spaced=False), Pace(100), Pace(100)
    sent = []
    for sender in (one, other):
        while not isinstance(slot := reserve([line, sender], EPOCH, 1, EPOCH + 10), Wait):
            sent.append((slot, 1))
    assert busiest_second(sent) <= 150
    assert len(sent) >= 0.98 * 150 * 10


def test_a_slot_given_back_is_granted_again() -> None:
    pace = Pace(10)
    slots = [reserve([pace], EPOCH, 1, EPOCH + 0.85) for _ in range(9)]
    pace.give_back(float(slots[3]), 1)  # type: ignore[arg-type]
    assert reserve([pace], EPOCH, 1, EPOCH + 0.85) == slots[3]
    pace.give_back(EPOCH - 5, 1)


@given(st.lists(st.tuples(st.floats(-3, 0.4), st.integers(1, 200)), max_size=80))
@settings(deadline=None, max_examples=100)
def test_a_stored_log_says_the_same(grants: list[tuple[float, int]]) -> None:
    pace = Pace(1000)
    for lead, segments in grants:
        pace.take(EPOCH + lead, segments)
    again = Pace.read(pace.write(), 1000, EPOCH)
    assert again.earliest(EPOCH, 1) == pace.earliest(EPOCH, 1)
    assert again.within(EPOCH) == pace.within(EPOCH)
    assert Pace.read(again.write(), 1000, EPOCH + 4).write() == b""


@given(st.integers(0, 10**6), st.sampled_from([10, 100]))
@settings(deadline=None, max_examples=40)
def test_a_message_that_left_late_is_moved_and_the_limit_holds(seed: int, rate: int) -> None:
    """Some messages leave up to 0.2 s after their slots, which is told with the next turn."""
    dice, log, now = random.Random(seed), b"", EPOCH
    sent: list[tuple[float, int]] = []
    late: list[tuple[float, float]] = []
    while now < EPOCH + 6:
        pace = Pace.read(log, rate, now)
        for told in [one for one in late if one[1] <= now]:
            pace.move(*told, 1)
            late.remove(told)
        while not isinstance(slot := reserve([pace], now, 1, now + AHEAD), Wait):
            left = slot + (dice.uniform(0.02, 0.2) if dice.random() < 0.2 else 0)
            sent.append((left, 1))
            if left_late(slot, left):
                late.append((slot, left))
        log = pace.write()
        now += 0.1
    assert len(sent) > 5 * 0.8 * rate
    assert busiest_second(sent) <= rate


def test_a_clock_set_back_holds_the_sender_for_one_second_only() -> None:
    pace = Pace(100)
    for _ in range(30):
        reserve([pace], EPOCH, 1, EPOCH + 1)
    back = Pace.read(pace.write(), 100, EPOCH - 86_400)
    assert back.earliest(EPOCH - 86_400, 1) == pytest.approx(EPOCH - 86_400 + SPAN)


def test_the_last_second_is_told_in_messages_and_segments() -> None:
    pace = Pace(100)
    for lead, segments in ((-1.5, 1), (-0.9, 2), (-0.1, 3), (0.2, 1)):
        pace.take(EPOCH + lead, segments)
    assert pace.within(EPOCH) == (2, 5)


def test_a_missed_slot_is_given_back_after_eight_milliseconds() -> None:
    assert not is_late(EPOCH, EPOCH)
    assert not is_late(EPOCH, EPOCH + 0.007)
    assert is_late(EPOCH, EPOCH + 0.009)


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_without_room_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        Pace(rate)


def test_a_message_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="segment"):
        Pace(10).earliest(EPOCH, 0)
