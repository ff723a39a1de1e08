"""Sealed remains of killed processes are deleted after a day, and nothing that is needed ever is."""

import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.cli import checkups
from app.core.errors import InvalidInput
from app.db.blob_mark import MARK, Whose, claim_blobs, whose_blobs
from app.db.models import Batch, DatabaseName
from app.db.queries import batches, documents
from app.usecases.batches.finish_batches import finish_batches
from app.usecases.batches.receive_batch import LONGEST_UPLOAD, BatchIntake, BatchOptions
from app.usecases.operations.delete_strays import STRAY_AFTER, delete_strays
from tests.stories.killed import Kill, Place, end_of, start
from tests.stories.payroll import NOVEMBER, TEAM, list_of, pdf_of
from tests.stories.story import CLERK, Story
from tests.stories.test_kill import RECEIVE, SPLIT, opened

CODES = {one.staff: one.code for one in TEAM}
KILLED = {
    "in the middle of a file": Kill(f"{RECEIVE}:FileIntake.write", nth=3),
    "between two files": Kill(f"{RECEIVE}:BatchIntake.finished"),
    "before the commit of an upload": Kill(f"{RECEIVE}:BatchIntake.commit", "before"),
    "in the middle of cutting": Kill(f"{SPLIT}:seal", nth=3),
    "when the pack is whole": Kill(f"{SPLIT}:_record", "before"),
}


def files(story: Story) -> set[str]:
    root = story.folder / "blobs"
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} - {MARK}


def stored_for(story: Story, batch: Batch) -> set[str]:
    return {key for key in files(story) if batch.id.hex in key}


@pytest.mark.parametrize("step", KILLED)
def test_what_a_kill_leaves_is_deleted_after_a_day(step: str, sqlite_places: Callable[[str], Place]) -> None:
    place = sqlite_places(step)
    assert end_of(start(place, KILLED[step]), place) == -signal.SIGKILL
    with opened(place) as story:
        left = files(story)
    assert end_of(start(place, None), place) == 0, place.log.read_text()[-4000:]
    with opened(place) as story:
        (batch,) = batches_of(story)
        mine = stored_for(story, batch) - left
        pack = {key for key in mine if key.startswith("packs/")}
        assert len(pack) == 1
        finish_batches(story.rt)
        delete_strays(story.rt)
        assert pack <= files(story)  # nothing is a day old
        assert (files(story) - pack) <= left
        make_old(story, timedelta(days=1, minutes=1))
        delete_strays(story.rt)
        assert files(story) == pack


def batches_of(story: Story) -> list[Batch]:
    with story.rt.read() as session:
        return batches.recent(session, story.id, limit=5)


def make_old(story: Story, age: timedelta) -> None:
    """As if the files had been written so long ago."""
    then = time.time() - age.total_seconds()
    for path in (story.folder / "blobs").rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def test_what_rows_point_to_stays_however_old_it_is(story: Story) -> None:
    story.upload(TEAM)
    story.send(story.upload(TEAM, period=NOVEMBER, title="Paie de novembre"))
    kept = files(story)
    assert len(kept) == 6
    make_old(story, timedelta(days=6))
    delete_strays(story.rt)
    assert files(story) == kept


def test_a_pack_without_rows_stays_while_its_batch_is_still_read(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker may sleep for days between the pack and its rows."""
    batch = story.pipeline.receive({"paie.pdf": pdf_of(TEAM)}, ("salaries.csv", list_of(TEAM)))
    real = documents.received_before

    def meanwhile(*arguments: Any) -> Any:
        make_old(story, timedelta(days=2))
        delete_strays(story.rt)
        return real(*arguments)

    monkeypatch.setattr(documents, "received_before", meanwhile)
    story.pipeline.run()
    assert {line.state for line in story.review(batch)} == {"in_review"}
    story.send(batch)
    assert sorted(story.assert_each_phone_opens_its_own(batch, CODES)) == sorted(CODES)


def test_an_upload_under_way_keeps_its_files_and_one_that_takes_too_long_is_refused(story: Story) -> None:
    assert 2 * LONGEST_UPLOAD <= STRAY_AFTER
    with BatchIntake(story.rt, story.id, CLERK) as intake:
        for role, data in (("documents", pdf_of(TEAM)), ("people", list_of(TEAM))):
            with intake.add_file("people" if role == "people" else "documents", role) as file:
                file.write(data)
        begun = files(story)
        story.clock.forward(hours=11)
        make_old(story, timedelta(hours=11))
        delete_strays(story.rt)
        assert files(story) == begun
        story.clock.forward(hours=2)
        with pytest.raises(InvalidInput) as refused:
            intake.commit(BatchOptions())
    assert refused.value.code == "upload_too_slow"
    assert files(story) == set()


def test_what_is_named_in_another_way_is_not_ours_to_delete(story: Story) -> None:
    for key in ("uploads/readme", "packs/not-an-id/1", "other/thing"):
        story.rt.blobs.put(key, b"1")
    story.rt.blobs.put("doctor/probe", b"1")
    make_old(story, timedelta(days=2))
    delete_strays(story.rt)
    assert files(story) == {"uploads/readme", "packs/not-an-id/1", "other/thing"}


def test_nothing_is_deleted_when_the_database_is_another_one(story: Story) -> None:
    """As after a start with a wrong PLI_DATABASE_URL: a database without a row for anything in the store."""
    story.upload(TEAM)
    story.rt.blobs.put(f"uploads/{uuid4().hex}/1", b"1")
    make_old(story, timedelta(days=6))
    kept = files(story)
    rename_database(story)
    delete_strays(story.rt)
    assert files(story) == kept
    assert whose_blobs(story.rt.database, story.rt.blobs) is Whose.FOREIGN


def test_a_store_without_a_name_is_taken_only_when_nothing_in_it_is_anothers(story: Story) -> None:
    story.upload(TEAM)
    story.rt.blobs.delete(MARK)
    foreign = f"packs/{uuid4().hex}/1"
    story.rt.blobs.put(foreign, b"1")
    make_old(story, timedelta(days=6))
    delete_strays(story.rt)
    assert foreign in files(story)
    assert whose_blobs(story.rt.database, story.rt.blobs) is Whose.FOREIGN
    story.rt.blobs.delete(foreign)
    assert whose_blobs(story.rt.database, story.rt.blobs) is Whose.FREE
    assert claim_blobs(story.rt.database, story.rt.blobs)
    assert whose_blobs(story.rt.database, story.rt.blobs) is Whose.OURS
    story.rt.blobs.put(MARK, b"short")
    assert whose_blobs(story.rt.database, story.rt.blobs) is Whose.FOREIGN


def test_doctor_says_that_the_store_is_anothers(story: Story) -> None:
    story.upload(TEAM)
    assert checkups._blobs(story.rt).well
    rename_database(story)
    found = checkups._blobs(story.rt)
    assert not found.well
    assert "another database" in found.words


def rename_database(story: Story) -> None:
    with story.rt.begin() as session:
        session.get_one(DatabaseName, 1).name = uuid4().hex
