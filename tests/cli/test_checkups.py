"""What `pli doctor` makes of the jobs that wait, and how failures are told."""

from datetime import UTC, datetime, timedelta

import pytest

from app.cli.checkups import judge_backlog
from app.cli.failures import one_sentence, sentence
from app.core.errors import InvalidInput
from app.engine.backlog import Backlog

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def backlog(*, waiting: int = 0, dead: int = 0, oldest: timedelta | None = None) -> Backlog:
    return Backlog(waiting, delayed=1, running=2, dead=dead, oldest_waiting=NOW - oldest if oldest else None)


@pytest.mark.parametrize(
    ("found", "well", "said"),
    [
        (backlog(), True, "0 waiting, 2 running, 1 for later"),
        (backlog(waiting=9, oldest=timedelta(minutes=4)), True, "9 waiting"),
        (backlog(waiting=9, oldest=timedelta(minutes=6)), False, "waits for 6 minutes. Start a worker"),
        (backlog(dead=3), False, "3 were given up."),
    ],
)
def test_jobs_are_well_while_somebody_works_on_them(found: Backlog, well: bool, said: str) -> None:
    checkup = judge_backlog(found, NOW)

    assert checkup.well is well
    assert said in checkup.words


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
