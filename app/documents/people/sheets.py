"""The people sheet of a payroll: bytes in, people out, or the question to ask the clerk, or a clear refusal.

Accepts .xlsx, .xls, .ods and CSV, told apart by content, never by file name. A hostile file is judged before it is
laid out in memory; still, callers run this in a child process with a memory and a time limit, because the workbook
reader is native code.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import islice

from app.documents.people.delimited import read_text_sheet
from app.documents.people.headings import Field, Recognised, recognise
from app.documents.people.model import (
    COMPOUND_MAGIC,
    CellValue,
    Grid,
    NeedsMapping,
    SheetChoice,
    SheetLimits,
    SheetPreview,
    SheetProblem,
    SheetRead,
    SheetRefused,
    SheetWarning,
)
from app.documents.people.rows import cell_text, read_rows

_WORKBOOK_STARTS = (b"PK\x03\x04", b"PK\x05\x06", COMPOUND_MAGIC)
_SAMPLES = 3
_LOOKS_LIKE_DATA = re.compile(r"[+(]?\d[\d\s().+-]{3,}")
_TOGETHER = ", "


def read_people_sheet(
    data: bytes,
    limits: SheetLimits | None = None,
    *,
    remembered: Mapping[str, Field] | None = None,
    choice: SheetChoice | None = None,
    needed: Collection[Field] = (),
    ask: bool = False,
) -> SheetRead | NeedsMapping | SheetRefused:
    """Read the people of one payroll from the bytes of a spreadsheet.

    `remembered` holds what a clerk decided of headings before, by folded heading (`headings.fold_heading`);
    `Field.IGNORED` settles a heading as not needed. `choice` is the answer to a NeedsMapping and wins over both.
    Without one the clerk is asked when a field of `needed` has no column, and always with `ask`.
    """
    limits = limits or SheetLimits()
    try:
        grids, hidden = _read_grids(data, limits)
        if choice is not None:
            return _read_as_chosen(grids, hidden, choice, limits)
        return _read_by_headings(grids, hidden, remembered or {}, limits, needed, ask=ask)
    except SheetProblem as problem:
        return problem.refusal


def _read_grids(data: bytes, limits: SheetLimits) -> tuple[Sequence[Grid], tuple[str, ...]]:
    if not data.strip():
        raise SheetProblem("empty", "the file is empty; save the sheet again and retry")
    if len(data) > limits.max_file_bytes:
        raise SheetProblem(
            "too_large", f"the file is larger than {limits.max_file_bytes} bytes; split the sheet"
        )
    if data[:1024].lstrip().startswith(b"%PDF-"):
        raise SheetProblem(
            "not_a_sheet", "the file is a PDF; give the people sheet as .xlsx, .xls, .ods or .csv"
        )
    if data.startswith(_WORKBOOK_STARTS):
        # Most sheets are CSV, and the readers of workbooks take longer to load than the sheet to read.
        from app.documents.people.workbook import read_workbook

        workbook = read_workbook(data, limits)
        grids, hidden = workbook.grids, workbook.hidden
    else:
        grids, hidden = (read_text_sheet(data, limits),), ()
    written = [grid for grid in grids if _first_written_row(grid) is not None]
    if not written:
        raise SheetProblem(
            "no_people", "no visible sheet has anything written in it; add the people and retry"
        )
    return written, hidden


def _read_by_headings(
    grids: Sequence[Grid],
    hidden: tuple[str, ...],
    remembered: Mapping[str, Field],
    limits: SheetLimits,
    needed: Collection[Field],
    *,
    ask: bool,
) -> SheetRead | NeedsMapping:
    found = [(grid, _find_header(grid, remembered, limits)) for grid in grids]
    # Columns are not asked of a sheet that has nobody: what is missing there is people.
    found = [(grid, (at, columns)) for grid, (at, columns) in found if _has_people(grid, at)]
    if not found:
        raise _nobody()
    with_header = [(grid, at, columns) for grid, (at, columns) in found if columns.is_header]
    if len(with_header) > 1:
        return NeedsMapping("several_sheets", tuple(_preview(*each) for each in with_header))
    if not with_header:
        previews = tuple(_preview(grid, at, columns) for grid, (at, columns) in found)
        any_headings = any(preview.header_row for preview in previews)
        return NeedsMapping("unknown_headings" if any_headings else "no_header", previews)
    grid, at, columns = with_header[0]
    if not columns.complete:
        reason = "ambiguous_headings" if columns.ambiguous else "doubtful_headings"
        return NeedsMapping("unknown_headings" if columns.missing else reason, (_preview(grid, at, columns),))
    if any(field not in columns.columns for field in needed):
        return NeedsMapping("needed_missing", (_preview(grid, at, columns),))
    if ask:
        return NeedsMapping("asked_again", (_preview(grid, at, columns),))
    warnings = _about_other_sheets(grids, grid, hidden)
    if columns.unknown:
        warnings.append(SheetWarning("columns_ignored", _TOGETHER.join(columns.unknown)))
    return _read(grid, at, columns.columns, columns.headings, warnings, limits)


def _read_as_chosen(
    grids: Sequence[Grid], hidden: tuple[str, ...], choice: SheetChoice, limits: SheetLimits
) -> SheetRead:
    chosen = [grid for grid in grids if choice.sheet is None or grid.name == choice.sheet]
    if len(chosen) != 1:
        raise SheetProblem("bad_mapping", "name one of the workbook's visible sheets")
    grid = chosen[0]
    width = max(len(row) for row in grid.rows)
    if not 0 <= choice.header_row <= len(grid.rows):
        raise SheetProblem("bad_mapping", "the header row is outside the sheet")
    columns: dict[Field, int] = {
        each: column for each, column in choice.columns.items() if each is not Field.IGNORED
    }
    if not {Field.STAFF_NUMBER, Field.PHONE} <= columns.keys():
        raise SheetProblem("bad_mapping", "say which columns hold the staff number and the phone")
    if not all(0 <= column < width for column in columns.values()) or len(set(columns.values())) < len(
        columns
    ):
        raise SheetProblem("bad_mapping", "each field needs a column of its own inside the sheet")
    header = _texts(grid.rows[choice.header_row - 1]) if choice.header_row else ()
    headings: dict[Field, str] = {
        each: header[column] for each, column in columns.items() if column < len(header)
    }
    return _read(grid, choice.header_row, columns, headings, _about_other_sheets(grids, grid, hidden), limits)


def _read(
    grid: Grid,
    header_row: int,
    columns: Mapping[Field, int],
    headings: Mapping[Field, str],
    warnings: list[SheetWarning],
    limits: SheetLimits,
) -> SheetRead:
    rows = read_rows(grid, columns, header_row, limits)
    if not rows.people and not rows.errors:
        raise _nobody()
    if not {Field.FULL_NAME, Field.LAST_NAME} & columns.keys():
        warnings.append(SheetWarning("names_not_given"))
    return SheetRead(
        people=tuple(rows.people),
        sheet=grid.name,
        header_row=header_row,
        columns=columns,
        headings=headings,
        warnings=(*warnings, *rows.warnings),
        row_errors=tuple(rows.errors),
    )


def _find_header(grid: Grid, remembered: Mapping[str, Field], limits: SheetLimits) -> tuple[int, Recognised]:
    """The row that reads most like headings and its number; with none, the first written row, or 0 if that is data."""
    best, best_at = recognise(()), 0
    for at, row in enumerate(grid.rows[: limits.header_within_rows], start=1):
        found = recognise(_texts(row), remembered)
        if found.is_header and (not best.is_header or len(found.columns) > len(best.columns)):
            best, best_at = found, at
    if best.is_header:
        return best_at, best
    for at, row in enumerate(grid.rows[: limits.header_within_rows], start=1):
        texts = _texts(row)
        if sum(1 for text in texts if text) > 1:
            if _is_data(texts):
                return 0, best
            return at, recognise(texts, remembered)
    return 0, best


def _preview(grid: Grid, header_row: int, columns: Recognised) -> SheetPreview:
    below = [texts for row in grid.rows[header_row : header_row + 50] if any(texts := _texts(row))][:_SAMPLES]
    header = _texts(grid.rows[header_row - 1]) if header_row else ()
    width = max([len(header), *(len(row) for row in below)])
    return SheetPreview(
        name=grid.name,
        header_row=header_row,
        headings=tuple(header[at] if at < len(header) else "" for at in range(width)),
        samples=tuple(tuple(row[at] if at < len(row) else "" for row in below) for at in range(width)),
        suggested=columns.columns,
        missing=columns.missing,
        ambiguous=columns.ambiguous,
        doubtful=columns.doubtful,
    )


def _about_other_sheets(grids: Sequence[Grid], used: Grid, hidden: tuple[str, ...]) -> list[SheetWarning]:
    warnings = []
    if others := [grid.name for grid in grids if grid is not used]:
        warnings.append(SheetWarning("sheets_ignored", _TOGETHER.join(others)))
    if hidden:
        warnings.append(SheetWarning("hidden_sheets_ignored", _TOGETHER.join(hidden)))
    return warnings


def _texts(row: Sequence[CellValue]) -> tuple[str, ...]:
    return tuple(" ".join(cell_text(value).split()) for value in row)


def _has_people(grid: Grid, header_row: int) -> bool:
    """Whether something is written below the headings. A lone title in a sheet without headings is nobody."""
    below = (texts for row in islice(grid.rows, header_row, None) if any(texts := _texts(row)))
    first = next(below, ())
    return bool(first) and (header_row > 0 or _is_data(first) or next(below, None) is not None)


def _is_data(texts: Sequence[str]) -> bool:
    return any(_LOOKS_LIKE_DATA.fullmatch(text) for text in texts)


def _nobody() -> SheetProblem:
    return SheetProblem("no_people", "there is nobody below the headings; add the people and retry")


def _first_written_row(grid: Grid) -> int | None:
    return next((at for at, row in enumerate(grid.rows) if any(cell not in ("", None) for cell in row)), None)
