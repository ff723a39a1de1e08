"""A payroll over SMPP: from release to receipts, and back with an answer."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.carriers.base import Inbound, Report
from app.carriers.smpp.codec import Address, ShortMessage
from app.db.queries import messages
from app.db.sending.connections import NewConnection
from app.usecases.carriers.add_connection import add_connection
from app.usecases.carriers.use_connection import use_connection
from app.usecases.messages.record_inbound import record_inbound
from app.usecases.messages.record_report import record_report
from tests.carriers.smpp.double import Smsc, Submitted, eventually, smsc
from tests.carriers.smpp.office import settings
from tests.pipeline import pipeline
from tests.stories.payroll import NOEL, ZOE, Employee
from tests.stories.story import Clock, Story

# The last two digits of a number, what the centre does with it, and what the message must come to.
OUTCOMES = {
    "01": ("delivered", ""),
    "82": ("failed", "unknown_number"),
    "85": ("unknown", "no_answer"),
    "92": ("failed", "undelivered"),
}


def acts(centre: Smsc, one: Submitted) -> None:
    digits = one.to[-2:]
    if digits == "82":
        one.connection.answer(one.pdu, 0x0B)
    elif digits != "85":
        message_id = centre.next_id()
        one.connection.answer(one.pdu, message_id=message_id)
        centre.receipt(one, message_id, "UNDELIV" if digits == "92" else "DELIVRD")


@pytest.fixture
def centre() -> Iterator[Smsc]:
    with smsc(acts) as running:
        yield running


@pytest.fixture
def story(tmp_path: Path, centre: Smsc) -> Iterator[Story]:
    clock = Clock()
    with pipeline(tmp_path, now=clock) as made:
        told = Story(made, clock, tmp_path)
        given = settings(centre.port, answer_seconds=0.5)
        text = given.model_dump_json(exclude={"password"})[:-1] + ',"password":"secret08"}'
        add_connection(told.rt, NewConnection("operator", "smpp", text, rate=100.0))
        assert use_connection(told.rt, told.id, "operator", "", actor="operator") == ["ATELIER"]

        def record(events: Sequence[Report | Inbound]) -> None:
            for event in events:
                if isinstance(event, Report):
                    record_report(told.rt, event)
                else:
                    record_inbound(told.rt, event)

        made.application.carriers.start(record)
        yield told


def employee(digits: str) -> Employee:
    return replace(
        ZOE,
        staff=f"001000{digits}",
        last=f"NUMÉRO{digits}",
        phone=f"06 12 34 56 {digits}",
        code=f"T8{digits}-QX4M",
    )


def test_every_message_comes_to_what_the_network_made_of_it(story: Story, centre: Smsc) -> None:
    batch = story.upload([employee(digits) for digits in OUTCOMES], channels=("sms",))
    story.release(batch)
    story.pipeline.run()

    def found() -> dict[str, tuple[str, str]]:
        return {staff[-2:]: (one.state, one.reason) for staff, one in story.messages_of(batch).items()}

    eventually(lambda: found() == OUTCOMES, 15)
    assert sorted(one.to[-2:] for one in centre.submitted) == sorted(OUTCOMES)
    assert {one.message.source for one in centre.submitted} == {Address(5, 0, "ATELIER")}


def test_an_answer_comes_to_the_document_it_is_about(story: Story, centre: Smsc) -> None:
    batch = story.upload([NOEL], channels=("sms",))
    story.release(batch)
    story.pipeline.run()
    stop = ShortMessage(Address(1, 1, "33611001002"), Address(5, 0, "ATELIER"), text=b"STOP")
    assert centre.acknowledgement(centre.deliver(stop)) == 0
    (line,) = story.review(batch)
    with story.rt.read() as session:
        (answer,) = messages.answers_of(session, line.id)

    assert answer.intent == "opt_out"
