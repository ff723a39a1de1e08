"""A job that fails for good leaves a batch that says so, and goes on where it stood when somebody tries again.

The real engine runs here, on both databases: it is what gives a job up.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from app.carriers.base import Accepted, Carrier, Channel, Refused, RevokeOutcome, Submission
from app.cli.checkups import judge_stalled
from app.core.jobs import Job
from app.db import block_run
from app.db.blob_mark import MARK
from app.db.models import Batch
from app.engine import dbos_engine
from app.engine.dbos_engine import DbosEngine
from app.engine.handlers import Policy
from app.usecases.batches.cancel_batch import cancel_batch
from app.usecases.batches.finish_batches import finish_batches
from app.usecases.batches.retry_batch import retry_batch, retry_everything
from app.usecases.batches.show_batch import Stall, show_batch
from app.usecases.batches.show_batches import show_batches
from app.usecases.operations.list_stalled import list_stalled
from app.usecases.operations.notice_stalled import notice_stalled
from app.worker import PIPELINE
from tests.stories.payroll import TEAM, list_of, pdf_of
from tests.stories.story import CLERK, Story

CODES = {one.staff: one.code for one in TEAM}


@dataclass
class Breaking:
    """A carrier that works `left` times, and then meets a fault nobody foresaw."""

    real: Carrier
    left: int
    name: str = "simulator"
    idempotent: bool = True
    channels: frozenset[Channel] = frozenset({"sms", "rcs"})
    taken: list[str] = field(default_factory=list)

    def submit(self, submission: Submission, now: datetime) -> Accepted | Refused:
        if self.left == 0:
            raise ZeroDivisionError
        self.left -= 1
        self.taken.append(submission.attempt_id.hex)
        return self.real.submit(submission, now)

    def revoke(self, attempt_id: Any, to: str, now: datetime) -> RevokeOutcome:
        return self.real.revoke(attempt_id, to, now)

    def reaches_rcs(self, organisation_id: Any, to: str) -> bool | None:
        return self.real.reaches_rcs(organisation_id, to)


@dataclass
class Office:
    """A story whose jobs are run by the engine. Kinds in `broken` fail at every try."""

    story: Story
    engine: DbosEngine
    broken: set[str]

    def upload(self) -> Batch:
        return self.story.pipeline.receive({"paie.pdf": pdf_of(TEAM)}, ("salaries.csv", list_of(TEAM)))

    def state(self, batch: Batch) -> str:
        return self.story.pipeline.batch(batch.id).state

    def stall(self, batch: Batch) -> Stall | None:
        return show_batch(self.story.rt, self.story.id, batch.id).stall

    def retry(self, batch: Batch) -> int:
        return retry_batch(self.story.rt, self.story.id, batch.id, CLERK)

    def release(self, batch: Batch) -> None:
        self.wait(lambda: self.state(batch) == "in_review")
        self.story.release(batch)

    def wait(self, condition: Callable[[], object]) -> None:
        """For what the engine does; the timer that looks for stalled jobs ticks meanwhile."""
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            notice_stalled(self.story.rt)
            time.sleep(0.02)

    def finish(self, batch: Batch) -> None:
        """Everything leaves, arrives and is reported; each person has one message, which opens."""
        self.wait(lambda: self.state(batch) == "released" and not self.engine.status().running)

        def over() -> bool:
            self.story.clock.forward(seconds=2)
            self.story.hear()
            finish_batches(self.story.rt)
            return self.state(batch) == "finished"

        self.wait(over)
        assert self.stall(batch) is None
        assert list_stalled(self.story.rt) == []
        opened = self.story.assert_each_phone_opens_its_own(batch, CODES)
        assert sorted(opened) == sorted(CODES)


@contextmanager
def at_work(story: Story, *broken: str) -> Iterator[Office]:
    engine = story.pipeline.application.engine
    engine._policy = Policy(retry_delays=(0.01, 0.01))
    story.rt = story.pipeline.rt = replace(story.rt, jobs=engine)
    office = Office(story, engine, set(broken))

    def handler(kind: str) -> Callable[..., None]:
        def run(*ids: str) -> None:
            if kind in office.broken:
                raise ConnectionError
            PIPELINE[kind](story.rt, *ids)

        return run

    engine.start({kind: handler(kind) for kind in PIPELINE}, [])
    try:
        yield office
    finally:
        engine.stop()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbos_engine, "POLLING_SECONDS", 0.05)
    monkeypatch.setattr(block_run, "SETTLING_SECONDS", 0.05)


@pytest.mark.parametrize(
    ("kind", "state"),
    [("split_batch", "received"), ("announce_block", "releasing"), ("dispatch_sender", "released")],
)
def test_a_batch_whose_job_was_given_up_says_so_and_goes_on_when_tried_again(
    story: Story, kind: str, state: str
) -> None:
    with at_work(story, kind) as office:
        batch = office.upload()
        if kind != "split_batch":
            office.release(batch)
        office.wait(lambda: office.stall(batch))
        stall = office.stall(batch)
        assert stall is not None
        assert (stall.code, office.state(batch)) == ("ConnectionError", state)
        (line,) = show_batches(story.rt, story.id, offset=0, limit=5).batches
        assert line.stalled
        found = judge_stalled(list_stalled(story.rt))
        assert (found.well, f"batch {batch.id}: {kind} (ConnectionError" in found.words) == (False, True)

        office.broken.clear()
        assert office.retry(batch) == 1
        assert office.retry(batch) == 0
        assert office.stall(batch) is None
        if kind == "split_batch":
            office.release(batch)
        office.finish(batch)
        tags = story.journal_tags(batch.id)
        assert [tag for tag in tags if tag in ("batch:stalled", "batch:retried")] == [
            "batch:stalled",
            "batch:retried",
        ]


def test_sending_that_stopped_in_the_middle_goes_on_after_what_has_left(story: Story) -> None:
    carrier = Breaking(story.rt.carriers["simulator"], left=2)
    story.use_carrier(carrier)
    with at_work(story) as office:
        batch = office.upload()
        office.release(batch)
        office.wait(lambda: office.stall(batch))
        assert len(carrier.taken) == 2
        carrier.left = -1
        office.retry(batch)
        office.finish(batch)
        # The doubt about the third was settled with its own reference.
        assert len(set(carrier.taken)) == len(carrier.taken) == len(TEAM)


def test_a_job_that_stops_again_is_shown_again(story: Story) -> None:
    with at_work(story, "announce_block") as office:
        batch = office.upload()
        office.release(batch)
        for _ in range(2):
            office.wait(lambda: office.stall(batch))
            assert office.retry(batch) == 1
        office.wait(lambda: office.stall(batch))
        assert len(list_stalled(story.rt)) == 1
        office.broken.clear()
        assert retry_everything(story.rt, "operator", batch.id) == 1
        office.finish(batch)


def test_a_batch_that_is_over_waits_for_nobody(story: Story) -> None:
    with at_work(story, "split_batch") as office:
        batch = office.upload()
        office.wait(lambda: office.stall(batch))
        cancel_batch(story.rt, story.id, batch.id, CLERK)
        assert office.stall(batch) is None
        assert list_stalled(story.rt) == []
        assert retry_everything(story.rt, "operator") == 0
        finish_batches(story.rt)
        assert [path.name for path in (story.folder / "blobs").rglob("*") if path.is_file()] == [MARK]


def test_a_job_of_no_batch_is_shown_to_the_operator_and_tried_again(story: Story) -> None:
    with at_work(story, "split_batch") as office:
        with story.rt.begin() as session:
            office.engine.enqueue(session, Job("split_batch", "odd", ("no id",), "one"))
        office.wait(lambda: list_stalled(story.rt))
        (stalled,) = list_stalled(story.rt)
        assert (stalled.batch_id, stalled.ids, stalled.partition) == (None, ["no id"], "one")
        assert retry_everything(story.rt, "operator") == 1


def test_what_could_not_be_noted_is_noted_by_a_later_tick(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away exactly when the job is given up."""
    away = threading.Event()
    with at_work(story, "split_batch") as office:
        batch = office.upload()
        begin = type(story.rt.database).begin

        @contextmanager
        def maybe(database: Any) -> Iterator[Any]:
            if away.is_set():
                raise ConnectionError
            with begin(database) as session:
                yield session

        monkeypatch.setattr(type(story.rt.database), "begin", maybe)
        away.set()
        deadline = time.monotonic() + 20
        while not office.engine.status().dead and time.monotonic() < deadline:
            time.sleep(0.02)
        with pytest.raises(ConnectionError):
            notice_stalled(story.rt)
        assert office.stall(batch) is None
        away.clear()
        notice_stalled(story.rt)
        assert office.stall(batch) is not None
