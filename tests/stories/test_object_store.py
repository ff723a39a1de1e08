"""A small payroll through S3, from upload to opening; the store is reached by its address alone."""

from pathlib import Path

import obstore
from obstore.store import from_url

from app.db.blob_mark import MARK
from app.usecases.batches.finish_batches import finish_batches
from app.usecases.batches.recall_batch import recall_batch
from app.usecases.operations.delete_packs import delete_packs
from app.usecases.operations.delete_strays import delete_strays
from tests.pipeline import pipeline
from tests.stories.payroll import TEAM
from tests.stories.story import CLERK, Clock, Story

CODES = {one.staff: one.code for one in TEAM}


def keys(bucket: str) -> list[str]:
    found = [one["path"] for page in obstore.list(from_url(bucket)) for one in page]
    return sorted(key for key in found if key != MARK)


def test_a_payroll_lives_in_a_bucket_and_leaves_nothing_there(s3_bucket: str, tmp_path: Path) -> None:
    clock = Clock()
    with pipeline(tmp_path / "data", now=clock, blob_url=s3_bucket) as made:
        story = Story(made, clock, tmp_path / "data")
        batch = story.upload(TEAM)
        assert sorted(key.rpartition("/")[0] for key in keys(s3_bucket)) == [
            f"packs/{batch.id.hex}",
            f"uploads/{batch.id.hex}",
            f"uploads/{batch.id.hex}",
        ]
        story.send(batch)
        assert sorted(story.assert_each_phone_opens_its_own(batch, CODES)) == sorted(CODES)
        finish_batches(story.rt)
        clock.forward(days=2)
        delete_strays(story.rt)
        (pack,) = keys(s3_bucket)
        assert pack.startswith(f"packs/{batch.id.hex}/")
        story.rt.blobs.put(f"uploads/{batch.id.hex}/9", b"left by a process that died")
        delete_strays(story.rt)
        assert keys(s3_bucket) == [pack]

        recall_batch(story.rt, story.id, batch.id, CLERK, "wrong month")
        delete_packs(story.rt)
        assert keys(s3_bucket) == []
        assert not (tmp_path / "data" / "blobs").exists()
        story.check_journal()
