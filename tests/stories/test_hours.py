"""The hours a provider keeps of its own, whatever the operator called the connection."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.db import connections, opting
from app.db.connections import NewConnection
from app.db.models import Message
from app.db.queries.consents import Line
from app.db.roads import ROUTED
from app.messaging.consent import Fact
from app.messaging.consent_proof import How
from tests.stories.carriers import ScriptedCarrier
from tests.stories.payroll import ZOE
from tests.stories.story import Story

PARIS = ZoneInfo("Europe/Paris")
SATURDAY_NOON = datetime(2027, 1, 16, 12, tzinfo=PARIS)
MONDAY_MORNING = datetime(2027, 1, 18, 10, tzinfo=PARIS)


def advertised(story: Story, kinds: dict[str, str], leaves_by: str) -> Message:
    """An advertisement to somebody who agreed, on a Saturday that the house leaves open. `kinds` are the connections."""
    story.clock.set_to(SATURDAY_NOON)
    story.rt = story.pipeline.rt = replace(
        story.rt, carriers={name: ScriptedCarrier(name=name) for name in kinds}
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
