"""kill -9 at every step of a payroll, then a restart: everybody has one message that opens, and nothing is lost."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from app.db.models import Attempt, Batch, Block, Document, Message, Organisation, Upload
from app.db.queries import batches
from app.db.session import open_engine
from app.engine.backlog import read_backlog
from app.wiring import build
from links.tables import Link
from tests.pipeline import KeptJobs, Pipeline
from tests.stories.killed import Kill, Place, end_of, start, team
from tests.stories.story import Clock, Story

RECEIVE = "app.usecases.batches.receive_batch"
SPLIT = "app.usecases.batches.split_batch"
RELEASE = "app.usecases.batches.release_batch"
ANNOUNCE = "app.usecases.documents.announce_block"
DISPATCH = "app.usecases.messages.dispatch_sender"
HANDOVER = "app.carriers.handover"
REPORT = "app.usecases.messages.record_report"
FINISH = "app.usecases.batches.finish_batches"
NETWORK = "app.carriers.simulated.network"
BEFORE_THE_CALL = "after the commit of the attempts, before the first call"
AFTER_THE_CALL = "after the carrier took a message, before it is written down"
AT_ONCE = 4
ROUNDS, MOST_PAYROLLS, SEED = 12, 30, 20261125

STAGES = {
    "upload": {
        "in the middle of an upload": Kill(f"{RECEIVE}:FileIntake.write", nth=3),
        "after the upload, before its commit": Kill(f"{RECEIVE}:BatchIntake.commit", "before"),
        "within the commit of the upload": Kill(f"{RECEIVE}:batches.with_same_files"),
        "after the commit of the upload": Kill(f"{RECEIVE}:BatchIntake.commit"),
    },
    "split": {
        "when the split has begun": Kill(f"{SPLIT}:_begin"),
        "after the list was read": Kill(f"{SPLIT}:_read_sheet"),
        "while the reader of PDFs answers": Kill("app.documents.pdf.split:PdfChild._read", nth=6),
        "in the middle of cutting": Kill(f"{SPLIT}:seal", nth=3),
    },
    "review": {
        "after the pack is durable, before the lines": Kill(f"{SPLIT}:_record", "before"),
        "within the commit of the lines": Kill(f"{SPLIT}:documents.insert_all"),
        "after the commit of the lines": Kill(f"{SPLIT}:_record"),
        "within the commit of the release": Kill(f"{RELEASE}:_make_blocks"),
        "after the commit of the release": Kill(f"{RELEASE}:release_batch"),
    },
    "announce": {
        "while links are minted": Kill(f"{ANNOUNCE}:_mint", nth=3),
        "within the commit of links and messages": Kill(f"{ANNOUNCE}:messages.insert_all"),
        "after the commit of links and messages": Kill(f"{ANNOUNCE}:_record"),
    },
    "dispatch": {
        "within the commit of the attempts": Kill(f"{DISPATCH}.turn:_Turn._commit", nth=2),
        BEFORE_THE_CALL: Kill(f"{HANDOVER}:_one", "before"),
        AFTER_THE_CALL: Kill(f"{HANDOVER}:_one", nth=3),
        "within the commit of the answers": Kill(f"{DISPATCH}.answers:_Answering.write_down", nth=2),
        "after the commit of the answers": Kill(f"{DISPATCH}:flush", nth=2),
    },
    "fallback": {
        "within the commit of the fallback": Kill(f"{DISPATCH}.answers:transitions.follow"),
        "after the carrier took the SMS": Kill(f"{HANDOVER}:_one", nth=7),
        "when the block is done, before the engine knows": Kill("app.worker:PIPELINE.dispatch_sender"),
    },
    "report": {
        "when the phone has it, before the report": Kill(f"{NETWORK}:SimulatedNetwork.tick", nth=6),
        "within the commit of a report": Kill(f"{REPORT}:_apply", nth=2),
        "after the commit of a report, before the network knows": Kill("app.worker:record_report"),
        "within the end of the batch": Kill(f"{FINISH}:messages.unfinished"),
        "while the uploads are wiped": Kill(f"{FINISH}:batches.forget_upload_key", "before"),
    },
}


@contextmanager
def opened(place: Place) -> Iterator[Story]:
    """The place as an operator finds it afterwards, without a worker."""
    application = build(place.settings())
    try:
        with application.runtime.read() as session:
            organisation = session.get_one(Organisation, place.organisation)
        yield Story(
            Pipeline(application, application.runtime, KeptJobs(), organisation), Clock(), place.folder
        )
    finally:
        application.close()


def kill_and_restart(place: Place, kill: Kill) -> None:
    assert end_of(start(place, kill), place) == -signal.SIGKILL, place.log.read_text()[-4000:]
    assert end_of(start(place, None), place) == 0, place.log.read_text()[-4000:]


def assert_everybody_has_one_message(story: Story, payroll: int) -> None:
    """Each phone of the payroll shows one message, which opens that person's payslip."""
    for one in team(payroll):
        (message,) = story.phone(one.phone)
        text = story.read(message, "")
        assert {other.staff for other in team(payroll) if other.staff in text} == {one.staff}


def assert_nothing_is_left_over(story: Story, payrolls: int = 1) -> None:
    """Every row of every batch has come to its end, and none is there twice."""
    people = 6 * payrolls
    with story.rt.read() as session:
        assert session.exec(select(Batch.state)).all() == ["finished"] * payrolls
        assert session.exec(select(Document.state)).all() == ["sealed"] * people
        assert session.exec(select(Message.state)).all() == ["delivered"] * people
        assert not session.exec(select(Message.id).where(col(Message.wiped_at).is_(None))).all()
        assert not session.exec(select(Message.id).where(col(Message.double))).all()
        assert session.exec(select(sa.func.count(col(Link.id)))).one() == people
        attempts = session.exec(select(Attempt.channel, Attempt.state)).all()
        assert not session.exec(select(Block.id).where(col(Block.done_at).is_(None))).all()
        assert not session.exec(select(Upload.id).where(col(Upload.key_wrapped).is_not(None))).all()
        assert len(session.exec(select(Upload.id)).all()) == 2 * payrolls
        found = [batches.progress(session, batch) for batch in session.exec(select(Batch.id))]
    # One phone of each payroll has no RCS.
    expected = [("rcs", "delivered")] * 5 + [("rcs", "failed"), ("sms", "delivered")]
    assert sorted(attempts) == sorted(expected * payrolls)
    assert [dict(one.documents) for one in found] == [{"sealed": 6}] * payrolls
    jobs = open_engine(story.rt.database.url, pool_size=1)
    backlog = read_backlog(jobs)
    jobs.dispose()
    assert (backlog.waiting, backlog.delayed, backlog.running, backlog.dead) == (0, 0, 0, 0)
    story.check_journal()


def assert_each_step_survives(stage: str, places: Callable[[str], Place]) -> None:
    """Kill at every step of a stage, each in a place of its own, several at once because they mostly wait."""
    steps = {places(step): kill for step, kill in STAGES[stage].items()}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(kill_and_restart, steps, steps.values()))
    for place in steps:
        with opened(place) as story:
            assert_everybody_has_one_message(story, 0)
            assert_nothing_is_left_over(story)
        assert_reader_is_gone(place)


@pytest.mark.parametrize("stage", STAGES)
def test_a_payroll_that_is_killed_arrives_once_after_a_restart(
    stage: str, sqlite_places: Callable[[str], Place]
) -> None:
    assert_each_step_survives(stage, sqlite_places)


@pytest.mark.postgres
@pytest.mark.parametrize("stage", ["dispatch", "fallback"])
def test_the_same_holds_on_postgres(stage: str, postgres_places: Callable[[str], Place]) -> None:
    assert_each_step_survives(stage, postgres_places)


def assert_reader_is_gone(place: Place) -> None:
    """The process that was reading the PDF ends by itself when its parent died."""
    if not place.reader.exists():
        return
    reader = int(place.reader.read_text())
    for _ in range(100):
        try:
            os.kill(reader, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("the reader outlived its parent")


@pytest.mark.parametrize(
    ("step", "arrived"),
    [
        # Nobody can know that the first call was never made.
        (BEFORE_THE_CALL, {0}),
        # Three were handed over, one of them maybe to the phone without RCS: the network's own reports settle those.
        (AFTER_THE_CALL, {2, 3}),
    ],
)
def test_a_doubt_that_nobody_can_settle_is_shown_and_not_sent_again(
    step: str, arrived: set[int], sqlite_places: Callable[[str], Place]
) -> None:
    place = replace(sqlite_places(step), idempotent=False)
    kill_and_restart(place, STAGES["dispatch"][step])
    with opened(place) as story:
        shown = [len(story.phone(one.phone)) for one in team(0)]
        assert sum(shown) in arrived
        assert max(shown) <= 1
        with story.rt.read() as session:
            states = sorted(session.exec(select(Message.state)).all())
            assert states == ["delivered"] * sum(shown) + ["unknown"] * (6 - sum(shown))
            assert session.exec(select(Batch.state)).all() == ["finished"]
            assert len(session.exec(select(Attempt.id)).all()) == 6
        story.check_journal()


def test_kills_at_random_moments_lose_nothing_and_double_nothing(
    sqlite_places: Callable[[str], Place],
) -> None:
    place, chance = sqlite_places("soak"), random.Random(SEED)
    for _ in range(ROUNDS):
        process = start(place, None, MOST_PAYROLLS)
        time.sleep(chance.uniform(0.3, 2.2))
        process.kill()
        process.join()
    with opened(place) as story, story.rt.read() as session:
        payrolls = max(1, len(session.exec(select(Batch.id)).all()))
    assert end_of(start(place, None, payrolls), place) == 0, place.log.read_text()[-4000:]
    with opened(place) as story:
        for payroll in range(payrolls):
            assert_everybody_has_one_message(story, payroll)
        assert_nothing_is_left_over(story, payrolls)
