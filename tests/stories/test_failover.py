"""Several connections for one sender: what one certainly did not take goes by the next, what it may have taken never."""

from dataclasses import replace

import pytest

from app.carriers.base import Carrier, Refused, Submission
from app.db.models import Batch
from app.db.sending import connections
from app.db.sending.connections import NewConnection, Terms
from app.db.sending.roads import ROUTED
from app.messaging.sending.breaker import LEAST_CALLS
from app.usecases.carriers.change_connection import change_connection
from tests.stories.carriers import Answer, ScriptedCarrier, accept, down, no_answer
from tests.stories.payroll import ZOE, Employee, crew
from tests.stories.story import Story

SMS = ("sms",)


class Roads:
    """Two connections, `first` before `second`, that answer as scripts say."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.first = ScriptedCarrier(name="first", idempotent=False)
        self.second = ScriptedCarrier(name="second", idempotent=False)
        self.carriers: dict[str, Carrier] = {"first": self.first, "second": self.second}
        story.rt = story.pipeline.rt = replace(story.rt, carriers=self.carriers)
        story.change_sender("sms", carrier=ROUTED)

    def connect(self, *, first: tuple[str, ...] = (), second: tuple[str, ...] = ()) -> None:
        """Set both up, for these destinations."""
        for rank, (name, destinations) in enumerate((("first", first), ("second", second))):
            new = NewConnection(name, "kannel", "{}", rate=100.0, destinations=destinations, rank=rank)
            with self.story.rt.begin() as session:
                connections.add(session, self.story.rt.vault.columns, new, self.story.rt.now())

    def calls(self) -> tuple[int, int]:
        return len(self.first.submitted), len(self.second.submitted)

    def tries(self, batch: Batch) -> list[tuple[str, str, str]]:
        """Carrier, state and reason of every attempt of the batch's only message."""
        attempts = self.story.attempts_of(self.story.only_message(batch))
        return [(attempt.carrier, attempt.state, attempt.reason) for attempt in attempts]


@pytest.fixture
def roads(story: Story) -> Roads:
    return Roads(story)


def after(story: Story, seconds: float) -> None:
    """Let time pass, and let what waited for it go on."""
    story.clock.forward(seconds=seconds)
    story.timers()
    story.pipeline.run()


def test_what_the_first_did_not_take_goes_by_the_second_at_once(story: Story, roads: Roads) -> None:
    roads.connect()
    roads.first.script = down
    batch = story.sent(ZOE, channels=SMS)
    assert roads.tries(batch) == [("first", "failed", "carrier_down"), ("second", "submitted", "")]
    assert story.only_message(batch).state == "submitted"
    one, other = roads.first.submitted + roads.second.submitted
    assert one.attempt_id != other.attempt_id
    assert one.text == other.text


def test_what_the_first_may_have_taken_goes_by_nothing_else(story: Story, roads: Roads) -> None:
    roads.connect()
    roads.first.script = no_answer
    batch = story.sent(ZOE, channels=SMS)
    after(story, 600)
    assert roads.calls() == (1, 0)
    assert story.only_message(batch).state == "unknown"


@pytest.mark.parametrize("code", ["sender_refused", "destination_closed"])
def test_what_only_this_connection_refuses_goes_by_the_next(story: Story, roads: Roads, code: str) -> None:
    roads.connect()
    roads.first.script = lambda _submission: Refused(code)
    batch = story.sent(ZOE, channels=SMS)
    assert roads.tries(batch) == [("first", "failed", code), ("second", "submitted", "")]


def test_what_every_connection_would_refuse_is_asked_once(story: Story, roads: Roads) -> None:
    roads.connect()
    roads.first.script = lambda _submission: Refused("unknown_number")
    batch = story.sent(ZOE, channels=SMS)
    assert roads.calls() == (1, 0)
    assert (story.only_message(batch).state, story.only_message(batch).reason) == ("failed", "unknown_number")


def test_when_both_are_down_the_message_waits_and_both_are_asked_again(story: Story, roads: Roads) -> None:
    roads.connect()
    roads.first.script = roads.second.script = down
    batch = story.sent(ZOE, channels=SMS)
    assert roads.calls() == (1, 1)
    assert (story.only_message(batch).state, story.only_message(batch).reason) == ("held", "carrier_down")
    roads.second.script = accept
    after(story, 6)
    assert [(carrier, state) for carrier, state, _ in roads.tries(batch)] == [
        ("first", "failed"),
        ("second", "failed"),
        ("first", "failed"),
        ("second", "submitted"),
    ]


def test_a_message_that_nobody_takes_fails_after_its_last_wait(story: Story, roads: Roads) -> None:
    roads.connect()
    roads.first.script = roads.second.script = down
    batch = story.sent(ZOE, channels=SMS)
    for seconds in (6, 31, 301, 301, 301):
        after(story, seconds)
    assert roads.calls() == (4, 4)
    assert (story.only_message(batch).state, story.only_message(batch).reason) == ("failed", "carrier_down")


def test_a_sender_refused_everywhere_fails_without_waiting(story: Story, roads: Roads) -> None:
    roads.connect()
    roads.first.script = roads.second.script = lambda _submission: Refused("sender_refused")
    batch = story.sent(ZOE, channels=SMS)
    assert roads.calls() == (1, 1)
    assert (story.only_message(batch).state, story.only_message(batch).reason) == ("failed", "sender_refused")


def test_a_connection_that_fails_is_left_alone_then_tried_by_one_message(story: Story, roads: Roads) -> None:
    roads.connect()
    roads.first.script = down
    story.sent(*crew(LEAST_CALLS), channels=SMS)
    assert roads.calls() == (LEAST_CALLS, LEAST_CALLS)
    story.sent(*others(3), channels=SMS)
    assert roads.calls() == (LEAST_CALLS, LEAST_CALLS + 3)
    story.clock.forward(seconds=31)
    roads.first.script = accept
    story.sent(*others(3, 3), channels=SMS)
    assert roads.calls() == (LEAST_CALLS + 1, LEAST_CALLS + 5)
    story.sent(*others(3, 6), channels=SMS)
    assert roads.calls() == (LEAST_CALLS + 4, LEAST_CALLS + 5)


def test_a_connection_that_cannot_be_used_is_passed_by(story: Story, roads: Roads) -> None:
    roads.connect()
    del roads.carriers["first"]
    batch = story.sent(ZOE, channels=SMS)
    assert roads.tries(batch) == [("first", "failed", "carrier_misconfigured"), ("second", "submitted", "")]


def test_a_doubt_on_a_connection_that_was_switched_off_is_shown_as_one(story: Story, roads: Roads) -> None:
    roads.connect()
    batch = story.upload([ZOE], channels=SMS)

    def switched_off_meanwhile(submission: Submission) -> Answer:
        del roads.carriers["first"]
        return no_answer(submission)

    roads.first.script = switched_off_meanwhile
    story.send(batch)
    assert roads.calls() == (1, 0)
    assert story.only_message(batch).state == "unknown"


def test_each_destination_has_its_connections(story: Story, roads: Roads) -> None:
    roads.connect(first=("metropole",), second=("overseas",))
    abroad = replace(ZOE, staff="00100098", last="LOIN", phone="+44 7911 123456", code="W4KD-8RSN")
    island = replace(ZOE, staff="00100099", last="ÎLE", phone="0692 12 34 56", code="B6HZ-3TGM")
    batch = story.upload([ZOE, abroad, island], channels=SMS)
    story.send(batch)
    assert [submission.to for submission in roads.first.submitted] == ["+33611001001"]
    assert [submission.to for submission in roads.second.submitted] == ["+262692123456"]
    nowhere = story.messages_of(batch)[abroad.staff]
    assert (nowhere.state, nowhere.reason) == ("failed", "no_road")


def others(count: int, start: int = 0) -> list[Employee]:
    """People whom no other batch of this story is about."""
    return [
        replace(person, staff=f"0020{number:04}", phone=f"06 22 00 {number // 100:02} {number % 100:02}")
        for number, person in enumerate(crew(start + count)[start:], start)
    ]


def test_what_an_operator_changes_holds_from_the_next_message_on(story: Story, roads: Roads) -> None:
    roads.connect()
    people = crew(4)
    for place, (terms, expected) in enumerate(
        [
            (Terms(enabled=False), (0, 1)),
            (Terms(enabled=True), (1, 1)),
            (Terms(rank=2), (1, 2)),
            (Terms(rank=0, destinations=("overseas",)), (1, 3)),
        ]
    ):
        change_connection(story.rt, "first", terms=terms)
        story.sent(people[place], channels=SMS)
        assert roads.calls() == expected
