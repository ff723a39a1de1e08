"""How far a batch is read, as those who wait see it while it is read."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.db.queries import batches
from app.documents.sample_payroll import make_sample
from tests.pipeline import Pipeline, pipeline

START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
MANY = make_sample(1, date(2026, 9, 1), people=110)


class Clock:
    """Each look takes as long as the test says."""

    def __init__(self, step: timedelta) -> None:
        self.now = START
        self._step = step

    def __call__(self) -> datetime:
        self.now += self._step
        return self.now


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What was written down, in order."""
    seen: list[tuple[int, int]] = []
    real: Callable[..., None] = batches.note_pages_read

    def note(session: object, batch_id: object, pages_read: int, page_count: int) -> None:
        real(session, batch_id, pages_read, page_count)
        seen.append((pages_read, page_count))

    monkeypatch.setattr(batches, "note_pages_read", note)
    return seen


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Pipeline]:
    with pipeline(tmp_path, now=Clock(timedelta(seconds=1)), argon2_threads=2) as house:
        yield house


def test_the_pages_of_a_merged_file_are_counted_against_its_length(
    slow: Pipeline, noted: list[tuple[int, int]]
) -> None:
    batch = slow.receive({"paie.pdf": MANY.pdf}, ("effectif.xlsx", MANY.sheet_xlsx))
    slow.run()
    whole = slow.batch(batch.id)
    total = whole.page_count
    assert total > 100
    assert noted == [(50, total), (100, total), (total, total)]
    assert (whole.state, whole.pages_read) == ("in_review", total)


def test_among_several_files_the_pages_are_counted_without_a_total(
    slow: Pipeline, noted: list[tuple[int, int]]
) -> None:
    sample = make_sample(2, date(2026, 9, 1), people=8)
    batch = slow.receive({"a.pdf": sample.pdf, "b.pdf": MANY.pdf}, ("effectif.xlsx", MANY.sheet_xlsx))
    slow.run()
    counts = [read for read, _ in noted]
    assert counts == sorted(counts)
    assert {total for _, total in noted} == {0}
    assert counts[-1] == slow.batch(batch.id).page_count


def test_a_quick_reading_writes_nothing_down(tmp_path: Path, noted: list[tuple[int, int]]) -> None:
    with pipeline(tmp_path, now=Clock(timedelta(milliseconds=1)), argon2_threads=2) as house:
        batch = house.receive({"paie.pdf": MANY.pdf}, ("effectif.xlsx", MANY.sheet_xlsx))
        house.run()
        assert noted == []
        assert house.batch(batch.id).pages_read == house.batch(batch.id).page_count


def test_a_reading_that_starts_over_counts_from_the_start(slow: Pipeline) -> None:
    batch = slow.receive({"paie.pdf": MANY.pdf}, ("effectif.xlsx", MANY.sheet_xlsx))
    with slow.rt.begin() as session:
        held = batches.lock(session, batch.id)
        assert held is not None
        held.state, held.pages_read, held.page_count = "splitting", 70, 112
        session.add(held)
    seen: list[tuple[int, int]] = []
    real = slow.rt.blobs.open_writer

    def look(key: str) -> object:
        seen.append((slow.batch(batch.id).pages_read, slow.batch(batch.id).page_count))
        return real(key)

    slow.rt.blobs.open_writer = look  # type: ignore[method-assign, assignment]
    slow.run()
    assert seen == [(0, 0)]


def test_a_note_that_comes_late_changes_nothing(slow: Pipeline) -> None:
    batch = slow.receive({"paie.pdf": MANY.pdf}, ("effectif.xlsx", MANY.sheet_xlsx))
    slow.run()
    before = slow.batch(batch.id).pages_read
    with slow.rt.begin() as session:
        batches.note_pages_read(session, batch.id, 1, 2)
    assert slow.batch(batch.id).pages_read == before
