"""How often a handler is tried, when its job is dead, and what is said about it. No engine and no database."""

import json
import logging
import threading
from collections.abc import Callable

import pytest

from app.core.errors import InvalidInput, TooLarge
from app.core.log import JsonLines
from app.engine.handlers import HandlerRunner, Interrupted, JobFailed, Policy, error_code
from tests.engine.conftest import QUICK, until


class Failing:
    """A handler that raises the given errors, one each time, and then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.tries: list[tuple[str, ...]] = []

    def __call__(self, *ids: str) -> None:
        self.tries.append(ids)
        if self._errors:
            raise self._errors.pop(0)


@pytest.fixture
def runner() -> HandlerRunner:
    return HandlerRunner(QUICK)


def test_a_failing_handler_is_tried_again_until_it_succeeds(runner: HandlerRunner) -> None:
    handler = Failing(ConnectionError(), ConnectionError())
    runner.run("work", handler, ("1", "2"), 1)

    assert handler.tries == [("1", "2")] * 3


def test_a_job_that_fails_at_every_try_is_dead(runner: HandlerRunner) -> None:
    handler = Failing(ConnectionError(), KeyError(), TimeoutError())
    with pytest.raises(JobFailed, match="work: TimeoutError"):
        runner.run("work", handler, ("1",), 1)

    assert len(handler.tries) == 3


@pytest.mark.parametrize("error", [InvalidInput, TooLarge])
def test_input_that_can_never_work_is_tried_once(
    error: Callable[[str, str], Exception], runner: HandlerRunner
) -> None:
    handler = Failing(error("pdf_encrypted", "The file is encrypted."))
    with pytest.raises(JobFailed, match="work: pdf_encrypted"):
        runner.run("work", handler, ("1",), 1)

    assert len(handler.tries) == 1


@pytest.mark.parametrize(("starts", "tries"), [(1, 1), (2, 1), (3, 0), (9, 0)])
def test_a_job_whose_process_ended_too_often_is_not_run_again(
    starts: int, tries: int, runner: HandlerRunner
) -> None:
    handler = Failing()
    if tries:
        runner.run("work", handler, ("1",), starts)
    else:
        with pytest.raises(JobFailed, match="work: worker_died"):
            runner.run("work", handler, ("1",), starts)

    assert len(handler.tries) == tries


def test_waiting_for_the_next_try_ends_when_the_process_stops() -> None:
    runner = HandlerRunner(Policy(retry_delays=(60.0,)))

    def work() -> None:
        runner.stopping.set()
        raise ConnectionError

    with pytest.raises(Interrupted):
        runner.run("work", work, (), 1)
    assert runner.running == 0


def test_a_handler_taken_up_while_the_process_stops_is_not_begun(runner: HandlerRunner) -> None:
    handler = Failing()
    runner.stopping.set()
    with pytest.raises(Interrupted):
        runner.run("work", handler, (), 1)

    assert handler.tries == []


def test_a_tick_is_skipped_while_the_one_before_still_runs(runner: HandlerRunner) -> None:
    release = threading.Event()
    ticks: list[int] = []

    def slow() -> None:
        ticks.append(1)
        release.wait(10)

    first = threading.Thread(target=runner.tick, args=("slow", slow))
    first.start()
    until(lambda: ticks)
    runner.tick("slow", slow)
    assert len(ticks) == runner.running == 1
    release.set()
    first.join()
    runner.tick("slow", slow)

    assert len(ticks) == 2


def test_a_failed_tick_is_not_tried_again_and_the_next_one_runs(runner: HandlerRunner) -> None:
    handler = Failing(ConnectionError())
    with pytest.raises(JobFailed):
        runner.tick("hourly", handler)
    runner.tick("hourly", handler)

    assert len(handler.tries) == 2


def test_the_log_tells_job_ids_code_and_way_and_no_text_of_an_exception(
    runner: HandlerRunner, caplog: pytest.LogCaptureFixture
) -> None:
    number = "+336" + "12345678"
    batch = "0b7c1f4e-5d0e-4f0a-9a53-1d1f5c0e8a11"
    ours = InvalidInput("sheet_empty", f"{number} is no row")
    with caplog.at_level(logging.DEBUG):
        with pytest.raises(JobFailed):
            runner.run("split_batch", Failing(ValueError(number), ours), (batch,), 1)
        with pytest.raises(JobFailed):
            runner.tick("hourly", Failing(ConnectionError(number)))

    lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
    assert number not in json.dumps(lines)
    assert number not in caplog.text
    assert [(line["level"], line["event"], line["job"], line["ids"], line["code"]) for line in lines] == [
        ("warning", "a job failed", "split_batch", [batch], "ValueError"),
        ("warning", "a job failed", "split_batch", [batch], "sheet_empty"),
        ("error", "a job was given up", "split_batch", [batch], "sheet_empty"),
        ("error", "a timer failed", "hourly", [], "ConnectionError"),
    ]
    assert all("tests/engine/test_handlers.py" in lines[at]["way"][-1] for at in (0, 1, 3))


def test_an_error_code_is_ours_or_the_name_of_the_class() -> None:
    assert error_code(InvalidInput("too_long", "Too long.")) == "too_long"
    assert error_code(KeyError("name")) == "KeyError"
