"""Reading sheets takes memory, and every visit of the columns page reads one."""

import pytest

from app.core.errors import Overloaded
from app.documents.people import process as sheet_process
from app.documents.people.model import SheetLimits, SheetRead
from tests.stories.payroll import TEAM, list_of


def test_no_more_sheets_are_read_at_once_than_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_process, "PATIENCE_SECONDS", 0.01)
    taken = [sheet_process._room.acquire(blocking=False) for _ in range(sheet_process.AT_ONCE)]
    try:
        assert all(taken)
        with pytest.raises(Overloaded):
            sheet_process.read_people_in_child(list_of(TEAM), SheetLimits())
    finally:
        for _ in taken:
            sheet_process._room.release()
    for _ in range(sheet_process.AT_ONCE + 1):
        assert isinstance(sheet_process.read_people_in_child(list_of(TEAM), SheetLimits()), SheetRead)
