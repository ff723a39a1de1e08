"""Reports are told until they are acknowledged, and the loop that tells them."""

import itertools
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.carriers.base import Inbound, Report
from app.carriers.simulated.network import SimulatedNetwork, SimulatorLoop
from app.core import clock
from app.core.errors import Conflict
from app.db.session import Database
from tests.carriers.simulated import ORDINARY, SENDER, World, open_world, stored


def attempts(network: SimulatedNetwork, world: World) -> list[object]:
    return [notice.event.attempt_id for notice in network.tick(world.now) if isinstance(notice.event, Report)]


def test_a_report_comes_again_until_it_is_acknowledged(world: World) -> None:
    attempt = world.send()
    world.now += timedelta(seconds=1)
    first = world.network.tick(world.now)
    world.now += timedelta(seconds=4.9)
    assert world.network.tick(world.now) == []
    world.now += timedelta(seconds=0.1)
    second = world.network.tick(world.now)
    assert second == first
    assert [event.event.attempt_id for event in first if isinstance(event.event, Report)] == [attempt]

    world.network.acknowledge([notice.id for notice in second])
    world.network.acknowledge([notice.id for notice in second])
    world.now += timedelta(hours=1)
    assert world.network.tick(world.now) == []


def test_the_pauses_between_repeats_grow_up_to_five_minutes(world: World) -> None:
    world.send()
    world.now += timedelta(seconds=1)
    told_at = []
    for _ in range(260):
        if world.network.tick(world.now):
            told_at.append(world.now)
        world.now += timedelta(seconds=5)

    pauses = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(told_at)]
    assert pauses[:7] == [5, 10, 20, 40, 80, 160, 300]
    assert set(pauses[7:]) == {300}


def test_a_report_that_was_told_but_not_recorded_survives_a_restart(database: Database) -> None:
    before = open_world(database)
    attempt = before.send()
    before.now += timedelta(seconds=1)
    assert len(before.network.tick(before.now)) == 1

    reopened = Database(database.url)
    after = open_world(reopened, before.organisation)
    after.now = before.now + timedelta(seconds=5)
    assert attempts(after.network, after) == [attempt]
    reopened.close()


def test_two_workers_do_not_tell_the_same_report_at_once(world: World) -> None:
    other = open_world(world.database, world.organisation)
    attempt = world.send()
    world.now += timedelta(seconds=1)

    assert attempts(world.network, world) == [attempt]
    other.now = world.now
    assert attempts(other.network, other) == []


def test_a_flood_is_told_in_pieces_and_nothing_is_left_out(sqlite_world: World) -> None:
    world = sqlite_world
    sent = {world.send(f"+3361109{number:04d}") for number in range(250)}
    world.now += timedelta(seconds=1)
    first, second = world.network.tick(world.now), world.network.tick(world.now)

    assert (len(first), len(second)) == (200, 50)
    told = {notice.event.attempt_id for notice in first + second if isinstance(notice.event, Report)}
    assert told == sent


def test_old_texts_are_erased_and_the_message_stays(world: World) -> None:
    attempt = world.send()
    world.wait(2)
    assert world.network.erase_old(world.now + timedelta(days=11)) == 0
    assert world.network.erase_old(world.now + timedelta(days=12)) == 1
    assert world.network.erase_old(world.now + timedelta(days=12)) == 0

    assert stored(world, attempt).body_sealed is None
    (message,) = world.phone().messages
    assert message.erased
    assert message.text == ""


def test_an_answer_that_is_not_recorded_yet_is_not_erased(world: World) -> None:
    world.send()
    world.wait(2)
    world.phones.reply(world.organisation, world.phone().summary.id, SENDER, "STOP", world.now)
    assert world.network.erase_old(world.now + timedelta(days=30)) == 1

    (event,) = world.wait(1)
    assert isinstance(event, Inbound)
    assert event.text == "STOP"
    assert world.network.erase_old(world.now + timedelta(days=30)) == 1


Step = tuple[str, int]
steps = st.lists(
    st.tuples(st.sampled_from(["sms", "rcs", "power", "rcs_switch", "revoke", "wait"]), st.integers(0, 3)),
    max_size=15,
)


def test_whatever_happens_the_phone_and_the_reports_agree(sqlite_world: World) -> None:
    """In any order of sending, switching, revoking and waiting, a report says what the phone shows."""
    numbers = iter(range(10_000))

    @given(steps)
    @settings(max_examples=30, deadline=None)
    def check(chosen: list[Step]) -> None:
        number = f"+3361109{next(numbers):04d}"
        world = open_world(sqlite_world.database, sqlite_world.organisation)
        sent = [world.send(number, ttl=20)]
        reports: list[Report] = []
        outcomes: dict[object, str] = {}
        for action, argument in chosen:
            phone = world.phone(number).summary
            if action in ("sms", "rcs") and not (action == "rcs" and not phone.rcs):
                sent.append(world.send(number, action, ttl=20))  # type: ignore[arg-type]
            elif action == "power":
                world.phones.set_power(world.organisation, phone.id, not phone.powered)
            elif action == "rcs_switch":
                world.phones.set_rcs(world.organisation, phone.id, not phone.rcs)
            elif action == "revoke":
                attempt = sent[argument % len(sent)]
                outcomes[attempt] = world.carrier.revoke(attempt, ORDINARY, world.now)
            elif action == "wait":
                reports += [event for event in world.wait(argument * 4) if isinstance(event, Report)]
        reports += [event for event in world.wait(30) if isinstance(event, Report)]

        for attempt in sent:
            told = [report.state for report in reports if report.attempt_id == attempt]
            state = stored(world, attempt).state
            assert told == {"delivered": ["delivered"], "expired": ["expired"], "revoked": []}[state]
            if outcomes.get(attempt) == "revoked":
                assert state in ("revoked", "expired")
            if outcomes.get(attempt) == "already_delivered":
                assert state == "delivered"
        shown = [message for message in world.phone(number).messages if message.incoming]
        assert len(shown) == sum(report.state == "delivered" for report in reports)

    check()


class Recorder:
    """Keeps what the loop hands over; raises what it is told to, first."""

    def __init__(self, *failures: Exception) -> None:
        self.events: list[Report | Inbound] = []
        self.failures = list(failures)

    def __call__(self, event: Report | Inbound) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.events.append(event)


def until(condition: Callable[[], bool]) -> None:
    for _ in range(400):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("this did not happen in eight seconds")


def test_the_loop_records_and_acknowledges(world: World) -> None:
    world.now = clock.now()
    attempt = world.send()
    recorder = Recorder()
    loop = SimulatorLoop(world.network, recorder, clock.now)
    loop.start()
    until(lambda: len(recorder.events) == 1)
    loop.stop()

    assert [event.attempt_id for event in recorder.events if isinstance(event, Report)] == [attempt]
    assert world.network.tick(clock.now() + timedelta(hours=1)) == []


def test_the_loop_stops_promptly(sqlite_world: World) -> None:
    world = sqlite_world
    loop = SimulatorLoop(world.network, Recorder(), clock.now)
    loop.start()
    started = time.monotonic()
    loop.stop()

    assert time.monotonic() - started < 2


def test_the_loop_ends_after_the_event_in_hand_and_keeps_the_rest(sqlite_world: World) -> None:
    world = sqlite_world
    world.now = clock.now() - timedelta(seconds=2)
    for _ in range(3):
        world.send()
    recorded: list[Report | Inbound] = []
    in_hand, go_on = Event(), Event()

    def record(event: Report | Inbound) -> None:
        in_hand.set()
        go_on.wait(5)
        recorded.append(event)

    loop = SimulatorLoop(world.network, record, clock.now)
    loop.start()
    assert in_hand.wait(5)
    loop._stopping.set()
    go_on.set()
    loop.stop()

    assert len(recorded) == 1
    left = world.network.tick(clock.now() + timedelta(hours=1))
    assert len(left) == 2
    assert recorded[0] not in [notice.event for notice in left]


def test_an_event_that_cannot_be_recorded_holds_back_no_other_and_is_not_lost(
    sqlite_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world = sqlite_world
    world.now = clock.now() - timedelta(seconds=2)
    sent = {world.send(), world.send()}
    recorder = Recorder(Conflict("not_now", f"about {ORDINARY}"))
    loop = SimulatorLoop(world.network, recorder, clock.now)
    with caplog.at_level(logging.ERROR):
        loop.start()
        until(lambda: len(recorder.events) == 1)
        loop.stop()

    (left,) = world.network.tick(clock.now() + timedelta(hours=1))
    told = {event.attempt_id for event in (*recorder.events, left.event) if isinstance(event, Report)}
    assert told == sent
    (record,) = caplog.records
    assert record.pli_fields == {"code": "not_now"}  # type: ignore[attr-defined]
    assert ORDINARY not in caplog.text


def test_the_loop_outlives_a_store_that_is_away(
    sqlite_world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = sqlite_world
    world.now = clock.now() - timedelta(seconds=2)
    world.send()
    tick, failures = world.network.tick, [OSError(f"about {ORDINARY}")]

    def away_once(now: object) -> object:
        if failures:
            raise failures.pop()
        return tick(now)  # type: ignore[arg-type]

    monkeypatch.setattr(world.network, "tick", away_once)
    recorder = Recorder()
    loop = SimulatorLoop(world.network, recorder, clock.now)
    with caplog.at_level(logging.ERROR):
        loop.start()
        until(lambda: len(recorder.events) == 1)
        loop.stop()

    (record,) = caplog.records
    assert record.pli_fields == {"code": "OSError"}  # type: ignore[attr-defined]
    assert ORDINARY not in caplog.text
