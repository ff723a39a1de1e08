"""Over SMPP a message leaves in its slot or not at all, from whichever process it comes."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest

from app.carriers.base import Accepted, Departed, Submission
from app.carriers.smpp.carrier import SmppCarrier
from app.core import clock
from app.db.session import Database
from tests.carriers.smpp.double import Acts, Smsc, Submitted, accept, eventually, receipt, smsc
from tests.carriers.smpp.office import make_carrier, office, submission
from tests.carriers.smpp.test_answers import refuse, silent

AHEAD = 0.4  # seconds to the first slot: room enough on a busy machine


def numbers(count: int) -> list[str]:
    return [f"+3361234{at:04d}" for at in range(count)]


def hand_over(
    carrier: SmppCarrier, submissions: Sequence[Submission], gap: float
) -> tuple[float, list[Departed]]:
    """When they were handed over, and what became of each; one slot every `gap` seconds."""
    waits = [AHEAD + gap * at for at in range(len(submissions))]
    return time.monotonic(), carrier.submit_at(submissions, waits, clock.now())


def test_each_leaves_in_its_slot_and_never_before(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port, window=100) as opened:
        began, departed = hand_over(opened.carrier, [submission(to) for to in numbers(20)], 0.02)
        left = [at for at, one in enumerate(departed) if one.outcome is not None]
        assert all(isinstance(departed[at].outcome, Accepted) for at in left)
        assert len(left) > 10
        assert [one.to for one in centre.submitted] == [numbers(20)[at][1:] for at in left]
        for at, one in zip(left, centre.submitted, strict=True):
            assert one.at >= began + AHEAD + 0.02 * at
            assert 0 <= departed[at].after - (AHEAD + 0.02 * at) < 0.02


def slow(seconds: float) -> Acts:
    """Accept, one after the other, each so late."""

    def acts(centre: Smsc, one: Submitted) -> None:
        time.sleep(seconds)
        accept(centre, one)

    return acts


def leave_first(
    carrier: SmppCarrier, submissions: Sequence[Submission]
) -> tuple[list[Departed], Sequence[Submission]]:
    """Hand over until the first one leaves: on a busy machine it may miss its slot too. Each time as other attempts."""
    for _ in range(20):
        _, departed = hand_over(carrier, submissions, 0.01)
        if departed[0].outcome is not None:
            return departed, submissions
        submissions = [replace(one, attempt_id=uuid4()) for one in submissions]
    raise AssertionError("the first never left in its slot")


def test_what_the_window_holds_back_past_its_slot_is_not_sent_later(sqlite: Database) -> None:
    """However long the first one waits for its answer."""
    with smsc(silent) as centre, office(sqlite, centre.port, window=1, answer_seconds=1) as opened:
        departed, _ = leave_first(opened.carrier, [submission(to) for to in numbers(5)])
        assert [one.outcome for one in departed[1:]] == [None] * 4
        assert centre.submitted[-1].to == numbers(1)[0][1:]


def test_all_parts_of_a_message_leave_or_none(sqlite: Database) -> None:
    """The parts of one that left wait for the window; no part of one that missed its slot leaves."""
    with smsc(slow(0.1)) as centre, office(sqlite, centre.port, window=1) as opened:
        departed, long = leave_first(opened.carrier, [submission(to, "é" * 300) for to in numbers(2)])
        assert isinstance(departed[0].outcome, Accepted)
        assert departed[0].after > AHEAD + 0.1
        assert departed[1].outcome is None
        assert {one.to for one in centre.submitted} == {numbers(1)[0][1:]}
        assert len(centre.submitted) == len(opened.parts(long[0].attempt_id)) > 1


def test_one_that_missed_its_slot_is_handed_over_again_and_reported_as_usual(sqlite: Database) -> None:
    with smsc(slow(0.1)) as centre, office(sqlite, centre.port, window=1) as opened:
        departed, (_, one) = leave_first(opened.carrier, [submission(to) for to in numbers(2)])
        assert departed[1].outcome is None
        assert [part.state for part in opened.parts(one.attempt_id)] == ["missed"]
        while (again := opened.carrier.submit_at([one], [AHEAD], clock.now())[0]).outcome is None:
            pass
        assert isinstance(again.outcome, Accepted)
        assert {part.state for part in opened.parts(one.attempt_id)} == {"missed", "taken"}
        centre.deliver(receipt(one.to[1:], again.outcome.reference))
        eventually(lambda: opened.told.states(one.attempt_id) == ["delivered"])


def test_while_the_centre_asks_for_a_pause_nothing_is_tried(sqlite: Database) -> None:
    with (
        smsc(refuse(0x58, 5)) as centre,
        office(sqlite, centre.port) as opened,
        ThreadPoolExecutor() as threads,
    ):
        first = threads.submit(opened.outcome)
        eventually(lambda: opened.carrier.link.pause > 0.5)
        one = submission()
        (departed,) = opened.carrier.submit_at([one], [0.0], clock.now())
        assert (departed.outcome, opened.parts(one.attempt_id)) == (None, [])
        assert isinstance(first.result()[1], Accepted)


@pytest.mark.parametrize("late", [False, True])
def test_a_process_without_the_link_keeps_slots_too(sqlite: Database, late: bool) -> None:
    """The one that holds the link takes what is offered a little ahead, and what it finds too late goes back."""
    with smsc() as centre, office(sqlite, centre.port) as holder:
        other = make_carrier(sqlite, holder.connection_id, centre.port, owner="worker-1")
        began = time.monotonic()
        waits = [-0.05] * 3 if late else [0.8 + 0.02 * at for at in range(3)]
        departed = other.submit_at([submission(to) for to in numbers(3)], waits, clock.now())
        if late:
            assert [one.outcome for one in departed] == [None] * 3
            assert centre.submitted == []
        else:
            left = [wait for wait, one in zip(waits, departed, strict=True) if one.outcome is not None]
            assert left, "none of them left"
            for wait, one in zip(left, centre.submitted, strict=True):
                assert one.at >= began + wait - 0.002
