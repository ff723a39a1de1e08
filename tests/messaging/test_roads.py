"""Which connection carries a message."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.messaging.sending.breaker import LEAST_CALLS, Health, Standing, Tally, observe, standing
from app.messaging.sending.roads import (
    Choice,
    Destination,
    Road,
    Wanted,
    Why,
    choose,
    destination_of,
    rounds,
    tried_in_round,
)

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SMS = frozenset({"sms"})
HOME = Wanted(Destination.METROPOLE, "sms", "PLI")
MESSAGE = b"\x01" * 16
PAUSED = observe(Health(), Tally(LEAST_CALLS, LEAST_CALLS), NOW)
SLOW = observe(Health(), Tally(100, 0, 100), NOW)

healths = st.sampled_from([Health(), PAUSED, SLOW])
roads = st.lists(
    st.builds(
        Road,
        key=st.sampled_from("abcdef"),
        channels=st.sampled_from([SMS, frozenset({"sms", "rcs"}), frozenset({"rcs"})]),
        destinations=st.frozensets(st.sampled_from(list(Destination))),
        senders=st.sampled_from([frozenset(), frozenset({"PLI"}), frozenset({"36111"})]),
        rank=st.integers(0, 2),
        weight=st.integers(0, 5),
    ),
    unique_by=lambda road: road.key,
)
wanteds = st.builds(
    Wanted,
    destination=st.sampled_from(list(Destination)),
    channel=st.sampled_from(["sms", "rcs"]),
    sender=st.sampled_from(["PLI", "36111"]),
)


def road(key: str, **changed: object) -> Road:
    return Road(key, SMS, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "destination"),
    [
        ("+33612345678", Destination.METROPOLE),
        ("+33756789012", Destination.METROPOLE),
        ("+262692123456", Destination.OVERSEAS),
        ("+262639123456", Destination.OVERSEAS),
        ("+590690123456", Destination.OVERSEAS),
        ("+596696123456", Destination.OVERSEAS),
        ("+594694123456", Destination.OVERSEAS),
        ("+508412345", Destination.OVERSEAS),
        ("+687751234", Destination.OVERSEAS),
        ("+68987123456", Destination.OVERSEAS),
        ("+447911123456", Destination.FOREIGN),
        ("+32470123456", Destination.FOREIGN),
    ],
)
def test_a_number_belongs_to_the_mainland_overseas_or_abroad(number: str, destination: Destination) -> None:
    assert destination_of(number) is destination


def test_only_roads_that_serve_destination_channel_and_sender_are_taken() -> None:
    there = [
        road("home", destinations=frozenset({Destination.METROPOLE})),
        road("away", destinations=frozenset({Destination.FOREIGN})),
        road("named", senders=frozenset({"OTHER"})),
        Road("card", frozenset({"rcs"})),
    ]
    assert choose(there, HOME, {}, MESSAGE, NOW) == Choice(("home",), Why.IN_ORDER)
    overseas = Wanted(Destination.OVERSEAS, "sms", "PLI")
    assert choose(there, overseas, {}, MESSAGE, NOW) == Choice((), Why.NO_ROAD)


def test_the_lowest_rank_comes_first_and_the_next_takes_over_when_it_is_paused() -> None:
    there = [road("second", rank=1, weight=100), road("first", rank=0)]
    assert choose(there, HOME, {}, MESSAGE, NOW).keys == ("first", "second")
    assert choose(there, HOME, {"first": PAUSED}, MESSAGE, NOW) == Choice(("second",), Why.AROUND_TROUBLE)


def test_a_slow_road_is_passed_by_but_kept_behind() -> None:
    there = [road("first"), road("second", rank=1)]
    assert choose(there, HOME, {"first": SLOW}, MESSAGE, NOW) == Choice(
        ("second", "first"), Why.AROUND_TROUBLE
    )


def test_weights_share_the_messages() -> None:
    there = [road("a", weight=3), road("b", weight=1), road("c", weight=0)]
    first = Counter(
        choose(there, HOME, {}, uuid5(UUID(int=0), str(number)).bytes, NOW).keys[0] for number in range(4000)
    )
    assert 2850 < first["a"] < 3150
    assert first["c"] == 0
    assert choose([road("c", weight=0)], HOME, {}, MESSAGE, NOW).keys == ("c",)


def test_after_the_pause_one_message_may_probe_and_the_others_keep_away() -> None:
    later = NOW + timedelta(minutes=1)
    there = [road("first"), road("second", rank=1)]
    assert choose(there, HOME, {"first": PAUSED}, MESSAGE, later) == Choice(
        ("second",), Why.AROUND_TROUBLE, probe="first"
    )


def test_a_probe_is_never_one_that_was_tried() -> None:
    later = NOW + timedelta(minutes=1)
    there = [road("first"), road("second", rank=1)]
    assert choose(there, HOME, {"first": PAUSED}, MESSAGE, later, tried=["first"]).probe is None


def test_when_all_are_in_trouble_nothing_is_avoided() -> None:
    there = [road("a"), road("b"), road("c")]
    fine = choose(there, HOME, {}, MESSAGE, NOW)
    for trouble in (PAUSED, SLOW):
        found = choose(there, HOME, dict.fromkeys("abc", trouble), MESSAGE, NOW)
        assert found == Choice(fine.keys, Why.ALL_IN_TROUBLE)


def test_what_failed_is_not_offered_again_in_the_same_round() -> None:
    there = [road("a"), road("b", rank=1)]
    assert choose(there, HOME, {}, MESSAGE, NOW, tried=["a"]).keys == ("b",)
    assert choose(there, HOME, {}, MESSAGE, NOW, tried=["a", "b"]) == Choice((), Why.ALL_TRIED)


@dataclass
class Attempted:
    carrier: str
    started_at: datetime
    channel: str = "sms"
    state: str = "failed"


def test_a_hold_gives_every_road_another_chance() -> None:
    earlier, since = NOW - timedelta(minutes=1), NOW
    attempts = [
        Attempted("a", earlier),
        Attempted("b", earlier),
        Attempted("a", NOW),
        Attempted("c", NOW, channel="rcs"),
        Attempted("d", NOW, state="submitted"),
    ]
    assert tried_in_round(attempts, "sms", since) == {"a"}
    assert rounds(attempts, "sms") == 2
    assert rounds([], "sms") == 0


@settings(max_examples=200, deadline=None)
@given(roads, wanteds, st.dictionaries(st.sampled_from("abcdef"), healths), st.binary(min_size=16, max_size=16),
       st.frozensets(st.sampled_from("abcdef")), st.integers(0, 120))  # fmt: skip
def test_whatever_the_health_a_message_finds_a_road_exactly_when_one_fits(
    there: list[Road],
    wanted: Wanted,
    health: dict[str, Health],
    message: bytes,
    tried: frozenset[str],
    seconds: int,
) -> None:
    now = NOW + timedelta(seconds=seconds)
    found = choose(there, wanted, health, message, now, tried)
    by_key = {one.key: one for one in there}
    fitting = {
        key
        for key, one in by_key.items()
        if wanted.channel in one.channels
        and wanted.destination in one.destinations
        and (not one.senders or wanted.sender in one.senders)
    }
    assert bool(found.keys) == bool(fitting - tried)
    assert set(found.keys) <= fitting - tried
    assert len(set(found.keys)) == len(found.keys)
    at = {key: standing(health.get(key, Health()), now) for key in fitting - tried}
    if Standing.WORKING in at.values():
        assert at[found.keys[0]] is Standing.WORKING
    if found.probe is not None:
        assert found.probe not in found.keys
        assert at[found.probe] is Standing.PROBING
    assert choose(list(reversed(there)), wanted, health, message, now, tried) == found


@settings(max_examples=200, deadline=None)
@given(roads, wanteds, st.binary(min_size=16, max_size=16))
def test_a_road_that_goes_leaves_the_order_of_the_others(
    there: list[Road], wanted: Wanted, message: bytes
) -> None:
    whole = choose(there, wanted, {}, message, NOW).keys
    for gone in whole:
        left = choose([one for one in there if one.key != gone], wanted, {}, message, NOW).keys
        assert left == tuple(key for key in whole if key != gone)
