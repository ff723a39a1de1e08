"""Epoch keys are noticed when they are missing or not ours, and the check goes with the key."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.crypto.epochs import EpochName
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


def test_the_check_goes_with_the_key_when_its_day_is_over(tmp_path: Path) -> None:
    offset = timedelta(0)
    with pipeline(tmp_path, now=lambda: datetime.now(UTC) + offset) as house:
        receive(house)
        offset = timedelta(days=10)
        destroy_past(house.rt)
        with house.rt.read() as session:
            assert keys.epoch_checks(session) == {}
        assert list(house.rt.vault.epochs.list()) == []
