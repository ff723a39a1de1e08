"""Why a message that waits does not leave, or not yet."""

from datetime import timedelta
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest
from sqlmodel import select

from app.carriers.base import CarrierError, Refused, Submission
from app.db.models import Block, Message
from app.db.queries import carrier_health, consents, organisations
from app.db.queries.messages import Lane
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.category_rules import priority
from app.messaging.permission.consent import Fact
from app.messaging.sending.breaker import Tally
from app.messaging.sending.senders import Kind as SenderKind
from app.usecases.messages.dispatch_sender import _start_next, dispatch_sender
from app.usecases.messages.dispatch_sender.run import Run
from app.usecases.operations.wipe_texts import wipe_texts
from tests.queue import queue, rows, sms_sender
from tests.senders import add_sender
from tests.stories.carriers import Answer, ScriptedCarrier, accept, down
from tests.stories.payroll import ZOE, crew
from tests.stories.story import Story
from tests.stories.test_failover import SMS, Roads, after

MINUTES = timedelta(minutes=5)


def code_for_somebody(story: Story, kind: Kind = Kind.ACCESS_CODE) -> list[str]:
    """A message in the queue that is worth something for five minutes; its runs."""
    sender = sms_sender(story.rt, story.id)
    rank = priority(Category.TRANSACTIONAL, kind)
    return queue(story.rt, rows(story.rt, sender, ["4711"], valid=MINUTES, kind=kind, priority=rank))


def the_message(story: Story) -> Message:
    with story.rt.read() as session:
        return session.exec(select(Message)).one()


@pytest.mark.parametrize(
    ("kind", "ends"), [(Kind.ACCESS_CODE, "cancelled"), (Kind.NOTICE, "expired")], ids=["code", "notice"]
)
def test_an_access_code_past_its_validity_is_cancelled(story: Story, kind: Kind, ends: str) -> None:
    """It waited in the queue too long: nobody is in front of that screen any more."""
    carrier = ScriptedCarrier()
    story.use_carrier(carrier)
    (run,) = code_for_somebody(story, kind)
    story.clock.forward(seconds=MINUTES.total_seconds())
    dispatch_sender(story.rt, run)
    message = the_message(story)
    assert (message.state, message.reason, message.text_sealed) == (ends, "validity_over", None)
    assert carrier.submitted == []
    assert len(story.journal_tags(message.id)) == 1


@pytest.mark.parametrize("wiped_first", [True, False])
def test_an_access_code_that_waits_for_its_carrier_is_cancelled_in_time(
    story: Story, wiped_first: bool
) -> None:
    carrier = ScriptedCarrier(down)
    story.use_carrier(carrier)
    (run,) = code_for_somebody(story)
    dispatch_sender(story.rt, run)
    assert the_message(story).state == "held"
    carrier.script = accept
    story.clock.forward(seconds=MINUTES.total_seconds() + 1)
    if wiped_first:
        wipe_texts(story.rt)
    story.timers()
    message = the_message(story)
    assert (message.state, message.reason, len(carrier.submitted)) == ("cancelled", "validity_over", 1)


@pytest.mark.parametrize("code", ["blocked", "carrier_stop"])
def test_a_carrier_that_refuses_because_the_person_said_stop_is_believed(story: Story, code: str) -> None:
    """The ledger says so from then on, whatever else waits for that number."""
    carrier = ScriptedCarrier(lambda _submission: Refused(code))
    story.use_carrier(carrier)
    batch = story.sent(ZOE, channels=SMS)
    message = story.only_message(batch)
    assert (message.state, message.reason) == ("failed", code)
    with story.rt.read() as session:
        (entry,) = consents.ledger(session, story.id, message.to_index)
    assert (entry.fact, entry.sender) == (Fact.CARRIER_BLOCK, carrier.submitted[0].sender)


def test_another_refusal_leaves_the_ledger_alone(story: Story) -> None:
    story.use_carrier(ScriptedCarrier(lambda _submission: Refused("unknown_number")))
    message = story.only_message(story.sent(ZOE, channels=SMS))
    with story.rt.read() as session:
        assert consents.ledger(session, story.id, message.to_index) == []


def throttled(seconds: float) -> CarrierError:
    return CarrierError("carrier_throttled", "slow down", retryable=True, in_doubt=False, retry_after=seconds)


def test_a_carrier_that_asks_for_a_rest_gets_it(story: Story) -> None:
    """The only one there is: the message waits as long as it was asked to, and not the usual five seconds."""
    answers: list[Answer] = [throttled(90)]

    def script(submission: Submission) -> Answer:
        return answers.pop() if answers else accept(submission)

    carrier = ScriptedCarrier(script)
    story.use_carrier(carrier)
    message = story.only_message(story.sent(ZOE, channels=SMS))
    assert (message.state, message.reason) == ("held", "carrier_throttled")
    assert 80 < (message.not_before - story.clock()).total_seconds() <= 90
    after(story, 60)
    assert len(carrier.submitted) == 1
    after(story, 31)
    assert len(carrier.submitted) == 2


def test_while_one_carrier_rests_the_other_carries(story: Story) -> None:
    roads = Roads(story)
    roads.connect()
    roads.first.script = lambda _submission: throttled(90)
    story.change_sender("sms", rate=20.0)
    people = crew(30)
    batch = story.sent(*people, channels=SMS)
    assert set(story.states(batch).values()) == {"submitted"}
    first, second = roads.calls()
    assert second == len(people)
    assert first < second, "who has asked for a rest is not asked by every message"


def test_a_rest_holds_for_every_sender_and_run_until_it_is_over(story: Story) -> None:
    """The carrier told one run, which has ended: neither a later one nor another sender's calls it meanwhile."""
    answers: list[Answer] = [throttled(90)]
    carrier = ScriptedCarrier(lambda submission: answers.pop() if answers else accept(submission))
    story.use_carrier(carrier)
    turned_away = story.only_message(story.sent(ZOE, channels=SMS))
    with story.rt.begin() as session:
        sooner = story.rt.now() + timedelta(seconds=75), "carrier_busy"
        carrier_health.count(session, {"elsewhere": Tally(1)}, story.rt.now(), {"elsewhere": sooner})
    add_sender(story.rt, story.id, SenderKind.LONG_CODE_09, "+33937000000")
    with story.rt.read() as session:
        senders = [one for one in organisations.every_sender(session, story.id) if one.kind != "rcs_agent"]
    waiting = story.pipeline.jobs.waiting
    kept = []
    for place, sender in enumerate(senders):
        story.clock.forward(seconds=30)
        found = rows(story.rt, sender, [f"later {place}"], first=place)
        runs = queue(story.rt, found, runs=3)
        waiting.clear()
        for run in runs:
            dispatch_sender(story.rt, run)
        assert len(carrier.submitted) == 1
        (again,) = waiting  # one later run, however many found the carrier at rest
        kept.append(again)
        assert again.not_before == turned_away.not_before
        with story.rt.read() as session:
            assert session.get_one(Message, found[0]["id"]).state == "queued"
    story.clock.forward(seconds=31)
    waiting.extend(kept)
    story.timers()
    assert len(carrier.submitted) == 4


def test_a_rest_that_is_over_names_no_run_that_is_done(story: Story) -> None:
    """A key of a job adds nothing the second time, so a run that outlived a rest wakes its lane without it."""
    sender = sms_sender(story.rt, story.id)
    (run,) = queue(story.rt, rows(story.rt, sender, ["later"]))
    with story.rt.read() as session:
        held = session.get_one(Block, UUID(run))
    jobs = story.pipeline.jobs.waiting
    for seconds, named in ((-1, False), (60, True)):
        jobs.clear()
        until = story.rt.now() + timedelta(seconds=seconds)
        going = SimpleNamespace(lane=Lane(sender.id, False), rests_until=until)
        _start_next(story.rt, cast(Run, going), held.batch_id)
        (again,) = jobs
        assert again.not_before == (until if named else None)


def test_of_two_rests_the_longer_one_holds(story: Story) -> None:
    now = story.rt.now()
    for seconds in (60, 90, 30):
        with story.rt.begin() as session:
            until = now + timedelta(seconds=seconds)
            carrier_health.count(session, {"a": Tally(1, 1)}, now, {"a": (until, "carrier_busy")})
    with story.rt.read() as session:
        longest = now + timedelta(seconds=90)
        assert carrier_health.resting(session, now) == {"a": (longest, "carrier_busy")}
        assert carrier_health.resting(session, longest) == {}
