"""The epoch store: one key per name for ever, durable before use, gone when destroyed."""

import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from app.core.errors import KeysUnavailable
from app.crypto.epochs import EpochName, FileEpochStore, check_value, day_of, require
from tests.crypto.conftest import DAY, ORGANISATION

NAME = EpochName.link(ORGANISATION, DAY)


def test_the_same_name_gives_the_same_key(epochs: FileEpochStore) -> None:
    key = epochs.get_or_create(NAME)
    assert len(key) == 32
    assert epochs.get_or_create(NAME) == epochs.get(NAME) == key


def test_other_days_organisations_and_kinds_have_other_keys(epochs: FileEpochStore) -> None:
    names = [NAME, EpochName.link(ORGANISATION, DAY + 1), EpochName.link(uuid4(), DAY), EpochName.out(DAY)]
    assert len({epochs.get_or_create(name) for name in names}) == 4
    assert set(epochs.list()) == set(names)


def test_a_missing_key_is_the_operators_matter(epochs: FileEpochStore) -> None:
    assert epochs.get(NAME) is None
    with pytest.raises(KeysUnavailable, match="not in the epoch store"):
        require(epochs, NAME)


def test_a_damaged_file_is_not_taken_for_a_key(epochs: FileEpochStore, tmp_path: Path) -> None:
    epochs.get_or_create(NAME)
    file = tmp_path / "epochs" / f"{NAME}.key"
    file.write_bytes(b"short")
    with pytest.raises(KeysUnavailable, match="5 bytes"):
        epochs.get(NAME)


def test_files_are_private_and_nothing_else_is_left(epochs: FileEpochStore, tmp_path: Path) -> None:
    old = os.umask(0o000)
    try:
        epochs.get_or_create(NAME)
    finally:
        os.umask(old)
    entries = list((tmp_path / "epochs").rglob("*"))
    files = [entry for entry in entries if entry.is_file()]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600]
    assert {entry.stat().st_mode & 0o777 for entry in entries if entry.is_dir()} == {0o700}
    assert (tmp_path / "epochs").stat().st_mode & 0o777 == 0o700


def test_a_new_key_is_synced_with_its_folders_before_it_is_given_out(
    epochs: FileEpochStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    epochs.get_or_create(NAME)
    assert tmp_path.name in synced
    assert "epochs" in synced
    assert synced[-2].endswith(".new")
    assert synced[-1] == ORGANISATION.hex


def test_a_crash_while_writing_leaves_no_half_key(
    epochs: FileEpochStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name.endswith(".new"):
            raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="no space"):
            epochs.get_or_create(NAME)
    assert epochs.get(NAME) is None
    assert not [entry for entry in (tmp_path / "epochs").rglob("*") if entry.is_file()]
    assert len(epochs.get_or_create(NAME)) == 32


def test_many_at_once_agree_on_one_key(epochs: FileEpochStore) -> None:
    barrier = threading.Barrier(16)
    found: list[bytes] = []

    def race() -> None:
        barrier.wait()
        found.append(epochs.get_or_create(NAME))

    threads = [threading.Thread(target=race) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 1


def test_destroying_overwrites_the_bytes_and_removes_the_file(epochs: FileEpochStore, tmp_path: Path) -> None:
    key = epochs.get_or_create(NAME)
    file = tmp_path / "epochs" / f"{NAME}.key"
    kept = tmp_path / "kept"
    kept.hardlink_to(file)
    assert epochs.destroy(NAME)
    assert epochs.get(NAME) is None
    assert kept.read_bytes() != key
    assert len(kept.read_bytes()) == 32
    assert not epochs.destroy(NAME)
    assert list(epochs.list()) == []


def test_a_file_that_is_no_key_is_passed_over_and_told(epochs: FileEpochStore, tmp_path: Path) -> None:
    epochs.get_or_create(NAME)
    root = tmp_path / "epochs"
    strays = [
        "backup.key",
        "out/01.key",
        "out/999999999.key",
        f"{NAME}.key.bak",
        f"link/{ORGANISATION.hex}/x.key",
    ]
    for stray in strays:
        (root / stray).parent.mkdir(exist_ok=True)
        (root / stray).write_bytes(bytes(32))
    (root / "out" / ".0123.new").write_bytes(bytes(32))
    (root / "folder.key").mkdir()
    assert list(epochs.list()) == [NAME]
    assert sorted(epochs.strays()) == sorted(strays)


def test_names_survive_the_way_through_text() -> None:
    for name in (NAME, EpochName.out(DAY)):
        assert EpochName.parse(str(name)) == name
    owner = ORGANISATION.hex
    for text in (
        "", "link/20818", "out/x", "ret/1", "link/zz/1", "out/1/2", "out/-1", "out/01", "out/ 1", "out/٣", "out/1\n",
        f"link/{owner.upper()}a/1", f"link/{{{owner}}}/1", f"out/{'9' * 7}", f"out/{'9' * 5000}",
    ):  # fmt: skip
        with pytest.raises(ValueError):
            EpochName.parse(text)


def test_a_day_begins_at_midnight_utc_and_its_key_dies_24_hours_after_it_ends() -> None:
    assert day_of(datetime(2026, 12, 31, tzinfo=UTC)) == DAY
    assert day_of(datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == DAY
    assert NAME.destroy_at == datetime(2027, 1, 2, tzinfo=UTC)


def test_the_check_value_tells_keys_apart() -> None:
    assert len(check_value(b"\x66" * 32)) == 8
    assert check_value(b"\x66" * 32) != check_value(b"\x67" * 32)
