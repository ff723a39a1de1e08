"""What `pli doctor` makes of the jobs that wait, and how failures are told."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.cli.checkups import judge_backlog, judge_stalled, judge_workers
from app.cli.failures import one_sentence, sentence
from app.core.errors import InvalidInput
from app.db.models import StalledJob
from app.engine.backlog import Backlog
from app.engine.heartbeat import Heard

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def backlog(*, waiting: int = 0, oldest: timedelta | None = None) -> Backlog:
    return Backlog(waiting, delayed=1, running=2, dead=0, oldest_waiting=NOW - oldest if oldest else None)


@pytest.mark.parametrize(
    ("found", "well", "said"),
    [
        (backlog(), True, "0 waiting, 2 running, 1 for later"),
        (backlog(waiting=9, oldest=timedelta(minutes=4)), True, "9 waiting"),
        (backlog(waiting=9, oldest=timedelta(minutes=6)), False, "waits for 6 minutes. Start a worker"),
    ],
)
def test_jobs_are_well_while_somebody_works_on_them(found: Backlog, well: bool, said: str) -> None:
    checkup = judge_backlog(found, NOW)

    assert checkup.well is well
    assert said in checkup.words


def heard(name: str, age: float, jobs: int = 0) -> Heard:
    return Heard(name, age, jobs)


@pytest.mark.parametrize(
    ("workers", "well", "said"),
    [
        ([], True, "none runs"),
        ([heard("a-0", 2.4), heard("b-0", 4)], True, "a-0 (2 s ago), b-0 (4 s ago)"),
        (
            [heard("a-0", 2), heard("b-0", 720)],
            True,
            "not heard of: b-0 for 12 minutes. It left no job behind",
        ),
        (
            [heard("a-0", 2), heard("b-0", 90, 3)],
            False,
            "with 3 unfinished jobs. Another worker takes them over",
        ),
        ([heard("b-0", 720)], False, "none runs; not heard of: b-0"),
    ],
)
def test_a_worker_that_is_not_heard_of_is_named(workers: list[Heard], well: bool, said: str) -> None:
    checkup = judge_workers(workers)

    assert checkup.well is well
    assert said in checkup.words


def test_jobs_that_were_given_up_are_named_with_what_to_do() -> None:
    batch = uuid4()
    stalled = [
        StalledJob(
            job_id=str(number),
            kind="announce_block",
            partition="one",
            code="ConnectionError",
            batch_id=batch if number else None,
            stalled_at=NOW,
        )
        for number in range(4)
    ]

    checkup = judge_stalled(stalled)

    assert not checkup.well
    assert f"batch {batch}: announce_block (ConnectionError, 2026-11-25 09:00 UTC)" in checkup.words
    assert "batch none" in checkup.words
    assert "and 1 more" in checkup.words
    assert "`pli retry`" in checkup.words
    assert judge_stalled([]).well


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InvalidInput("x", "do this instead"), "do this instead"),
        (PermissionError(13, "Permission denied", "some/file"), "some/file: Permission denied."),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused."),
        (ValueError("secret-value"), None),
        (OSError("no number"), None),
    ],
)
def test_what_may_be_expected_has_a_sentence(error: Exception, said: str | None) -> None:
    assert sentence(error) == said


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), one_sentence():
        raise ZeroDivisionError


def test_an_expected_failure_ends_with_status_1() -> None:
    with pytest.raises(SystemExit) as stopped, one_sentence():
        raise InvalidInput("x", "do this instead")

    assert stopped.value.code == "pli: do this instead"
