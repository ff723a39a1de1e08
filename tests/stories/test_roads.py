"""What is kept of each carrier's health, and which roads a sender has, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

from app.db.models import Attempt, Message, Sender
from app.db.queries import carrier_health, connections, organisations
from app.db.sending import connections as opened
from app.db.sending.connections import NewConnection
from app.db.sending.roads import ROUTED, Pick, RoadMap, roads_of
from app.messaging.sending.breaker import (
    FIRST_PAUSE,
    LEAST_CALLS,
    PROBE_EVERY,
    Health,
    Standing,
    Tally,
    observe,
    standing,
)
from app.messaging.sending.roads import Destination, Road, Wanted, Why, choose
from app.usecases.organisations.create_organisation import NewOrganisation, create_organisation
from tests.stories.payroll import ZOE
from tests.stories.story import Story

SMS = frozenset({"sms"})
DOWN = Tally(LEAST_CALLS, LEAST_CALLS)


def connect(story: Story, name: str, **more: object) -> None:
    new = NewConnection(name, "kannel", "{}", rate=10.0, **more)  # type: ignore[arg-type]
    with story.rt.begin() as session:
        opened.add(session, story.rt.vault.columns, new, story.rt.now())


def roads(story: Story, carrier: str) -> list[Road]:
    with story.rt.read() as session:
        sender: Sender = organisations.senders(session, story.id)["sms"]
        sender.carrier = carrier
        return roads_of(sender, connections.of_organisation(session, story.id))


def test_health_is_counted_as_the_rules_say_and_survives(story: Story) -> None:
    now = story.rt.now()
    expected = Health()
    for seconds, tally in ((0, Tally(3, 1)), (10, Tally(4, 4)), (50, Tally(1, 1)), (60, Tally(9, 1))):
        at = now + timedelta(seconds=seconds)
        expected = observe(expected, tally, at)
        with story.rt.begin() as session:
            carrier_health.count(session, {"a": tally}, at)
        with story.rt.read() as session:
            assert carrier_health.every(session) == {"a": expected}
    assert (expected.pauses, standing(expected, at)) == (2, Standing.PAUSED)


def test_several_workers_count_together(story: Story) -> None:
    now = story.rt.now()

    def flush(_number: int) -> None:
        with story.rt.begin() as session:
            carrier_health.count(session, {"b": Tally(2), "a": Tally(1)}, now)

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(flush, range(20)))
    with story.rt.read() as session:
        found = carrier_health.every(session)
    assert (found["a"].calls, found["b"].calls) == (20, 40)


def test_one_message_at_a_time_probes(story: Story) -> None:
    now = story.rt.now()
    with story.rt.begin() as session:
        carrier_health.count(session, {"a": DOWN}, now)
    later = now + FIRST_PAUSE

    def claim(_number: int) -> bool:
        with story.rt.begin() as session:
            return carrier_health.claim_probe(session, "a", later)

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(claim, range(12))) == 1
    with story.rt.begin() as session:
        assert carrier_health.claim_probe(session, "a", later + PROBE_EVERY)
        assert not carrier_health.claim_probe(session, "nobody", later)


def test_a_sender_on_the_simulator_leaves_by_nothing_else(story: Story) -> None:
    connect(story, "real")
    assert [road.key for road in roads(story, "simulator")] == ["simulator"]


def test_a_sender_leaves_by_its_own_connection_and_by_the_others_when_that_cannot(story: Story) -> None:
    connect(story, "own", rank=5, destinations=["metropole", "overseas"])
    connect(story, "other", senders=["PLI"], weight=3)
    found = {road.key: road for road in roads(story, "own")}
    assert found["own"] == Road("own", SMS, frozenset({Destination.METROPOLE, Destination.OVERSEAS}), rank=-1)
    assert found["other"] == Road("other", SMS, senders=frozenset({"PLI"}), weight=3)
    home = Wanted(Destination.METROPOLE, "sms", "PLI")
    assert choose(found.values(), home, {}, b"m", story.rt.now()).keys == ("own", "other")


def test_a_routed_sender_obeys_rank_and_weight(story: Story) -> None:
    connect(story, "second", rank=1)
    connect(story, "first")
    home = Wanted(Destination.METROPOLE, "sms", "PLI")
    assert choose(roads(story, ROUTED), home, {}, b"m", story.rt.now()).keys == ("first", "second")


def test_a_connection_of_another_organisation_is_no_road(story: Story) -> None:
    stranger = create_organisation(story.rt, NewOrganisation("Autre Maison", "AUTRE", "x@exemple.test"))
    connect(story, "theirs", organisation_id=stranger.id)
    assert roads(story, ROUTED) == []


def one_message(story: Story) -> Message:
    batch = story.upload([ZOE], channels=("sms",))
    story.release(batch)
    return story.only_message(batch)


def pick(story: Story, message: Message, now: datetime, *failed: str, to: str = "+33611001001") -> Pick:
    attempts = [
        Attempt(
            id=uuid4(), message_id=message.id, number=number, channel="sms", carrier=carrier, state="failed",
            segments=1, started_at=message.not_before,
        )
        for number, carrier in enumerate(failed, 1)
    ]  # fmt: skip
    with story.rt.begin() as session:
        sender = organisations.senders(session, story.id)["sms"]
        return RoadMap(session, sender, now).pick(message, to, attempts)


def test_what_one_connection_did_not_take_goes_by_the_next(story: Story) -> None:
    message, now = one_message(story), story.rt.now()
    connect(story, "first")
    connect(story, "second", rank=1, destinations=["metropole"])
    story.change_sender("sms", carrier=ROUTED)
    assert pick(story, message, now) == Pick("first", Why.IN_ORDER)
    assert pick(story, message, now, "first") == Pick("second", Why.IN_ORDER)
    assert pick(story, message, now, "first", "second") == Pick(None, Why.ALL_TRIED)
    assert pick(story, message, now, "first", to="+447911123456") == Pick(None, Why.ALL_TRIED)
    message.not_before = now + timedelta(seconds=5)  # held, and free again
    assert pick(story, message, now).carrier == "first"


def test_one_message_probes_a_connection_whose_pause_is_over(story: Story) -> None:
    message, now = one_message(story), story.rt.now()
    connect(story, "first")
    connect(story, "second", rank=1)
    story.change_sender("sms", carrier=ROUTED)
    with story.rt.begin() as session:
        carrier_health.count(session, {"first": DOWN}, now)
    assert pick(story, message, now).carrier == "second"
    later = now + FIRST_PAUSE
    assert [pick(story, message, later).carrier for _ in range(3)] == ["first", "second", "second"]


def test_without_a_connection_there_is_no_road_and_the_simulator_needs_none(story: Story) -> None:
    message, now = one_message(story), story.rt.now()
    assert pick(story, message, now) == Pick("simulator", Why.IN_ORDER)
    story.change_sender("sms", carrier=ROUTED)
    assert pick(story, message, now) == Pick(None, Why.NO_ROAD)
