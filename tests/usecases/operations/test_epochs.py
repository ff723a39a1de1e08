"""Epoch keys are noticed when they are missing or not ours, and the check goes with the key."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.crypto.epochs import EpochName, FileEpochStore
from app.db.queries import keys
from app.documents.sample_payroll import make_sample
from app.usecases.operations.destroy_past import destroy_past
from app.usecases.operations.find_foreign_epochs import find_foreign_epochs
from app.usecases.operations.find_missing_epochs import find_missing_epochs
from tests.pipeline import Pipeline, pipeline


def receive(house: Pipeline) -> EpochName:
    """A batch that waits, and the name of the key that protects it."""
    sample = make_sample(1, datetime(2026, 10, 1, tzinfo=UTC).date(), people=8)
    batch = house.receive({"paie.pdf": sample.pdf}, ("people.xlsx", sample.sheet_xlsx))
    return EpochName.out(batch.review_day)


def test_a_key_of_another_installation_is_noticed(tmp_path: Path) -> None:
    with pipeline(tmp_path) as house:
        name = receive(house)
        assert find_foreign_epochs(house.rt) == []
        house.rt.vault.epochs.destroy(name)
        house.rt.vault.epochs.get_or_create(name)
        assert find_foreign_epochs(house.rt) == [str(name)]


def test_a_missing_key_is_missing_and_not_foreign(tmp_path: Path) -> None:
    with pipeline(tmp_path) as house:
        name = receive(house)
        house.rt.vault.epochs.destroy(name)
        assert find_missing_epochs(house.rt) == [name]
        assert find_foreign_epochs(house.rt) == []


def test_neither_a_stray_file_nor_a_stubborn_one_keeps_keys_from_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    offset = timedelta(0)
    with pipeline(tmp_path, now=lambda: datetime.now(UTC) + offset) as house:
        name, stubborn = receive(house), EpochName.out(1)
        house.rt.vault.epochs.get_or_create(stubborn)
        (tmp_path / "epochs" / "copy of 20500.key").write_bytes(bytes(32))
        real = FileEpochStore.destroy

        def refuse(store: FileEpochStore, key: EpochName) -> bool:
            if key == stubborn:
                raise PermissionError(13, "Permission denied")
            return real(store, key)

        monkeypatch.setattr(FileEpochStore, "destroy", refuse)
        offset = timedelta(days=10)
        destroy_past(house.rt)
        assert house.rt.vault.epochs.get(name) is None
        assert list(house.rt.vault.epochs.list()) == [stubborn]
        told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        assert told == ["an epoch key could not be destroyed"]


def test_the_check_goes_with_the_key_when_its_day_is_over(tmp_path: Path) -> None:
    offset = timedelta(0)
    with pipeline(tmp_path, now=lambda: datetime.now(UTC) + offset) as house:
        receive(house)
        offset = timedelta(days=10)
        destroy_past(house.rt)
        with house.rt.read() as session:
            assert keys.epoch_checks(session) == {}
        assert list(house.rt.vault.epochs.list()) == []
