"""Cards by an RCS agent, and the one SMS that may follow. Numbers are those of the behaviours a connector owes (F1 to F3)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import select

from app.carriers.base import Accepted, Channel, Refused, Report, RevokeOutcome, Submission
from app.db.models import Message
from app.db.queries.messages import EXPRESS
from app.db.sending import connections
from app.usecases.documents.resend_documents import resend_document
from app.usecases.messages.record_report import record_report
from app.usecases.opening.unlock_document import Unlocked
from links.tables import Link
from links.text import LinkText
from tests.rcs.platform import Fault
from tests.stories.agency import AGENT, CONNECTION, Agency, agency
from tests.stories.payroll import ZOE, e164


@dataclass
class Overtaken:
    """The platform delivers and tells so while a call is under way, whose answer then is a refusal."""

    office: Agency
    name: str = CONNECTION
    channels: frozenset[Channel] = frozenset({"rcs"})
    idempotent: bool = True

    def submit(self, submission: Submission, now: datetime) -> Accepted | Refused:
        record_report(self.office.story.rt, Report(submission.attempt_id, "e-1", "delivered", "", now))
        return Refused("no_rcs")

    def revoke(self, attempt_id: UUID, to: str, now: datetime) -> RevokeOutcome:
        return "already_delivered"

    def reaches_rcs(self, organisation_id: UUID, to: str) -> bool | None:
        return None


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Agency]:
    """On both databases."""
    with agency(tmp_path / "data", database_url=database_url) as made:
        yield made


def test_a_card_is_sent_delivered_and_read_and_no_sms_leaves(office: Agency) -> None:
    batch = office.sent(ZOE)
    message = office.only(batch)
    assert (message.state, message.channel) == ("submitted", "rcs")
    office.hear(times=5)
    assert office.only(batch).state == "delivered"
    office.google.world.read(office.card_of(message).id)
    office.hear()
    assert office.only(batch).state == "read"
    office.minutes(40)
    assert office.tries(office.only(batch)) == [("rcs", "read", "")]
    assert office.story.phone(ZOE.phone) == []
    assert office.card_of(message).shown == 1
    assert office.google.calls("revoke") == []
    assert office.story.pipeline.batch(batch.id).state == "finished"


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ((Fault(403),), "no_rcs"),
        ((Fault(404),), "no_rcs"),
        ((Fault(400), Fault(400), Fault(400)), "bad_card"),
    ],
)
def test_f1_9_what_the_platform_refuses_for_certain_is_one_sms_at_once(
    office: Agency, faults: tuple[Fault, ...], code: str
) -> None:
    office.google.plan("send", *faults)
    batch = office.sent(ZOE)
    office.story.let_network_work()
    assert office.tries(office.only(batch)) == [("rcs", "failed", code), ("sms", "delivered", "")]
    sent = office.google.calls("send")
    assert len({one.body for one in sent}) == len(sent) == len(faults)
    assert [one.channel for one in office.story.phone(ZOE.phone)] == ["sms"]


def test_f1_9_a_phone_without_rcs_is_asked_about_once_and_gets_one_sms(office: Agency) -> None:
    batch = office.sent(ZOE, rcs=False)
    office.story.let_network_work()
    assert office.tries(office.only(batch)) == [("rcs", "failed", "no_rcs"), ("sms", "delivered", "")]
    assert office.google.calls("send") == []
    assert len(office.google.calls("capability")) == 1


def test_f3_17_an_expiry_is_one_sms_and_a_late_delivery_a_double_with_the_same_link(office: Agency) -> None:
    batch = office.sent(ZOE, on=False)
    message = office.only(batch)
    card = office.card_of(message)
    office.google.world.expire(card.id)
    office.hear(times=3)
    office.story.let_network_work()
    assert office.tries(message) == [("rcs", "expired", "expired"), ("sms", "delivered", "")]
    (sms,) = office.story.phone(ZOE.phone)
    assert f"#{office.story.link_in(sms).secret}" in json.dumps(card.body)
    assert not office.only(batch).double

    office.google.world.deliver(card.id)
    office.hear(times=3)
    office.minutes(40)
    assert office.only(batch).double
    assert office.texts(message) == 1
    assert office.google.calls("revoke") == []


def test_f3_18_an_expiry_that_proves_nothing_is_asked_about_and_a_delivery_is_believed(
    office: Agency,
) -> None:
    batch = office.sent(ZOE, on=False)
    message = office.only(batch)
    card = office.card_of(message)
    office.google.world.messages[card.id].state = "delivered"
    office.google.world.expire(card.id, revoked=False)
    office.hear()
    office.story.clock.forward(seconds=1)
    office.story.timers()
    (asked,) = office.google.calls("revoke")
    assert (asked.query, asked.body, asked.status) == ({"agentId": AGENT}, b"", 404)
    office.google.world.happen(eventType="DELIVERED", messageId=card.id, senderPhoneNumber=card.phone)
    office.hear()
    office.minutes(40)
    assert office.tries(message) == [("rcs", "delivered", "")]
    assert (office.only(batch).state, office.only(batch).double) == ("delivered", False)


def test_f3_18_a_card_of_which_nothing_more_is_heard_is_shown_to_staff_and_still_believed_later(
    office: Agency,
) -> None:
    batch = office.sent(ZOE, on=False)
    message = office.only(batch)
    card = office.card_of(message)
    office.google.world.messages[card.id].state = "delivered"
    office.minutes(20)
    assert office.tries(message) == [("rcs", "submitted", "")]
    assert (office.only(batch).state, office.only(batch).reason) == ("unknown", "confirmation_late")
    assert office.story.pipeline.batch(batch.id).state == "finished"

    office.google.world.read(card.id)
    office.hear()
    assert office.tries(message) == [("rcs", "read", "")]
    assert (office.only(batch).state, office.only(batch).double) == ("read", False)


def test_f3_18_under_the_critical_policy_the_sms_leaves_at_once(office: Agency) -> None:
    batch = office.sent(ZOE, on=False)
    message = office.only(batch)
    with office.story.rt.begin() as session:
        session.get_one(Message, message.id).priority = EXPRESS
    office.google.world.messages[office.card_of(message).id].state = "delivered"
    office.google.world.expire(office.card_of(message).id, revoked=False)
    office.hear()
    office.story.clock.forward(seconds=1)
    office.story.timers()
    assert [(channel, state) for channel, state, _ in office.tries(message)] == [
        ("rcs", "expired"),
        ("sms", "submitted"),
    ]
    office.google.world.deliver(office.card_of(message).id)
    office.hear()
    office.minutes(10)
    assert office.only(batch).double
    assert office.texts(message) == 1


def test_f3_19_silence_ends_in_a_revocation_and_one_sms_whatever_restarts(office: Agency) -> None:
    batch = office.sent(ZOE, on=False)
    message = office.only(batch)
    office.minutes(15)
    assert office.google.calls("revoke") == []
    office.story.pipeline.application.carriers.stop()  # nothing of the carrier is left in memory
    office.story.pipeline.application.carriers.refresh()
    office.minutes(1)
    (asked,) = office.google.calls("revoke")
    assert (asked.query, asked.status) == ({"agentId": AGENT}, 200)
    office.minutes(20)
    assert office.tries(message) == [("rcs", "expired", "revoked"), ("sms", "delivered", "")]
    assert office.card_of(message).shown == 0
    assert len(office.google.calls("revoke")) == 1


def test_a_revocation_that_nobody_answers_is_repeated_and_never_ends_in_two(office: Agency) -> None:
    batch = office.sent(ZOE, on=False)
    message = office.only(batch)
    office.google.plan("revoke", *[Fault(503)] * 3)
    office.minutes(25, step=0.25)
    assert [one.status for one in office.google.calls("revoke")] == [503, 503, 503, 200]
    assert office.tries(message) == [("rcs", "expired", "revoked"), ("sms", "delivered", "")]


def test_a_revocation_whose_answer_was_lost_is_for_a_person(office: Agency) -> None:
    batch = office.sent(ZOE, on=False)
    message = office.only(batch)
    office.google.plan("revoke", Fault(0, taken=True))
    office.minutes(25, step=0.25)
    assert office.tries(message) == [("rcs", "submitted", "")]
    assert (office.only(batch).state, office.only(batch).reason) == ("unknown", "confirmation_late")


def test_f1_7_a_doubt_is_asked_about_with_the_same_id_and_is_one_card(office: Agency) -> None:
    office.google.plan("send", Fault(500, taken=True))
    batch = office.sent(ZOE)
    office.minutes(20)
    first, second = office.google.calls("send")
    assert first.query == second.query
    assert office.tries(office.only(batch)) == [("rcs", "delivered", "")]
    assert office.card_of(office.only(batch)).shown == 1


@pytest.mark.parametrize("taken", [True, False])
def test_a_doubt_that_does_not_end_is_no_sms_before_the_card_was_asked_back(
    office: Agency, taken: bool
) -> None:
    """Revoked when the platform had it; when it never had it, the deadline is the end and says so."""
    office.google.plan("send", *[Fault(500, taken=taken)] * 40)
    batch = office.sent(ZOE, on=False)
    message = office.only(batch)
    assert message.state == "unknown"
    office.minutes(15)
    assert office.story.pipeline.batch(batch.id).state == "finished"
    assert office.tries(message) == [("rcs", "unknown", "no_answer")]
    assert office.google.calls("revoke") == []
    office.minutes(5)
    outcome = "revoked" if taken else "never_answered"
    assert office.tries(message) == [("rcs", "expired", outcome), ("sms", "delivered", "")]
    assert office.only(batch).state == "delivered"
    assert office.story.pipeline.batch(batch.id).state == "finished"
    assert len({one.query["messageId"] for one in office.google.calls("send")}) == 1


def test_a_doubt_that_a_person_has_sent_again_opens_no_second_way(office: Agency) -> None:
    office.google.plan("send", *[Fault(500)] * 40)
    batch = office.sent(ZOE, on=False)
    message = office.only(batch)
    resend_document(office.story.rt, office.story.id, office.story.line(batch, ZOE.staff).id, "clerk")
    office.google.faults.clear()
    office.story.pipeline.run()
    office.minutes(8)
    office.google.world.switch_on(e164(ZOE.phone))
    office.minutes(20)
    assert [channel for channel, _, _ in office.tries(message)] == ["rcs", "rcs"]
    assert (office.only(batch).state, office.only(batch).double) == ("delivered", False)


def test_an_expiry_told_after_a_doubt_was_shown_is_one_sms(office: Agency) -> None:
    batch = office.sent(ZOE, on=False)
    message = office.only(batch)
    office.google.plan("revoke", Fault(0, taken=True))
    office.minutes(25)
    assert office.only(batch).state == "unknown"
    assert office.story.pipeline.batch(batch.id).state == "finished"
    office.google.world.expire(office.card_of(message).id)
    office.hear(times=2)
    assert office.story.pipeline.batch(batch.id).state == "released"
    office.minutes(5)
    assert office.tries(message) == [("rcs", "expired", "expired"), ("sms", "delivered", "")]
    assert office.story.pipeline.batch(batch.id).state == "finished"


def test_a_refusal_after_a_doubt_waits_for_the_revocation(office: Agency) -> None:
    """The second answer is about the second call; the first may have been taken."""
    office.google.plan("send", Fault(0, taken=True), Fault(0), Fault(0), Fault(404))
    office.google.plan("revoke", Fault(503), Fault(200))
    batch = office.sent(ZOE, on=False)
    office.minutes(20)
    message = office.only(batch)
    assert office.texts(message) == 1
    assert office.card_of(message).shown == 0
    assert "revoked" in {office.card_of(message).state}


def test_a_delivery_told_before_the_answer_outlives_a_refusal(office: Agency) -> None:
    story = office.story
    carrier = Overtaken(office)
    story.use_carriers(google=carrier, simulator=story.rt.carriers["simulator"])
    batch = office.sent(ZOE)
    office.minutes(20)
    message = office.only(batch)
    assert office.tries(message) == [("rcs", "delivered", "")]
    assert story.phone(ZOE.phone) == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(Fault(429, retry_after="7200"), "carrier_throttled"), (Fault(401), "carrier_credentials")],
)
def test_a_platform_that_takes_nothing_in_time_is_an_sms(office: Agency, fault: Fault, reason: str) -> None:
    office.google.plan("send", *[fault] * 60)
    batch = office.sent(ZOE)
    office.minutes(20)
    message = office.only(batch)
    assert office.tries(message)[0] == ("rcs", "failed", reason)
    assert office.tries(message)[-1] == ("sms", "delivered", "")
    assert office.texts(message) == 1
    assert office.google.world.messages == {}


def test_a_short_rest_is_kept_and_then_the_card_leaves(office: Agency) -> None:
    office.google.plan("send", Fault(429, retry_after="30"))
    batch = office.sent(ZOE)
    assert office.only(batch).state in ("held", "queued")
    office.minutes(3)
    assert office.tries(office.only(batch)) == [
        ("rcs", "failed", "carrier_throttled"),
        ("rcs", "delivered", ""),
    ]


def test_opening_the_link_of_the_card_cancels_the_sms(office: Agency) -> None:
    batch = office.sent(ZOE, on=False)
    message = office.only(batch)
    with office.story.rt.read() as session:
        (link,) = session.exec(select(Link))
    secret = json.dumps(office.card_of(message).body).split("#")[1].split('"')[0]
    opened = office.story.try_to_open(LinkText(link.ref, secret), ZOE.code)
    assert isinstance(opened, Unlocked)
    office.minutes(20)
    assert office.tries(message) == [("rcs", "delivered", "opened")]
    assert (office.only(batch).state, office.only(batch).reason) == ("delivered", "opened")
    assert office.story.phone(ZOE.phone) == []


def test_opening_the_link_cancels_an_sms_that_has_not_left(office: Agency) -> None:
    batch = office.sent(ZOE, on=False)
    message = office.only(batch)
    office.google.world.expire(office.card_of(message).id)
    office.hear()
    assert (office.only(batch).state, office.only(batch).channel) == ("queued", "sms")
    with office.story.rt.read() as session:
        (link,) = session.exec(select(Link))
    secret = json.dumps(office.card_of(message).body).split("#")[1].split('"')[0]
    assert isinstance(office.story.try_to_open(LinkText(link.ref, secret), ZOE.code), Unlocked)
    office.minutes(5)
    assert office.texts(message) == 0
    assert (office.only(batch).state, office.only(batch).reason) == ("delivered", "opened")


def test_without_a_connection_for_cards_the_sms_leaves(office: Agency) -> None:
    with office.story.rt.begin() as session:
        row = connections.require(session, CONNECTION)
        row.enabled = False
        session.add(row)
    batch = office.sent(ZOE)
    office.story.let_network_work()
    assert office.tries(office.only(batch)) == [("sms", "delivered", "")]
