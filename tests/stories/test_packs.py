"""Ciphertext that nobody can open any more leaves the disk, and nothing else does."""

from dataclasses import replace
from typing import Any

import pytest

from app.db.models import Batch
from app.db.queries import batches, documents
from app.usecases.batches.cancel_batch import cancel_batch
from app.usecases.batches.finish_batches import finish_batches
from app.usecases.batches.recall_batch import recall_batch
from app.usecases.batches.split_batch import split_batch
from app.usecases.documents.revoke_document import revoke_document
from app.usecases.operations.delete_packs import delete_packs
from app.usecases.operations.destroy_past import destroy_past
from tests.stories.payroll import INES, NOEL, NOVEMBER, TEAM, ZOE, list_of, pdf_of
from tests.stories.story import CLERK, Story

# Twice in the list, so one of the lines has an object of its own beside the pack.
TWICE = [*TEAM, replace(ZOE, phone="06 11 00 10 09")]


def stored(story: Story, batch: Batch) -> list[str]:
    """Objects that belong to a batch."""
    blobs = story.folder / "blobs"
    return sorted(
        path.relative_to(blobs).as_posix()
        for path in blobs.rglob("*")
        if path.is_file() and batch.id.hex in path.as_posix()
    )


def sweep(story: Story) -> None:
    finish_batches(story.rt)
    destroy_past(story.rt)
    delete_packs(story.rt)


def test_a_cancelled_batch_leaves_nothing_but_its_lines(story: Story) -> None:
    batch = story.upload_files({"b.pdf": pdf_of(TEAM)}, ("l.csv", list_of(TWICE)))
    other = story.upload(TEAM, period=NOVEMBER)
    kept = stored(story, other)
    assert [name.partition("/")[0] for name in stored(story, batch)] == [
        "packs",
        "packs",
        "uploads",
        "uploads",
    ]
    delete_packs(story.rt)
    assert len(stored(story, batch)) == 4, "what waits for release stays"

    cancel_batch(story.rt, story.id, batch.id, CLERK)
    sweep(story)

    assert stored(story, batch) == []
    assert not (story.folder / "blobs" / "packs" / batch.id.hex).exists()
    assert stored(story, other) == kept
    assert {line.document.blob_key for line in story.review(batch)} == {""}
    with story.rt.read() as session:
        assert {upload.blob_key for upload in batches.uploads(session, batch.id, "documents")} == {""}
        assert batches.with_dead_packs(session) == []


def test_a_pack_stays_while_one_of_its_documents_opens(story: Story) -> None:
    batch = story.upload(TEAM)
    story.exclude(story.line(batch, INES.staff))
    story.send(batch)
    revoke_document(story.rt, story.id, story.line(batch, NOEL.staff).id, CLERK)
    sweep(story)
    assert [name.partition("/")[0] for name in stored(story, batch)] == ["packs"]
    (message,) = story.phone(ZOE.phone)
    assert ZOE.staff in story.read(message, ZOE.code)

    revoke_document(story.rt, story.id, story.line(batch, ZOE.staff).id, CLERK)
    sweep(story)
    assert stored(story, batch) == []


def test_a_recalled_batch_and_one_whose_links_are_over_are_swept(story: Story) -> None:
    recalled, past = story.sent(*TEAM), story.sent(*TEAM, period=NOVEMBER)
    recall_batch(story.rt, story.id, recalled.id, CLERK, "wrong month")
    sweep(story)
    assert stored(story, recalled) == []
    assert stored(story, past) != []

    story.clock.forward(days=400)
    sweep(story)
    assert stored(story, past) == []


def test_a_sweep_that_was_interrupted_is_made_good_and_a_finished_one_not_repeated(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = story.upload(TEAM)
    cancel_batch(story.rt, story.id, batch.id, CLERK)
    deleted = []
    real = story.rt.blobs.delete_folder

    def count(folder: str) -> None:
        deleted.append(folder)
        real(folder)
        if len(deleted) == 1:
            raise OSError("the disk went away")

    monkeypatch.setattr(story.rt.blobs, "delete_folder", count)
    with pytest.raises(OSError, match="disk"):
        delete_packs(story.rt)
    for _ in range(3):
        delete_packs(story.rt)
    assert deleted == [f"packs/{batch.id.hex}"] * 2


@pytest.mark.parametrize("swept", [False, True])
def test_a_batch_cancelled_while_it_is_read_leaves_no_pack(
    story: Story, monkeypatch: pytest.MonkeyPatch, swept: bool
) -> None:
    batch = story.pipeline.receive({"b.pdf": pdf_of(TEAM)}, ("l.csv", list_of(TEAM if swept else TWICE)))
    real = documents.received_before

    def meanwhile(*arguments: Any) -> Any:
        cancel_batch(story.rt, story.id, batch.id, CLERK)
        if swept:
            sweep(story)
        return real(*arguments)

    monkeypatch.setattr(documents, "received_before", meanwhile)
    split_batch(story.rt, str(batch.id))
    finish_batches(story.rt)
    assert stored(story, batch) == []
