"""Ciphertext at rest: ranges, packs, private files, durability, and what is missing or short."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
import pytest
from obstore.store import MemoryStore, from_url

from app.core.errors import NotFound
from app.crypto.records import RecordOpener, RecordSealer, sealed_size
from app.storage.blobs import BlobDamaged, BlobStore, LocalBlobs, ObjectBlobs, open_blobs
from tests.crypto.conftest import DOCUMENT, ORGANISATION

KEY = "organisation/batch/pack"


@pytest.fixture(params=["local", "memory", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """Each kind of store; S3 by its address and the provider's own variables, as an operator gives them."""
    if request.param == "s3":
        return open_blobs(request.getfixturevalue("s3_bucket"), tmp_path / "unused")
    return LocalBlobs(tmp_path / "blobs") if request.param == "local" else ObjectBlobs(MemoryStore())


@pytest.fixture
def open_mask() -> Iterator[None]:
    old = os.umask(0o000)
    yield
    os.umask(old)


def test_an_object_is_read_back_in_any_range(blobs: BlobStore) -> None:
    data = os.urandom(10_000)
    blobs.put(KEY, data)
    assert blobs.size(KEY) == 10_000
    for offset, length in ((0, 10_000), (0, 1), (9_999, 1), (123, 4_567), (10_000, 0)):
        assert blobs.get_range(KEY, offset, length) == data[offset : offset + length]


def test_what_is_missing_or_short_is_told_apart(blobs: BlobStore) -> None:
    blobs.put(KEY, b"12345")
    for offset, length in ((0, 6), (4, 2), (5, 1), (99, 3)):
        with pytest.raises(BlobDamaged, match="ends before"):
            blobs.get_range(KEY, offset, length)
    with pytest.raises(NotFound, match="not in the blob store"):
        blobs.get_range("organisation/none", 0, 1)
    with pytest.raises(NotFound):
        blobs.size("organisation/none")


def test_deleting_twice_is_fine(blobs: BlobStore) -> None:
    blobs.put(KEY, b"1")
    blobs.delete(KEY)
    blobs.delete(KEY)
    with pytest.raises(NotFound):
        blobs.size(KEY)


def test_a_folder_is_deleted_with_all_that_is_in_it_and_nothing_beside_it(blobs: BlobStore) -> None:
    kept = ("packs/ab", "packs/abc/1", "uploads/ab/1")
    gone = [f"packs/ab1/{number}" for number in range(60)]
    for key in (*kept, *gone):
        blobs.put(key, b"1")
    for _ in range(2):
        blobs.delete_folder("packs/ab1")
    for key in kept:
        assert blobs.size(key) == 1
    for key in gone:
        with pytest.raises(NotFound):
            blobs.size(key)


def test_objects_are_listed_by_folder_with_their_time(blobs: BlobStore) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    for key in ("packs/a/1", "packs/a/2", "packs/b/1", "packsother/a/1", "uploads/a/1"):
        blobs.put(key, b"1")
    found = {stored.key: stored.at for stored in blobs.list("packs")}
    assert sorted(found) == ["packs/a/1", "packs/a/2", "packs/b/1"]
    assert all(at > before for at in found.values())
    assert list(blobs.list("nothing")) == []


def test_what_a_killed_process_left_unfinished_is_listed_and_can_be_deleted(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    writer = blobs.open_writer("uploads/a/0")
    writer.__enter__().write(os.urandom(9_000_000))
    blobs.put("uploads/a/1", b"1")
    found = sorted(stored.key for stored in blobs.list("uploads"))
    assert found == ["uploads/a/0#1", "uploads/a/1"]
    for key in (found[0], found[0]):
        blobs.delete(key)
    assert [stored.key for stored in blobs.list("uploads")] == ["uploads/a/1"]


@pytest.mark.parametrize("key", ["../outside", "a/../../outside", "a//b"])
def test_a_key_cannot_leave_the_store(blobs: BlobStore, key: str) -> None:
    with pytest.raises(ValueError):
        blobs.put(key, b"1")


def test_a_pack_holds_documents_one_after_another(blobs: BlobStore) -> None:
    documents = [os.urandom(size) for size in (10, 70_000, 1, 5_000_000, 0)]
    with blobs.open_writer(KEY) as pack:
        places = [(pack.write(document), len(document)) for document in documents]
    assert pack.position == blobs.size(KEY) == sum(map(len, documents))
    assert [blobs.get_range(KEY, *place) for place in places] == documents


def test_a_pack_that_was_not_finished_does_not_exist(blobs: BlobStore) -> None:
    def write_and_stop() -> None:
        with blobs.open_writer(KEY) as pack:
            pack.write(os.urandom(9_000_000))
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write_and_stop()
    with pytest.raises(NotFound):
        blobs.size(KEY)


def test_a_sealed_document_is_opened_by_range_straight_from_its_pack(blobs: BlobStore) -> None:
    plain, key = os.urandom(200_000), os.urandom(32)
    sealer = RecordSealer(key, ORGANISATION, DOCUMENT)
    with blobs.open_writer(KEY) as pack:
        pack.write(b"another document")
        offset = pack.write(sealer.update(plain))
        pack.write(sealer.finish())
        pack.write(b"and another")

    def read(at: int, length: int) -> bytes:
        return blobs.get_range(KEY, offset + at, length)

    opener = RecordOpener(key, ORGANISATION, DOCUMENT, read, sealed=sealed_size(len(plain)), plain=len(plain))
    assert opener.read_all() == plain
    assert b"".join(opener.open_range(65_000, 140_000)) == plain[65_000:140_000]


def test_synced_files_are_private_whatever_the_mask(tmp_path: Path, open_mask: None) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    blobs.put(KEY, b"1")
    blobs.put("organisation/upload", b"2")
    blobs.sync([KEY, "organisation/upload"])
    root = tmp_path / "blobs"
    assert root.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in root.rglob("*") if file.is_file()} == {0o600}


def test_sync_reaches_the_files_and_every_folder_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    keys = [KEY, "organisation/batch/other"]
    for key in keys:
        blobs.put(key, b"1")
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(tmp_path)))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    blobs.sync(keys)
    assert synced == [
        "blobs/organisation/batch/pack",
        "blobs/organisation/batch/other",
        "blobs/organisation/batch",
        "blobs/organisation",
        "blobs",
    ]


def test_syncing_what_is_not_there_fails_before_rows_are_committed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LocalBlobs(tmp_path / "blobs").sync(["organisation/none"])


def test_a_big_pack_reaches_s3_in_parts_and_comes_back_whole(s3_bucket: str, tmp_path: Path) -> None:
    blobs = open_blobs(s3_bucket, tmp_path / "unused")
    documents = [os.urandom(5_000_000) for _ in range(5)]
    with blobs.open_writer(KEY) as pack:
        places = [(pack.write(document), len(document)) for document in documents]
    # S3 tells by the end of the tag in how many parts an object came.
    tag = str(obstore.head(from_url(s3_bucket), KEY)["e_tag"])
    assert (blobs.size(KEY), tag.strip('"').partition("-")[2]) == (25_000_000, "3")
    assert [blobs.get_range(KEY, *place) for place in places] == documents


def test_a_bucket_that_does_not_exist_is_an_error_and_not_a_missing_object(
    s3_bucket: str, tmp_path: Path
) -> None:
    blobs = open_blobs("s3://no-such-bucket/prefix", tmp_path / "unused")
    with pytest.raises((obstore.exceptions.BaseError, FileNotFoundError)):
        blobs.put(KEY, b"1")


def test_the_store_is_chosen_by_its_address(tmp_path: Path) -> None:
    assert isinstance(open_blobs("", tmp_path / "blobs"), LocalBlobs)
    remote = open_blobs(
        "s3://bucket/prefix", tmp_path, region="eu-west-3", access_key_id="id", secret_access_key="key"
    )
    assert type(remote) is ObjectBlobs
    assert type(open_blobs("memory:///", tmp_path)) is ObjectBlobs


def test_another_failure_of_the_store_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = ObjectBlobs(MemoryStore())
    blobs.put(KEY, b"12345")

    def broken(*args: object, **kwargs: object) -> bytes:
        raise obstore.exceptions.GenericError("the network is down")

    monkeypatch.setattr(obstore, "get_range", broken)
    with pytest.raises(obstore.exceptions.GenericError, match="network"):
        blobs.get_range(KEY, 0, 5)
