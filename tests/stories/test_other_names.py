"""One staff number, two people: the other's link stays open, and what a wrong batch taught is forgotten."""

from dataclasses import replace

import pytest

from app.core.errors import InvalidInput
from app.usecases.batches.confirm_batch import confirm_findings
from app.usecases.batches.recall_batch import recall_batch
from app.usecases.batches.report_review import report_review
from app.usecases.batches.show_recall import show_recall
from app.usecases.opening.unlock_document import NotOpen, Unlocked
from tests.stories.payroll import INES, NOEL, NOVEMBER, ZOE
from tests.stories.story import CLERK, Story

CHLOE = replace(ZOE, last="CHÂTELAIN", first="Chloé", phone="06 11 00 10 77", code="Q4WD-8TZM")


def told(story: Story, batch_id: object, staff: str) -> dict[str, str]:
    """Findings of one staff number with their details."""
    found = report_review(story.rt, story.id, batch_id).findings  # type: ignore[arg-type]
    return {
        finding.code: finding.detail
        for finding in found
        if finding.staff_number == staff and finding.severity != "info"
    }


def test_the_payslip_of_another_person_with_the_same_number_closes_nothing(story: Story) -> None:
    story.sent(ZOE, NOEL)
    hers = story.link_in(story.phone(ZOE.phone)[0])
    second = story.upload([CHLOE, INES])
    assert told(story, second.id, ZOE.staff) == {
        "number_changed": "+33611001001",
        "person_changed": "Zoé MARTIN",
        "link_of_other": "Zoé MARTIN",
    }
    assert story.line(second, ZOE.staff).blocking == {"number_changed", "person_changed"}
    assert confirm_findings(story.rt, story.id, second.id, "number_changed", CLERK) == 1
    assert story.refused_release(second) == "still_blocked"
    with pytest.raises(InvalidInput):
        confirm_findings(story.rt, story.id, second.id, "person_changed", CLERK)
    story.confirm(story.line(second, ZOE.staff), "person_changed")
    story.send(second)
    assert isinstance(story.try_to_open(hers, ZOE.code), Unlocked)
    assert "CHÂTELAIN" in story.read(story.phone(CHLOE.phone)[0], CHLOE.code)


def test_the_same_person_under_another_name_has_one_link_when_somebody_says_so(story: Story) -> None:
    story.sent(ZOE)
    before = story.link_in(story.phone(ZOE.phone)[0])
    married = replace(ZOE, last="DURAND", pay="16.50")
    second = story.upload([married])
    assert set(told(story, second.id, ZOE.staff)) == {"person_changed", "link_of_other"}
    story.confirm(story.line(second, ZOE.staff), "person_changed")
    story.confirm(story.line(second, ZOE.staff), "link_of_other")
    story.send(second)
    assert isinstance(story.try_to_open(before, ZOE.code), NotOpen)
    third = story.upload([replace(married, pay="17.00")])
    assert told(story, third.id, ZOE.staff) == {"replaces_earlier": "Zoé DURAND"}


def test_a_batch_that_left_meanwhile_for_somebody_else_is_seen_at_the_release(story: Story) -> None:
    waiting = story.upload([CHLOE])
    assert told(story, waiting.id, ZOE.staff) == {}
    story.sent(ZOE)
    assert "person_changed" in told(story, waiting.id, ZOE.staff)
    assert story.refused_release(waiting) == "still_blocked"


def test_a_recalled_batch_is_not_what_the_next_one_is_compared_with(story: Story) -> None:
    story.sent(ZOE, NOEL)
    wrong = story.upload([CHLOE, INES])
    for code in ("number_changed", "person_changed", "link_of_other"):
        story.confirm(story.line(wrong, ZOE.staff), code)
    story.send(wrong)
    shown = show_recall(story.rt, story.id, wrong.id)
    assert [(face.name, face.staff_number) for face in shown.replaced] == [("Zoé MARTIN", ZOE.staff)]
    recall_batch(story.rt, story.id, wrong.id, CLERK, "wrong list")

    november = story.upload([ZOE, NOEL, INES], period=NOVEMBER)
    assert not any(line.blocking for line in story.review(november))
    again = story.upload([CHLOE], period=NOVEMBER)
    assert told(story, again.id, ZOE.staff) == {
        "number_changed": "+33611001001",
        "person_changed": "Zoé MARTIN",
    }


def test_who_was_only_in_a_recalled_batch_is_unknown_again(story: Story) -> None:
    wrong = story.sent(CHLOE)
    recall_batch(story.rt, story.id, wrong.id, CLERK, "wrong list")
    assert told(story, story.upload([ZOE]).id, ZOE.staff) == {}


def test_the_usual_password_of_another_person_opens_nothing(story: Story) -> None:
    story.sent(ZOE, NOEL)
    without_codes = [replace(CHLOE, code=""), replace(NOEL, code="")]
    november = story.upload(without_codes, period=NOVEMBER, password_policy="usual")
    assert "usual_password_missing" in story.line(november, ZOE.staff).blocking
    assert not story.line(november, NOEL.staff).blocking


def test_a_recall_leaves_no_password_of_another_person_behind(story: Story) -> None:
    story.sent(ZOE, NOEL)
    wrong = story.upload([CHLOE, NOEL], period=NOVEMBER)
    for code in ("number_changed", "person_changed"):
        story.confirm(story.line(wrong, ZOE.staff), code)
    story.send(wrong)
    recall_batch(story.rt, story.id, wrong.id, CLERK, "wrong list")
    people = [replace(ZOE, code=""), replace(NOEL, code="")]
    november = story.upload(people, period=NOVEMBER, password_policy="usual")
    assert story.line(november, ZOE.staff).blocking == {"usual_password_missing"}
    assert not story.line(november, NOEL.staff).blocking


def test_a_row_without_a_name_leaves_and_keeps_the_name_known_before(story: Story) -> None:
    story.sent(ZOE)
    story.sent(replace(ZOE, last="", first=""), NOEL, period=NOVEMBER)
    assert "person_changed" in told(story, story.upload([CHLOE]).id, ZOE.staff)


def test_a_payslip_with_a_password_is_not_replaced_by_one_without_in_silence(story: Story) -> None:
    story.sent(ZOE)
    bare = story.upload([replace(ZOE, pay="16.50")], password_policy="none", expires_on="2027-01-31")
    assert story.line(bare, ZOE.staff).blocking == {"password_dropped"}
    assert story.refused_release(bare) == "still_blocked"
    assert confirm_findings(story.rt, story.id, bare.id, "password_dropped", CLERK) == 1
    story.send(bare)
    assert len(story.phone(ZOE.phone)) == 2
