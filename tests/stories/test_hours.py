"""The hours a provider keeps of its own, whatever the operator called the connection."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.carriers.base import Refused, Submission
from app.db.models import Message
from app.db.queries.consents import Line
from app.db.sending import connections, opting
from app.db.sending.connections import NewConnection
from app.db.sending.roads import ROUTED
from app.messaging.permission.consent import Fact
from app.messaging.permission.consent_proof import How
from tests.stories.carriers import Answer, ScriptedCarrier, accept, down
from tests.stories.payroll import ZOE
from tests.stories.story import Story

Script = Callable[[Submission], Answer]
NO_SCRIPTS: Mapping[str, Script] = {}
PARIS = ZoneInfo("Europe/Paris")
SATURDAY_NOON = datetime(2027, 1, 16, 12, tzinfo=PARIS)
MONDAY_MORNING = datetime(2027, 1, 18, 10, tzinfo=PARIS)


def advertised(
    story: Story, kinds: dict[str, str], leaves_by: str, scripts: Mapping[str, Script] = NO_SCRIPTS
) -> Message:
    """An advertisement to somebody who agreed, on a Saturday that the house leaves open. `kinds` are the connections."""
    story.clock.set_to(SATURDAY_NOON)
    story.rt = story.pipeline.rt = replace(
        story.rt, carriers={name: ScriptedCarrier(scripts.get(name, accept), name=name) for name in kinds}
    )
    with story.rt.begin() as session:
        for name, kind in kinds.items():
            new = NewConnection(name, kind, "{}", rate=100.0)
            connections.add(session, story.rt.vault.columns, new, story.rt.now())
    story.change_sender("sms", carrier=leaves_by)
    story.change_templates(category="marketing")
    for fact in (Fact.STOP, Fact.UNSTOP):
        with story.rt.begin() as session:
            line = Line(fact, How.FORM, "person", story.clock())
            opting.record(session, story.rt.vault, story.id, "+33611001001", line, story.clock())
        story.clock.forward(seconds=1)
    return story.only_message(story.sent(ZOE, channels=("sms",)))


@pytest.mark.parametrize(
    ("kinds", "leaves_by"),
    [
        ({"principal": "ovh"}, "principal"),
        ({"principal": "ovh"}, ROUTED),
        ({"principal": "ovh", "autre": "kannel"}, "principal"),
        ({"principal": "ovh", "autre": "kannel"}, ROUTED),
    ],
)
def test_advertising_waits_for_the_hours_of_the_provider_that_may_carry_it(
    story: Story, kinds: dict[str, str], leaves_by: str
) -> None:
    message = advertised(story, kinds, leaves_by)
    assert (message.state, message.reason) == ("held", "connector-ovh")
    assert abs(message.not_before - MONDAY_MORNING) < timedelta(seconds=1)


def test_the_hours_of_another_provider_hold_nothing(story: Story) -> None:
    message = advertised(story, {"ovh": "kannel", "autre": "ovh"}, "ovh")
    assert message.state == "submitted"


def test_a_provider_that_stands_in_for_another_keeps_its_hours(story: Story) -> None:
    """The first is down, and the second is closed at the week-end: the first is asked again, and not the second."""
    message = advertised(story, {"own": "kannel", "spare": "ovh"}, "own", {"own": down})
    assert (message.state, message.reason) == ("held", "carrier_down")
    assert message.not_before - story.clock() < timedelta(seconds=6)
    assert [attempt.carrier for attempt in story.attempts_of(message)] == ["own"]


def test_what_only_the_closed_one_may_carry_waits_until_it_opens(story: Story) -> None:
    kinds = {"own": "kannel", "spare": "ovh"}
    message = advertised(story, kinds, "own", {"own": lambda _submission: Refused("sender_refused")})
    assert (message.state, message.reason) == ("held", "connector-ovh")
    assert (message.not_before - MONDAY_MORNING).total_seconds() == -2 * 3600
    story.clock.set_to(MONDAY_MORNING + timedelta(seconds=1))
    story.timers()
    with story.rt.read() as session:
        message = session.get_one(Message, message.id)
    assert message.state == "submitted"
    assert [attempt.carrier for attempt in story.attempts_of(message)] == ["own", "own", "spare"]
