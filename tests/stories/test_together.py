"""What a clerk does to several lines at once, and takes back."""

from dataclasses import replace

import pytest

from app.core.errors import Conflict
from app.db.queries import inbox
from app.usecases.batches.cancel_batch import cancel_batch
from app.usecases.batches.exclude_blocking import exclude_blocking
from app.usecases.batches.include_lot import include_lot
from app.usecases.batches.show_batches import show_batches
from app.usecases.batches.show_blocking import show_blocking
from app.usecases.batches.show_review import show_review
from app.usecases.inbox.count_waiting import count_waiting
from app.usecases.inbox.show_inbox import show_inbox
from app.usecases.inbox.withdraw_document import withdraw_document
from tests.stories.payroll import INES, NOEL, TEAM, ZOE
from tests.stories.story import CLERK, Story


def test_only_what_was_seen_is_left_out_and_the_lot_comes_back(story: Story) -> None:
    batch = story.upload([replace(ZOE, phone=""), replace(NOEL, phone="01 44 55 66 77"), INES])
    shown = show_blocking(story.rt, story.id, batch.id).lines
    assert [(line.name, line.reasons) for line in shown] == [
        ("Zoé MARTIN", ("phone_empty",)),
        ("Noël DUPRÉ", ("phone_unreachable",)),
    ]
    first, left = exclude_blocking(story.rt, story.id, batch.id, [shown[0].id], CLERK)
    assert left == 1
    assert story.line(batch, NOEL.staff).state == "in_review"
    second, _ = exclude_blocking(story.rt, story.id, batch.id, [line.id for line in shown], CLERK)
    assert include_lot(story.rt, story.id, batch.id, second, CLERK) == 1
    assert {line.staff: line.state for line in story.review(batch)} == {
        ZOE.staff: "excluded", NOEL.staff: "in_review", INES.staff: "in_review",
    }  # fmt: skip
    assert include_lot(story.rt, story.id, batch.id, second, CLERK) == 0
    assert include_lot(story.rt, story.id, batch.id, first, CLERK) == 1


def test_the_same_files_are_told_of_the_batch_that_was_sent(story: Story) -> None:
    sent = story.sent(*TEAM)
    waiting = story.upload(TEAM)
    newest = story.upload(TEAM)
    assert waiting.same_files_as == newest.same_files_as == sent.id
    shown = show_review(
        story.rt, story.id, newest.id, show="all", kind="", query="", offset=0, limit=10
    ).same_files
    assert shown is not None
    assert (shown.id, shown.people, shown.state) == (sent.id, 3, story.pipeline.batch(sent.id).state)


def test_a_cancelled_batch_can_be_kept_out_of_the_list(story: Story) -> None:
    kept, given_up = story.upload([ZOE]), story.upload([NOEL])
    cancel_batch(story.rt, story.id, given_up.id, CLERK)
    everything = show_batches(story.rt, story.id, offset=0, limit=10)
    assert (everything.total, everything.given_up) == (2, 1)
    hidden = show_batches(story.rt, story.id, hide=True, offset=0, limit=10)
    assert [line.id for line in hidden.batches] == [kept.id]
    assert (hidden.total, hidden.given_up) == (1, 1)


def test_an_answer_withdraws_the_document_it_is_about(story: Story) -> None:
    batch = story.sent(ZOE)
    story.answer(ZOE.phone, "Ce n'est pas moi")
    assert count_waiting(story.rt, story.id) == 1
    (line,) = show_inbox(story.rt, story.id, waiting=True, offset=0, limit=10).lines
    assert (line.name, line.withdrawable) == ("Zoé MARTIN", True)
    withdraw_document(story.rt, story.id, line.id, CLERK)
    assert story.line(batch, ZOE.staff).state == "revoked"
    assert count_waiting(story.rt, story.id) == 0
    with pytest.raises(Conflict):
        withdraw_document(story.rt, story.id, line.id, CLERK)
    with story.rt.read() as session:
        held = inbox.hold(session, story.id, line.id)
    assert held is not None
    assert held.decision is not None
    assert held.decision.decision == "withdrawn"
