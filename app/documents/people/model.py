"""The shapes of people-sheet reading: limits, the grid of cells, and the three possible outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from app.documents.match.rows import PersonRow
from app.documents.people.headings import Field

COMPOUND_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How the compound files of older office programs begin."""

CellValue = str | int | float | bool | date | datetime | time | timedelta


@dataclass(frozen=True)
class SheetLimits:
    """Sizes in bytes or counts. Rows count people, headings and title rows left out.

    `max_cells` bounds the rectangle that holds everything written, empty cells included, because that rectangle is
    what a reader lays out in memory. `max_text_characters` counts a repeated text once per cell that shows it.
    """

    max_file_bytes: int = 20 * 1024 * 1024
    max_inflated_bytes: int = 300 * 1024 * 1024
    max_rows: int = 100_000
    max_columns: int = 256
    max_cells: int = 5_000_000
    max_cell_characters: int = 1_000
    max_text_characters: int = 100_000_000
    header_within_rows: int = 30


@dataclass(frozen=True)
class CellRange:
    """Merged cells, corners included, rows and columns counted from 0."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(frozen=True)
class Grid:
    """One sheet as written: `rows[0]` is row 1 of the spreadsheet, `rows[0][0]` cell A1.

    `errors` holds the text (`#N/A`) of cells whose formula failed, by row and column from 0; those cells are empty
    in `rows`.
    """

    name: str
    rows: Sequence[Sequence[CellValue]]
    errors: Mapping[tuple[int, int], str] = field(default_factory=dict)
    merged: tuple[CellRange, ...] = ()


@dataclass(frozen=True)
class RowError:
    """Something of a row that could not be read. `field` is None when the whole row is concerned.

    `code` is `formula_error` (detail: the error shown), `merged_cells`, `cell_too_long` or `staff_number_missing`.
    """

    row_number: int
    field: Field | None
    code: str
    detail: str = ""


@dataclass(frozen=True)
class SheetWarning:
    """Worth telling the clerk, nothing to stop for. `row_numbers` are those of the spreadsheet, maybe none.

    `code` is `columns_ignored`, `sheets_ignored`, `hidden_sheets_ignored` (detail: their names), `language_unknown`,
    `names_not_given`, `staff_number_stored_as_number` or `access_code_stored_as_number`: a number cell cannot keep
    leading zeros.
    """

    code: str
    detail: str = ""
    row_numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class SheetRead:
    """People in the order of the sheet. `headings` is what to remember for next month: field to heading text.

    A row whose staff number could not be read is only in `row_errors`; any other damaged cell leaves the person in
    `people`, with the field named in `unreadable`.
    """

    people: tuple[PersonRow, ...]
    sheet: str
    header_row: int
    columns: Mapping[Field, int]
    headings: Mapping[Field, str]
    warnings: tuple[SheetWarning, ...]
    row_errors: tuple[RowError, ...]


@dataclass(frozen=True)
class SheetPreview:
    """One sheet for the mapping screen. `samples[i]` are the first values under `headings[i]`.

    `header_row` is 0 when the first row already looks like data; `headings` are then empty texts.
    """

    name: str
    header_row: int
    headings: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...]
    suggested: Mapping[Field, int]
    missing: tuple[Field, ...]
    ambiguous: tuple[Field, ...]
    doubtful: tuple[str, ...]


@dataclass(frozen=True)
class NeedsMapping:
    """The clerk must say which column is which. `reason` is `no_header`, `unknown_headings`, `ambiguous_headings`,
    `doubtful_headings`, `several_sheets`, `needed_missing` (a field the batch needs has no column) or `asked_again`."""

    reason: str
    sheets: tuple[SheetPreview, ...]


@dataclass(frozen=True)
class SheetRefused:
    """The file cannot be used as a people sheet; `detail` says what happened and what to do next.

    `code` is `empty`, `not_a_sheet`, `unsupported_format`, `encrypted`, `damaged`, `too_large`, `inflates_too_much`,
    `too_many_rows`, `too_many_columns`, `too_many_cells`, `no_people` or `bad_mapping`.
    """

    code: str
    detail: str


@dataclass(frozen=True)
class SheetChoice:
    """What the clerk answered on the mapping screen: sheet name, header row (0: none), column of each field from 0."""

    columns: Mapping[Field, int]
    header_row: int
    sheet: str | None = None


class SheetProblem(Exception):
    """Carries a refusal out of the readers; never leaves `app.documents.people.sheets`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.refusal = SheetRefused(code, detail)
