"""Which sender a message leaves from when its own cannot carry it, and what proves a receipt where no report can come."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlmodel import select

from app.core.accounts import ROLES, Actor
from app.db.models import Attempt, Batch, Message, Sender
from app.db.queries import organisations
from app.evidence.tags import Tag
from app.messaging.sending.senders import Kind, State
from app.usecases.batches.show_release import show_release
from app.usecases.documents.resend_documents import resend_document
from app.usecases.documents.show_document import Event, show_document
from app.usecases.messages.dispatch_sender import dispatch_sender
from app.usecases.senders.ask_sender import ask_sender
from app.usecases.senders.move_sender import move_sender
from app.usecases.senders.switch_kind import switch_kind
from tests.queue import queue, rows
from tests.stories.carriers import ScriptedCarrier
from tests.stories.payroll import INES, NOEL, NOVEMBER, OCTOBER, ZOE, Employee, person
from tests.stories.story import CLERK, Story
from tests.stories.workers import Call, busiest_second

OWNER = Actor("user:owner", ROLES["owner"])
MOBILE = "+33612345678"


def approved(story: Story, kind: Kind, address: str) -> UUID:
    sender_id = ask_sender(story.rt, story.id, kind, address, OWNER)
    move(story, sender_id, State.APPROVED)
    return sender_id


def move(story: Story, sender_id: UUID, state: State) -> None:
    move_sender(story.rt, story.id, sender_id, state, OWNER, confirmed=True)


def name_of(story: Story) -> UUID:
    """The name every organisation begins with."""
    with story.rt.read() as session:
        return organisations.senders(session, story.id)["sms"].id


def only_mobile(story: Story) -> UUID:
    """The organisation writes from a mobile number and from nothing else."""
    switch_kind(story.rt, story.id, Kind.LONG_CODE_06, OWNER, on=True, confirmed=True)
    mobile = approved(story, Kind.LONG_CODE_06, MOBILE)
    move(story, name_of(story), State.DISABLED)
    return mobile


def queued(story: Story, *people: Employee, period: date = OCTOBER) -> Batch:
    """Released, with the messages still in the queue."""
    batch = story.upload(people or [ZOE], channels=("sms",), period=period)
    story.release(batch)
    return batch


def queued_with_cards(story: Story) -> Batch:
    """The next month, with RCS before SMS."""
    batch = story.upload([ZOE], period=NOVEMBER)
    story.release(batch)
    return batch


def told(story: Story, batch: Batch) -> list[Event]:
    """The timeline of the only document of a batch."""
    (line,) = story.review(batch)
    return list(show_document(story.rt, story.id, line.id).events)


def attempt_of(story: Story, message: Message) -> Attempt:
    (attempt,) = story.attempts_of(message)
    return attempt


def test_what_one_sender_may_no_longer_carry_leaves_from_another_and_the_timeline_says_so(
    story: Story,
) -> None:
    code = approved(story, Kind.SHORT_CODE_38, "38012")
    batch = queued(story)
    assert story.only_message(batch).sender_id == name_of(story)
    move(story, name_of(story), State.DISABLED)
    story.let_network_work()
    message = story.only_message(batch)
    assert (message.state, attempt_of(story, message).sender_id) == ("delivered", code)
    assert story.phone(ZOE.phone)[0].sender == "38012"
    rerouted, submitted = (
        next(event for event in told(story, batch) if event.tag == tag)
        for tag in (Tag.MESSAGE_REROUTED, Tag.MESSAGE_SUBMITTED)
    )
    assert (rerouted.sender, submitted.sender) == ("38012", "38012")


@contextmanager
def asked_of(story: Story, table: str) -> Iterator[list[str]]:
    """The questions that the writer asks of a table meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if f"FROM {table}" in " ".join(statement.split()):
            asked.append(statement)

    event.listen(story.rt.database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(story.rt.database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("count", [3, 40])
def test_the_rules_are_asked_once_however_many_messages_change_their_sender(story: Story, count: int) -> None:
    approved(story, Kind.SHORT_CODE_38, "38012")
    with story.rt.read() as session:
        name = session.get_one(Sender, name_of(story))
    (run,) = queue(story.rt, rows(story.rt, name, ["Bonjour"] * count))
    move(story, name.id, State.DISABLED)
    with asked_of(story, "dated_rule") as asked:
        dispatch_sender(story.rt, run)
    with story.rt.read() as session:
        found = session.exec(select(Message)).all()
    assert {message.sender_id == name.id for message in found} == {False}
    assert len(found) == count
    assert len(asked) <= 8  # twice a turn, of which there are few


def test_without_another_the_message_fails_with_its_reason_and_leaves_once_one_is_approved(
    story: Story,
) -> None:
    batch = queued(story)
    move(story, name_of(story), State.DISABLED)
    story.let_network_work()
    failed = story.only_message(batch)
    assert (failed.state, failed.reason, story.phone(ZOE.phone)) == ("failed", "sender_not_approved", [])
    assert told(story, batch)[-1].code == "sender_not_approved"
    (line,) = story.review(batch)
    shown = show_document(story.rt, story.id, line.id)
    assert (shown.sender_missing, shown.resendable, shown.hopeless) == (True, True, False)
    approved(story, Kind.SHORT_CODE_38, "38012")
    assert resend_document(story.rt, story.id, line.id, CLERK).sent == 1
    story.let_network_work()
    assert story.only_message(batch).state == "delivered"
    assert not show_document(story.rt, story.id, line.id).sender_missing


def test_a_short_code_writes_to_nobody_overseas(story: Story) -> None:
    approved(story, Kind.SHORT_CODE_38, "38012")
    reunion = replace(INES, phone="0692 12 34 56")
    move(story, name_of(story), State.DISABLED)
    batch = queued(story, ZOE, reunion)
    story.let_network_work()
    found = story.messages_of(batch)
    assert found[ZOE.staff].state == "delivered"
    assert (found[reunion.staff].state, found[reunion.staff].reason) == ("failed", "sender_not_for_country")
    approved(story, Kind.LONG_CODE_09, "0937123456")
    (line,) = [line for line in story.review(batch) if line.staff == reunion.staff]
    resend_document(story.rt, story.id, line.id, CLERK)
    story.let_network_work()
    assert story.messages_of(batch)[reunion.staff].state == "delivered"
    assert story.phone("+262692123456")[0].sender == "+33937123456"


def test_without_its_agent_a_card_leaves_as_a_text(story: Story) -> None:
    batch = story.upload([ZOE])
    story.release(batch)
    assert story.only_message(batch).channel == "rcs"
    with story.rt.read() as session:
        agent = organisations.senders(session, story.id)["rcs"].id
    move(story, agent, State.DISABLED)
    story.let_network_work()
    message = story.only_message(batch)
    assert (message.channel, message.state) == ("sms", "delivered")
    fell_back = next(event for event in told(story, batch) if event.tag == Tag.MESSAGE_FELL_BACK)
    assert (fell_back.code, fell_back.channel) == ("sender_not_approved", "sms")
    later = queued_with_cards(story)
    assert story.only_message(later).plan == ["sms"]


def test_a_batch_of_texts_is_looked_at_and_told_why_it_fails_when_only_the_agent_is_left(
    story: Story,
) -> None:
    name = name_of(story)
    move(story, name, State.DISABLED)
    batch = story.upload([ZOE, replace(INES, phone="0692 12 34 56")], channels=("sms",))
    assert show_release(story.rt, story.id, batch.id).unreached == {"sender_not_approved": 2}
    code = approved(story, Kind.SHORT_CODE_38, "38012")
    assert show_release(story.rt, story.id, batch.id).unreached == {"sender_not_for_country": 1}
    move(story, name, State.APPROVED)
    assert show_release(story.rt, story.id, batch.id).unreached == {}
    move(story, name, State.DISABLED)
    move(story, code, State.DISABLED)
    story.send(batch)
    assert {message.reason for message in story.messages_of(batch).values()} == {"sender_not_approved"}


def test_a_mobile_number_works_fully_once_the_owner_turned_it_on(story: Story) -> None:
    mobile = only_mobile(story)
    batch = queued(story)
    story.let_network_work()
    message = story.only_message(batch)
    assert (message.state, attempt_of(story, message).sender_id) == ("submitted", mobile)
    assert story.phone(ZOE.phone)[0].sender == MOBILE


@pytest.mark.alone
def test_a_mobile_number_keeps_to_ten_segments_a_second(story: Story) -> None:
    mobile = only_mobile(story)
    carrier = ScriptedCarrier()
    story.use_carrier(carrier)
    with story.rt.read() as session:
        sender = organisations.sender(session, mobile)
    assert sender is not None
    queue(story.rt, rows(story.rt, sender, [f"{at:02}" * 100 for at in range(12)], segments=2))
    story.pipeline.run()
    calls = [Call(at, 2, "", "") for at in sorted(carrier.at)]
    assert len(calls) == 12
    assert busiest_second(calls) <= 10
    assert calls[-1].at - calls[0].at > 1.9


def test_an_answer_proves_the_receipt_where_no_report_can_come(story: Story) -> None:
    only_mobile(story)
    batch = queued(story)
    story.let_network_work()
    story.answer(ZOE.phone, "Bien reçu, merci")
    message = story.only_message(batch)
    attempt = attempt_of(story, message)
    assert (message.state, message.reason, message.text_sealed) == ("delivered", "answered", None)
    assert (attempt.state, attempt.reason) == ("delivered", "answered")
    delivered = [event for event in told(story, batch) if event.tag == Tag.MESSAGE_DELIVERED]
    assert [event.code for event in delivered] == ["answered"]
    story.answer(ZOE.phone, "Et bonne journée")
    assert story.journal_tags(message.id).count(Tag.MESSAGE_DELIVERED) == 1
    story.timers()
    assert story.pipeline.batch(batch.id).state == "finished"


def test_an_answer_to_another_sender_or_from_another_person_proves_nothing(story: Story) -> None:
    only_mobile(story)
    batch = queued(story, ZOE, NOEL)
    story.let_network_work()
    story.answer(NOEL.phone, "Merci")
    assert story.states(batch) == {
        ZOE.staff: "submitted",
        NOEL.staff: "delivered",
    }


def test_whatever_was_sent_before_is_proved_and_nothing_after(story: Story) -> None:
    only_mobile(story)
    first = queued(story)
    story.let_network_work()
    story.clock.forward(hours=1)
    story.answer(ZOE.phone, "ok")
    second = queued(story, period=NOVEMBER)
    story.let_network_work()
    assert story.only_message(first).state == "delivered"
    assert story.only_message(second).state == "submitted"


def test_a_sender_with_receipts_waits_for_its_report(story: Story) -> None:
    approved(story, Kind.SHORT_CODE_38, "38012")
    move(story, name_of(story), State.DISABLED)
    never = person("000015")  # shown on the phone, never reported
    batch = queued(story, never)
    story.let_network_work()
    assert story.only_message(batch).state == "submitted"


def test_without_an_answer_the_message_stays_in_doubt_and_an_answer_still_settles_it(story: Story) -> None:
    only_mobile(story)
    batch = queued(story)
    story.let_network_work()
    message = story.only_message(batch)
    deadline = attempt_of(story, message).deadline_at
    assert deadline is not None
    story.clock.set_to(deadline + timedelta(seconds=1))
    story.timers()
    message = story.only_message(batch)
    assert (message.state, message.reason) == ("unknown", "no_receipts")
    assert attempt_of(story, message).state == "submitted"
    assert story.pipeline.batch(batch.id).state == "finished"
    story.timers()
    assert story.journal_tags(message.id).count(Tag.MESSAGE_UNKNOWN) == 1
    story.answer(ZOE.phone, "Je viens de voir votre message")
    assert story.only_message(batch).state == "delivered"


def test_an_opened_link_proves_what_no_receipt_tells(story: Story) -> None:
    only_mobile(story)
    batch = queued(story)
    story.let_network_work()
    (shown,) = story.phone(ZOE.phone)
    story.read(shown, ZOE.code)
    deadline = attempt_of(story, story.only_message(batch)).deadline_at
    assert deadline is not None
    story.clock.set_to(deadline + timedelta(seconds=1))
    story.timers()
    message = story.only_message(batch)
    assert (message.state, message.reason) == ("delivered", "opened")
