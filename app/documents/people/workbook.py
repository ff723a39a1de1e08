"""People sheets as workbooks: .xlsx (and .xlsm, macros unread), .xls and .ods, by the calamine reader."""

import io
from dataclasses import dataclass

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from app.documents.people.biff import inspect_xls
from app.documents.people.inspection import SheetFacts, inspect_zipped
from app.documents.people.model import COMPOUND_MAGIC, CellRange, Grid, SheetLimits, SheetProblem


@dataclass(frozen=True)
class Workbook:
    """Visible worksheets in order, and the names of hidden ones, which are never read."""

    grids: tuple[Grid, ...]
    hidden: tuple[str, ...]


def read_workbook(data: bytes, limits: SheetLimits) -> Workbook:
    """All visible worksheets. Every sheet is judged before any is laid out. Raises SheetProblem."""
    facts = inspect_xls(data) if data.startswith(COMPOUND_MAGIC) else inspect_zipped(data, limits)
    for each in facts:
        each.judge(limits)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            return _read_visible(workbook, facts)
    except PasswordError as locked:
        raise SheetProblem("encrypted", "the spreadsheet has a password; save it without one") from locked
    except CalamineError as unreadable:
        raise SheetProblem(
            "damaged", "the spreadsheet cannot be read; save it again and retry"
        ) from unreadable


def _read_visible(workbook: CalamineWorkbook, facts: list[SheetFacts]) -> Workbook:
    if len(facts) != len(workbook.sheets_metadata):
        raise SheetProblem("damaged", "the spreadsheet lists its sheets twice over; save it again and retry")
    grids, hidden = [], []
    for index, metadata in enumerate(workbook.sheets_metadata):
        if metadata.typ != SheetTypeEnum.WorkSheet:
            continue
        if metadata.visible != SheetVisibleEnum.Visible:
            hidden.append(metadata.name)
            continue
        sheet = workbook.get_sheet_by_index(index)
        merged = sheet.merged_cell_ranges
        ranges = (
            [CellRange(*first, *last) for first, last in merged]
            if merged is not None
            else facts[index].merged
        )
        rows = sheet.to_python(skip_empty_area=False)
        grids.append(Grid(metadata.name, rows, facts[index].errors, tuple(ranges)))
    return Workbook(tuple(grids), tuple(hidden))
