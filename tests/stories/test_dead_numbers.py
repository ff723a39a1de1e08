"""A number that took no text is remembered, and the clerk is warned before the next payslip goes there."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.carriers.base import Refused
from app.db.models import Batch
from app.db.queries import dead_numbers
from app.documents.match.standing import finding_from_json
from app.usecases.batches.exclude_dead import exclude_dead
from app.usecases.batches.list_paper import list_paper
from app.usecases.batches.show_review import show_review
from app.usecases.documents.correct_phone import correct_phone
from app.usecases.operations.forget_jobs import forget_jobs
from tests.stories.carriers import ScriptedCarrier
from tests.stories.payroll import NOVEMBER, ZOE, Employee, person
from tests.stories.story import CLERK, Story

GONE = person("000001")


def warned(story: Story, batch: Batch, employee: Employee) -> bool:
    return story.line(batch, employee.staff).findings.get("phone_dead") == "warning"


def dead(story: Story, batch: Batch) -> int:
    """How many lines the review proposes to leave out."""
    seen = show_review(story.rt, story.id, batch.id, show="all", kind="", query="", offset=0, limit=9)
    return seen.counts.dead


def test_the_next_review_warns_and_holds_nothing(story: Story) -> None:
    first = story.sent(GONE, ZOE)
    assert story.states(first)[GONE.staff] == "failed"
    second = story.upload([GONE, ZOE], period=NOVEMBER)
    assert warned(story, second, GONE)
    assert not warned(story, second, ZOE)
    found = [
        finding_from_json(one)
        for one in story.line(second, GONE.staff).document.findings
        if one["code"] == "phone_dead"
    ]
    assert [one.subject for one in found] == ["phone"]
    story.release(second)


def test_those_with_a_dead_number_are_left_out_at_once_and_printed(story: Story) -> None:
    story.sent(GONE, ZOE)
    second = story.upload([GONE, ZOE], period=NOVEMBER)
    assert dead(story, second) == 1
    assert [exclude_dead(story.rt, story.id, second.id, CLERK)[1] for _ in range(2)] == [1, 0]
    assert dead(story, second) == 0
    assert {line.staff: line.state for line in story.review(second)} == {
        GONE.staff: "excluded",
        ZOE.staff: "in_review",
    }
    (printed,) = list_paper(story.rt, story.id, second.id).lines
    assert (printed.face.staff_number, printed.reason) == (GONE.staff, "phone_dead")
    story.release(second)


def test_a_number_corrected_to_a_dead_one_is_warned_about_too(story: Story) -> None:
    story.sent(GONE)
    second = story.upload([ZOE], period=NOVEMBER)
    assert not warned(story, second, ZOE)
    correct_phone(story.rt, story.id, story.line(second, ZOE.staff).id, GONE.phone, CLERK)
    assert warned(story, second, ZOE)
    correct_phone(story.rt, story.id, story.line(second, ZOE.staff).id, person("000077").phone, CLERK)
    assert not warned(story, second, ZOE)


@pytest.mark.parametrize("code", ["blocked", "network_failure", "phone_absent", "refused"])
def test_other_failures_kill_no_number(story: Story, code: str) -> None:
    story.use_carrier(ScriptedCarrier(lambda _submission: Refused(code)))
    story.sent(ZOE, channels=("sms",))
    assert not warned(story, story.upload([ZOE], period=NOVEMBER), ZOE)


def test_a_number_that_takes_a_text_again_is_alive(story: Story) -> None:
    network = story.rt.carriers["simulator"]
    story.use_carrier(ScriptedCarrier(lambda _submission: Refused("unknown_number")))
    story.sent(ZOE, channels=("sms",))
    second = story.upload([ZOE], period=NOVEMBER)
    assert warned(story, second, ZOE)
    story.use_carrier(network)
    story.clock.forward(days=1)
    story.send(second)
    assert story.only_message(second).state in ("delivered", "read")
    assert not warned(story, story.upload([ZOE]), ZOE)


def test_a_year_later_the_number_may_be_somebody_elses(story: Story) -> None:
    story.sent(GONE)
    index = story.rt.vault.phone_index(story.id, "+33" + GONE.phone.replace(" ", "")[1:])
    organisation = story.pipeline.organisation
    later = story.rt.now() + dead_numbers.REMEMBERED
    with story.rt.read() as session:
        assert dead_numbers.among(session, organisation, [index], later - timedelta(days=1))
        assert dead_numbers.among(session, organisation, [index], later + timedelta(days=1)) == {}
    forget_jobs(replace(story.rt, now=lambda: later + timedelta(days=1)))
    with story.rt.read() as session:
        assert dead_numbers.among(session, organisation, [index], story.rt.now()) == {}


def test_failures_add_up_on_one_row(story: Story) -> None:
    index = b"i" * 32
    with story.rt.begin() as session:
        for code in ("unknown_number", "not_mobile"):
            dead_numbers.remember(session, story.id, index, code, story.rt.now())
    with story.rt.read() as session:
        assert len(dead_numbers.among(session, story.pipeline.organisation, [index], story.rt.now())) == 1
