"""What becomes of the notice of one payslip, whatever the network does: one person is never texted twice blindly."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.carriers.base import Accepted, Refused, Report, Submission
from app.db.models import Batch
from app.db.queries.consents import Line
from app.db.sending import opting
from app.messaging.permission.consent import Fact
from app.messaging.permission.consent_proof import How
from app.usecases.batches.recall_batch import recall_batch
from app.usecases.documents.resend_documents import resend_batch, resend_document
from app.usecases.documents.revoke_document import revoke_document
from app.usecases.messages.record_report import record_report
from tests.stories.carriers import Answer, ScriptedCarrier, accept, down, no_answer
from tests.stories.payroll import NOVEMBER, TEAM, ZOE, Employee, crew, person
from tests.stories.story import CLERK, Story

PARIS = ZoneInfo("Europe/Paris")


def tries(story: Story, batch: Batch) -> list[tuple[str, str, str]]:
    """Channel, state and reason of every attempt of the batch's only message."""
    return [
        (attempt.channel, attempt.state, attempt.reason)
        for attempt in story.attempts_of(story.only_message(batch))
    ]


def minutes(story: Story, count: int) -> None:
    """Let so many minutes pass with every timer running."""
    for _ in range(count * 4):
        story.clock.forward(seconds=15)
        story.hear()
        story.timers()


def test_a_phone_without_rcs_gets_the_sms_at_once(story: Story) -> None:
    batch = story.sent(person("000014"))
    assert tries(story, batch) == [("rcs", "failed", "no_rcs"), ("sms", "delivered", "")]
    without_rcs = person("000014")
    (message,) = story.phone(without_rcs.phone)
    assert (message.channel, message.card) == ("sms", None)
    assert without_rcs.staff in story.read(message, without_rcs.code)


def test_the_card_and_the_sms_carry_the_same_link(story: Story) -> None:
    def script(submission: Submission) -> Answer:
        return accept(submission) if submission.channel == "sms" else Refused("no_rcs")

    carrier = ScriptedCarrier(script)
    story.use_carrier(carrier)
    story.sent(ZOE)
    card, sms = carrier.submitted
    assert (card.channel, sms.channel, sms.card) == ("rcs", "sms", None)
    assert sms.text == card.text
    link = next(word for word in sms.text.split() if "#" in word)
    assert card.card is not None
    assert link in str(card.card)
    assert card.attempt_id != sms.attempt_id


def test_a_card_that_is_never_delivered_is_taken_back_before_one_sms_leaves(story: Story) -> None:
    nobody = person("000009")
    batch = story.sent(nobody)
    assert tries(story, batch) == [("rcs", "submitted", "")]
    minutes(story, 14)
    assert tries(story, batch) == [("rcs", "submitted", "")]
    assert story.phone(nobody.phone) == []
    minutes(story, 3)
    assert tries(story, batch) == [("rcs", "expired", "revoked"), ("sms", "delivered", "")]
    minutes(story, 20)
    assert [message.channel for message in story.phone(nobody.phone)] == ["sms"]
    assert not story.only_message(batch).double
    assert story.pipeline.batch(batch.id).state == "finished"


def test_a_card_delivered_after_all_is_noted_as_a_double_and_sends_nothing(story: Story) -> None:
    late = person("000010")
    batch = story.sent(late)
    minutes(story, 40)
    assert sorted(message.channel for message in story.phone(late.phone)) == ["rcs", "sms"]
    links = {story.link_in(message) for message in story.phone(late.phone)}
    assert len(links) == 1
    message = story.only_message(batch)
    assert (message.state, message.double) == ("delivered", True)
    assert [channel for channel, _, _ in tries(story, batch)] == ["rcs", "sms"]


def test_a_notice_over_the_longest_never_leaves(story: Story) -> None:
    story.rt = story.pipeline.rt = replace(story.rt, policies=replace(story.rt.policies, text_segments=1))
    story.change_templates(text="{sender} " + "un mot " * 25 + "{link}")
    batch = story.sent(ZOE, channels=("sms",))
    message = story.only_message(batch)
    assert (message.state, message.reason, message.finished_at is None) == ("failed", "text_too_long", False)
    assert (story.attempts_of(message), story.phone(ZOE.phone)) == ([], [])
    story.timers()
    assert story.pipeline.batch(batch.id).state == "finished"


def test_a_recall_that_nobody_answers_sends_no_sms_and_is_shown_as_unknown(story: Story) -> None:
    batch = story.sent(person("000013"))
    minutes(story, 30)
    message = story.only_message(batch)
    assert (message.state, message.text_sealed is None) == ("unknown", False)
    assert [channel for channel, _, _ in tries(story, batch)] == ["rcs"]
    assert story.phone(person("000013").phone) == []
    assert story.pipeline.batch(batch.id).state == "finished"


def test_every_magic_number_ends_as_its_sentence_says(story: Story) -> None:
    expected = {
        "000001": ("failed", []),
        "000002": ("failed", []),
        "000003": ("unknown", ["rcs"]),
        "000004": ("delivered", ["rcs"]),
        "000005": ("delivered", ["rcs"]),
        "000006": ("read", ["rcs"]),
        "000007": ("delivered", ["rcs"]),
        "000008": ("delivered", ["rcs"]),
        "000009": ("delivered", ["sms"]),
        "000010": ("delivered", ["rcs", "sms"]),
        "000011": ("failed", []),
        "000012": ("delivered", ["rcs"]),
        "000013": ("unknown", []),
        "000014": ("delivered", ["sms"]),
        "000015": ("submitted", []),
    }
    batch = story.sent(*(person(suffix) for suffix in expected))
    minutes(story, 25)
    states = story.states(batch)
    ended = {
        suffix: (
            states[person(suffix).staff],
            sorted(message.channel for message in story.phone(person(suffix).phone)),
        )
        for suffix in expected
    }
    assert ended == expected
    story.clock.forward(hours=72)
    minutes(story, 1)
    assert story.states(batch)[person("000015").staff] == "expired"
    assert story.pipeline.batch(batch.id).state == "finished"


def test_a_carrier_that_is_down_is_tried_again_later(story: Story) -> None:
    answers = [down, down, accept]
    carrier = ScriptedCarrier(lambda submission: answers.pop(0)(submission))
    story.use_carrier(carrier)
    batch = story.sent(ZOE, channels=("sms",))
    message = story.only_message(batch)
    assert (message.state, message.reason, len(carrier.submitted)) == ("held", "carrier_down", 1)
    story.timers()
    assert len(carrier.submitted) == 2
    story.clock.forward(seconds=29)
    story.timers()
    assert len(carrier.submitted) == 2
    story.clock.forward(seconds=2)
    story.timers()
    assert story.only_message(batch).state == "submitted"
    assert "message:held" in story.journal_tags(message.id)


def test_a_carrier_that_stays_down_ends_in_a_failure_that_can_be_sent_again(story: Story) -> None:
    carrier = ScriptedCarrier(down)
    story.use_carrier(carrier)
    batch = story.sent(ZOE)
    minutes(story, 30)
    message = story.only_message(batch)
    assert (message.state, message.reason) == ("failed", "carrier_down")
    assert story.pipeline.batch(batch.id).state == "finished"
    carrier.script = accept
    assert resend_batch(story.rt, story.id, batch.id, CLERK).sent == 1
    story.pipeline.run()
    assert story.only_message(batch).state == "submitted"


def test_a_lost_answer_is_asked_again_where_the_carrier_knows_the_message(story: Story) -> None:
    answers = [no_answer, no_answer, accept]
    carrier = ScriptedCarrier(lambda submission: answers.pop(0)(submission))
    story.use_carrier(carrier)
    batch = story.sent(ZOE)
    assert tries(story, batch) == [("rcs", "submitted", "")]
    assert len({submission.attempt_id for submission in carrier.submitted}) == 1


def test_a_carrier_that_is_gone_when_a_doubt_is_asked_about_leaves_the_doubt(story: Story) -> None:
    """Switched off or changed in between, it sent nothing this time; the first card may have come all the same."""
    answers = [no_answer]
    carrier = ScriptedCarrier(lambda submission: (answers.pop() if answers else down)(submission))
    story.use_carrier(carrier)
    batch = story.sent(ZOE)
    after_doubt = {submission.again for submission in carrier.submitted[1:]}
    assert after_doubt == {True}
    assert len({submission.attempt_id for submission in carrier.submitted}) == 1
    assert story.only_message(batch).state == "unknown"


def test_a_carrier_that_never_answers_ends_in_a_doubt(story: Story) -> None:
    carrier = ScriptedCarrier(no_answer)
    story.use_carrier(carrier)
    batch = story.sent(ZOE)
    assert len({submission.attempt_id for submission in carrier.submitted}) == 1
    assert (story.only_message(batch).state, story.only_message(batch).reason) == ("unknown", "line_broken")
    story.timers()
    assert story.pipeline.batch(batch.id).state == "finished"


def test_a_doubt_is_never_sent_again_where_the_carrier_would_send_twice(story: Story) -> None:
    carrier = ScriptedCarrier(no_answer, idempotent=False)
    story.use_carrier(carrier)
    batch = story.sent(ZOE)
    minutes(story, 20)
    message = story.only_message(batch)
    assert (message.state, len(carrier.submitted)) == ("unknown", 1)
    assert resend_batch(story.rt, story.id, batch.id, CLERK).sent == 0

    carrier.script = accept
    document = story.line(batch, ZOE.staff).id
    assert resend_document(story.rt, story.id, document, CLERK).sent == 1
    story.pipeline.run()
    assert [submission.text for submission in carrier.submitted] == [carrier.submitted[0].text] * 2
    assert story.only_message(batch).state == "submitted"


def test_a_report_settles_a_doubt(story: Story) -> None:
    story.use_carrier(ScriptedCarrier(no_answer, idempotent=False))
    batch = story.sent(ZOE)
    (attempt,) = story.attempts_of(story.only_message(batch))
    report = Report(attempt.id, "one", "delivered", "", story.clock())
    record_report(story.rt, report)
    record_report(story.rt, report)
    message = story.only_message(batch)
    assert (message.state, message.text_sealed, message.double) == ("delivered", None, False)


@pytest.mark.parametrize("state", ["failed", "expired"])
def test_a_refusal_that_comes_before_the_answer_still_leads_to_the_sms(story: Story, state: str) -> None:
    def script(submission: Submission) -> Answer:
        if submission.channel == "rcs":
            record_report(
                story.rt,
                Report(submission.attempt_id, "early", state, "network_failure", story.clock()),  # type: ignore[arg-type]
            )
        return accept(submission)

    carrier = ScriptedCarrier(script)
    story.use_carrier(carrier)
    batch = story.sent(ZOE)
    assert [submission.channel for submission in carrier.submitted] == ["rcs", "sms"]
    assert story.only_message(batch).state == "submitted"


def test_a_delivery_told_before_the_answer_is_kept(story: Story) -> None:
    def script(submission: Submission) -> Answer:
        record_report(story.rt, Report(submission.attempt_id, "early", "delivered", "", story.clock()))
        return accept(submission)

    story.use_carrier(ScriptedCarrier(script))
    batch = story.sent(ZOE)
    assert tries(story, batch) == [("rcs", "delivered", "")]
    assert story.only_message(batch).state == "delivered"


def test_reports_that_come_while_answers_are_written_down_block_nothing(story: Story) -> None:
    told: list[Future[None]] = []

    def script(submission: Submission) -> Answer:
        report = Report(submission.attempt_id, "early", "delivered", "", story.clock())
        told.append(pool.submit(record_report, story.rt, report))
        return accept(submission)

    story.use_carrier(ScriptedCarrier(script))
    batch = story.upload(crew(25))
    story.release(batch)
    with ThreadPoolExecutor(4) as pool:
        story.pipeline.run()
    assert [one.exception() for one in told] == [None] * 25
    assert set(story.states(batch).values()) == {"delivered"}
    assert not any(message.double for message in story.messages_of(batch).values())


def test_what_waited_past_its_time_is_not_sent_any_more(story: Story) -> None:
    carrier = ScriptedCarrier()
    story.use_carrier(carrier)
    batch = story.upload(TEAM)
    story.release(batch)
    story.clock.forward(hours=73)
    story.pipeline.run()
    assert set(story.states(batch).values()) == {"expired"}
    assert {message.reason for message in story.messages_of(batch).values()} == {"validity_over"}
    assert carrier.submitted == []


def test_an_sms_without_any_report_expires_with_its_time(story: Story) -> None:
    batch = story.sent(person("000003"), channels=("sms",))
    story.clock.forward(hours=71)
    story.timers()
    assert story.only_message(batch).state == "submitted"
    story.clock.forward(hours=2)
    story.timers()
    assert story.only_message(batch).state == "expired"
    assert story.pipeline.batch(batch.id).state == "finished"


def test_stop_ends_advertising_and_not_the_notice_of_a_payslip(story: Story) -> None:
    story.sent(ZOE)
    story.answer(ZOE.phone, "STOP")
    batch = story.sent(ZOE, period=NOVEMBER)
    assert story.states(batch) == {ZOE.staff: "delivered"}

    story.change_templates(category="marketing")
    advert = story.sent(ZOE, period=NOVEMBER.replace(month=12))
    message = story.only_message(advert)
    assert (message.state, message.reason, message.text_sealed) == ("cancelled", "consent-stop", None)


def test_who_objected_to_everything_is_not_written_to(story: Story) -> None:
    with story.rt.begin() as session:
        line = Line(Fact.OBJECTION_ALL, How.STAFF, "clerk", story.clock())
        opting.record(session, story.rt.vault, story.id, "+33611001001", line, story.clock())
    batch = story.sent(*TEAM)
    message = story.messages_of(batch)[ZOE.staff]
    assert (message.state, message.reason) == ("cancelled", "consent-objection-all")
    assert story.phone(ZOE.phone) == []
    assert [len(story.phone(one.phone)) for one in TEAM[1:]] == [1, 1]


def test_advertising_waits_for_its_hours(story: Story) -> None:
    saturday_evening = datetime(2027, 1, 16, 20, 30, tzinfo=PARIS)
    monday_morning = datetime(2027, 1, 18, 10, 0, tzinfo=PARIS)
    story.clock.set_to(saturday_evening)
    story.change_templates(category="marketing")
    with story.rt.begin() as session:
        for fact in (Fact.STOP, Fact.UNSTOP):
            line = Line(fact, How.FORM, "person", story.clock())
            opting.record(session, story.rt.vault, story.id, "+33611001001", line, story.clock())
            story.clock.forward(seconds=1)
    batch = story.sent(ZOE)
    message = story.only_message(batch)
    assert (message.state, message.reason) == ("held", "house-marketing")
    assert abs(message.not_before - monday_morning) < timedelta(seconds=1)
    story.clock.set_to(monday_morning - timedelta(minutes=1))
    story.timers()
    assert (story.only_message(batch).state, story.phone(ZOE.phone)) == ("held", [])
    story.clock.set_to(monday_morning + timedelta(seconds=5))
    story.timers()
    story.let_network_work()
    assert story.only_message(batch).state == "delivered"
    assert len(story.phone(ZOE.phone)) == 1


def test_advertising_without_consent_never_leaves(story: Story) -> None:
    story.change_templates(category="marketing")
    batch = story.sent(ZOE)
    assert story.only_message(batch).reason == "consent-cpce-l34-5"
    assert story.phone(ZOE.phone) == []


def test_no_second_holds_more_segments_than_the_sender_may_send(story: Story) -> None:
    carrier = ScriptedCarrier()
    story.use_carrier(carrier)
    story.change_sender("sms", rate=10.0)
    batch = story.upload(crew(15), channels=("sms",))
    story.release(batch)
    segments = [message.segments for message in story.messages_of(batch).values()]
    story.pipeline.run()
    assert len(carrier.at) == 15
    for start in carrier.at:
        within = sum(start <= at < start + 1 for at in carrier.at)
        assert within * max(segments) <= 10
    assert carrier.at[-1] - carrier.at[0] < 2 * sum(segments) / 10


def test_a_recall_stops_what_has_not_left(story: Story) -> None:
    def script(submission: Submission) -> Answer:
        if len(carrier.submitted) == 2:
            recall_batch(story.rt, story.id, batch.id, CLERK, "wrong month")
        return Accepted(submission.attempt_id.hex)

    carrier = ScriptedCarrier(script)
    story.use_carrier(carrier)
    story.change_sender("sms", rate=5.0)
    batch = story.upload(crew(5), channels=("sms",))
    story.release(batch)
    story.pipeline.run()
    # The third may have its slot already: slots are taken up to 0.3 s ahead.
    left = len(carrier.submitted)
    assert left in (2, 3)
    assert sorted(story.states(batch).values()) == ["cancelled"] * (5 - left) + ["submitted"] * left
    assert {line.state for line in story.review(batch)} == {"revoked"}
    minutes(story, 1)
    assert len(carrier.submitted) == left


@pytest.mark.parametrize("undone", ["recalled", "revoked", "replaced"])
def test_no_sms_announces_a_link_that_is_closed(story: Story, undone: str) -> None:
    nobody = person("000009")
    batch = story.sent(nobody)
    if undone == "recalled":
        recall_batch(story.rt, story.id, batch.id, CLERK, "wrong month")
    elif undone == "revoked":
        revoke_document(story.rt, story.id, story.line(batch, nobody.staff).id, CLERK)
    else:
        again = Employee(**{**nobody.__dict__, "pay": "17.00", "phone": ZOE.phone})
        second = story.upload([again])
        story.confirm(story.line(second, nobody.staff), "number_changed")
        story.send(second)
    minutes(story, 20)
    message = story.only_message(batch)
    assert message.state == "cancelled"
    assert (message.text_sealed, message.card_sealed) == (None, None)
    assert story.phone(nobody.phone) == []
    assert [channel for channel, _, _ in tries(story, batch)] == ["rcs"]


def test_a_message_that_waits_for_another_try_ends_with_a_recall(story: Story) -> None:
    carrier = ScriptedCarrier(down)
    story.use_carrier(carrier)
    batch = story.sent(ZOE)
    assert story.only_message(batch).state == "held"
    recall_batch(story.rt, story.id, batch.id, CLERK, "wrong month")
    minutes(story, 10)
    assert (story.only_message(batch).state, len(carrier.submitted)) == ("cancelled", 1)
