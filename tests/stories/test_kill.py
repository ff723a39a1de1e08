"""kill -9 at every step of a payroll, then a restart: everybody has one message that opens, and nothing is lost."""

import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from app.db.models import Attempt, Batch, Block, Document, Message, Organisation, Upload
from app.db.queries import batches
from app.wiring import build
from links.tables import Link
from tests.databases import PostgresDatabases, SqliteDatabases
from tests.pipeline import KeptJobs, Pipeline, pipeline
from tests.stories.killed import Kill, Place, end_of, start, team
from tests.stories.story import Clock, Story

RECEIVE = "app.usecases.batches.receive_batch"
SPLIT = "app.usecases.batches.split_batch"
RELEASE = "app.usecases.batches.release_batch"
ANNOUNCE = "app.usecases.documents.announce_block"
DISPATCH = "app.usecases.messages.dispatch_block"
REPORT = "app.usecases.messages.record_report"

BEFORE_DISPATCH = {
    "in the middle of an upload": Kill(f"{RECEIVE}:FileIntake.write", nth=3),
    "after the upload, before its commit": Kill(f"{RECEIVE}:BatchIntake.commit", "before"),
    "within the commit of the upload": Kill(f"{RECEIVE}:batches.with_same_files"),
    "after the commit of the upload": Kill(f"{RECEIVE}:BatchIntake.commit"),
    "when the split has begun": Kill(f"{SPLIT}:_begin"),
    "after the sheet was read": Kill(f"{SPLIT}:_read_sheet"),
    "in the middle of cutting": Kill(f"{SPLIT}:seal", nth=3),
    "while the reader of PDFs answers": Kill("app.documents.split:PdfChild._read", nth=6),
    "after the pack is durable, before the lines": Kill(f"{SPLIT}:_record", "before"),
    "within the commit of the lines": Kill(f"{SPLIT}:documents.insert_all"),
    "after the commit of the lines": Kill(f"{SPLIT}:_record"),
    "within the commit of the release": Kill(f"{RELEASE}:_make_blocks"),
    "after the commit of the release": Kill(f"{RELEASE}:release_batch"),
    "while links are minted": Kill(f"{ANNOUNCE}:_mint", nth=3),
    "within the commit of links and messages": Kill(f"{ANNOUNCE}:messages.insert_all"),
    "after the commit of links and messages": Kill(f"{ANNOUNCE}:_record"),
}
FROM_DISPATCH = {
    "within the commit of the attempts": Kill(f"{DISPATCH}:_commit_attempt", nth=2),
    "after the commit of the attempts, before the first call": Kill(f"{DISPATCH}:_submit", "before"),
    "after the carrier took a message, before it is written down": Kill(f"{DISPATCH}:_submit", nth=3),
    "within the commit of the answers": Kill(f"{DISPATCH}:_write_down", nth=2),
    "after the commit of the answers": Kill(f"{DISPATCH}:_flush", nth=2),
    "within the fallback to SMS": Kill(f"{DISPATCH}:transitions.follow"),
    "after the carrier took the fallback SMS": Kill(f"{DISPATCH}:_submit", nth=7),
    "when the block is done, before the engine knows": Kill("app.worker:PIPELINE.dispatch_block"),
    "when the phone has it, before the report": Kill(
        "app.carriers.simulator_network:SimulatedNetwork.tick", nth=6
    ),
    "within the commit of a report": Kill(f"{REPORT}:transitions.advance", nth=7),
    "after the commit of a report, before the network knows": Kill("app.worker:record_report"),
    "within the end of the batch": Kill("app.usecases.batches.finish_batches:messages.unfinished"),
    "while the uploads are wiped": Kill("app.usecases.batches.finish_batches:batches.forget_upload_key", "before"),
}
EVERYWHERE = BEFORE_DISPATCH | FROM_DISPATCH


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


def settle_in(folder: Path, url: str) -> Place:
    """A data folder with an organisation in it."""
    with pipeline(folder, database_url=url) as made:
        return Place(folder, url, made.organisation.id)


@pytest.fixture(scope="session")
def settled(sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A SQLite place to copy."""
    folder = tmp_path_factory.mktemp("settled") / "data"
    folder.mkdir()
    with sqlite_databases.migrated() as url:
        shutil.move(url.removeprefix("sqlite:///"), folder / "pli.db")
    yield settle_in(folder, "")


@pytest.fixture
def sqlite_place(settled: Place, tmp_path: Path) -> Place:
    shutil.copytree(settled.folder, tmp_path / "data")
    return Place(tmp_path / "data", "", settled.organisation)


@pytest.fixture
def postgres_place(postgres_databases: PostgresDatabases, tmp_path: Path) -> Iterator[Place]:
    with postgres_databases.migrated() as url:
        yield settle_in(tmp_path / "data", url)


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
    backlog = story.pipeline.application.engine.status()
    assert (backlog.waiting, backlog.delayed, backlog.running, backlog.dead) == (0, 0, 0, 0)
    story.check_journal()


@pytest.mark.parametrize("step", EVERYWHERE)
def test_a_payroll_that_is_killed_arrives_once_after_a_restart(step: str, sqlite_place: Place) -> None:
    kill_and_restart(sqlite_place, EVERYWHERE[step])
    with opened(sqlite_place) as story:
        assert_everybody_has_one_message(story, 0)
        assert_nothing_is_left_over(story)
    assert_reader_is_gone(sqlite_place)


@pytest.mark.postgres
@pytest.mark.parametrize("step", FROM_DISPATCH)
def test_the_same_holds_on_postgres_from_the_dispatch_on(step: str, postgres_place: Place) -> None:
    kill_and_restart(postgres_place, EVERYWHERE[step])
    with opened(postgres_place) as story:
        assert_everybody_has_one_message(story, 0)
        assert_nothing_is_left_over(story)


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
    ("step", "phones", "states"),
    [
        # Nobody can know that the first call was never made.
        ("after the commit of the attempts, before the first call", 0, ["unknown"] * 6),
        # The first three were taken: the network's own reports settle those.
        ("after the carrier took a message, before it is written down", 3, ["delivered"] * 2 + ["unknown"] * 4),
    ],
)
def test_a_doubt_that_nobody_can_settle_is_shown_and_not_sent_again(
    step: str, phones: int, states: list[str], sqlite_place: Place
) -> None:
    place = Place(sqlite_place.folder, "", sqlite_place.organisation, idempotent=False)
    kill_and_restart(place, EVERYWHERE[step])
    with opened(place) as story:
        with story.rt.read() as session:
            assert sorted(session.exec(select(Message.state)).all()) == states
            assert session.exec(select(Batch.state)).all() == ["finished"]
            assert len(session.exec(select(Attempt.id)).all()) == 6
        shown = [len(story.phone(one.phone)) for one in team(0)]
        assert max(shown) <= 1
        assert sum(shown) == states.count("delivered")
        story.check_journal()


def test_kills_at_random_moments_lose_nothing_and_double_nothing(sqlite_place: Place) -> None:
    chance = random.Random(20261125)
    rounds, payrolls = 12, 30
    for _ in range(rounds):
        process = start(sqlite_place, None, payrolls)
        time.sleep(chance.uniform(0.3, 2.2))
        process.kill()
        process.join()
    with opened(sqlite_place) as story, story.rt.read() as session:
        begun = len(session.exec(select(Batch.id)).all())
    assert end_of(start(sqlite_place, None, max(begun, 1)), sqlite_place) == 0
    with opened(sqlite_place) as story:
        for payroll in range(max(begun, 1)):
            assert_everybody_has_one_message(story, payroll)
        assert_nothing_is_left_over(story, max(begun, 1))
