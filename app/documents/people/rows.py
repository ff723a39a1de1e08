"""From cells to people: what a cell says as text, and what each row says of one person."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from app.documents.match.rows import Objection, PersonRow
from app.documents.people.headings import Field
from app.documents.people.model import CellValue, Grid, RowError, SheetLimits, SheetProblem, SheetWarning

_EXACT_BELOW = 1e15
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad"))
_WORD = re.compile(r"[a-z0-9]+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}.*|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}")
_DAY_SERIALS = range(
    36_526, 73_051
)  # Excel's day numbers of 2000 to 2099, shown when the date format was lost
_YES = frozenset(
    {
        "oui", "o", "x", "yes", "y", "true", "vrai", "1", "papier", "paper", "refus", "refuse", "oppose",
        "opposition", "objection",
    }
)  # fmt: skip
_NO = frozenset(
    {
        "non", "n", "no", "false", "faux", "0", "sans", "aucun", "aucune", "neant", "none", "accepte", "accepted",
        "electronique", "electronic",
    }
)  # fmt: skip
_LANGUAGES = {
    "fr": "fr", "fra": "fr", "fre": "fr", "francais": "fr", "french": "fr", "f": "fr",
    "en": "en", "eng": "en", "anglais": "en", "english": "en", "a": "en", "gb": "en", "uk": "en", "us": "en",
}  # fmt: skip


@dataclass
class PeopleRead:
    """What `read_rows` found, in the order of the sheet."""

    people: list[PersonRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    rows_by_warning: dict[str, list[int]] = field(default_factory=dict)

    def warn(self, code: str, row_number: int) -> None:
        """Count one more row for a warning."""
        self.rows_by_warning.setdefault(code, []).append(row_number)

    @property
    def warnings(self) -> list[SheetWarning]:
        """One warning per code, with its rows."""
        return [SheetWarning(code, row_numbers=tuple(rows)) for code, rows in self.rows_by_warning.items()]


def cell_text(value: CellValue) -> str:
    """A cell as a person would type it. Whole numbers lose the `.0` the file gives them; dates become ISO.

    A number too long for a spreadsheet to hold exactly stays in scientific notation, so that nobody takes its
    invented digits for real ones.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_BELOW:
        return str(int(value))
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return repr(value)


def read_objection(value: CellValue) -> Objection:
    """What the cell says of the electronic payslip: yes words, a cross or a date object; no words or nothing do not."""
    text = cell_text(value).strip()
    if not text or text in "-–—":
        return Objection.NO
    if _DATE.fullmatch(text) or (text.isdigit() and int(text) in _DAY_SERIALS):
        return Objection.YES
    words = set(_fold(text))
    says_yes, says_no = bool(words & _YES), bool(words & _NO)
    if says_yes == says_no or text in ("✗", "✘"):
        return Objection.YES if text in ("✓", "✔", "✗", "✘", "☑", "☒") else Objection.UNCLEAR
    return Objection.YES if says_yes else Objection.NO


def read_rows(grid: Grid, columns: Mapping[Field, int], header_row: int, limits: SheetLimits) -> PeopleRead:
    """The people below `header_row` (numbered from 1, 0 for none). Raises SheetProblem past the row limit.

    Rows that are empty in every mapped column are passed over.
    """
    result = PeopleRead()
    shared = _rows_merged_over_several_people(grid, columns, header_row)
    needed = tuple(columns.items())
    for index in range(header_row, len(grid.rows)):
        row = grid.rows[index]
        cells: dict[Field, CellValue] = {}
        unreadable: list[RowError] = []
        for each, column in needed:
            value = row[column] if column < len(row) else ""
            cells[each] = value
            failed = grid.errors.get((index, column)) if grid.errors else None
            if failed is not None:
                unreadable.append(RowError(index + 1, each, "formula_error", failed))
            elif shared[each].holds(index):
                unreadable.append(RowError(index + 1, each, "merged_cells"))
            elif isinstance(value, str) and len(value) > limits.max_cell_characters:
                unreadable.append(RowError(index + 1, each, "cell_too_long", str(len(value))))
        if unreadable or any(not isinstance(value, str) or value.strip() for value in cells.values()):
            _read_person(result, index + 1, cells, unreadable)
        if len(result.people) > limits.max_rows:
            raise SheetProblem(
                "too_many_rows", f"the sheet holds more than {limits.max_rows} people; split it"
            )
    return result


def _read_person(
    result: PeopleRead, row_number: int, cells: Mapping[Field, CellValue], unreadable: Sequence[RowError]
) -> None:
    result.errors += unreadable
    lost = {error.field for error in unreadable}
    texts = {each: "" if each in lost else _clean(cell_text(value)) for each, value in cells.items()}
    staff_number = texts[Field.STAFF_NUMBER].removeprefix("'")
    if not staff_number:
        if Field.STAFF_NUMBER not in lost:
            result.errors.append(RowError(row_number, Field.STAFF_NUMBER, "staff_number_missing"))
        return
    if _is_number(cells[Field.STAFF_NUMBER]):
        result.warn("staff_number_stored_as_number", row_number)
    if _is_number(cells.get(Field.ACCESS_CODE, "")):
        result.warn("access_code_stored_as_number", row_number)
    language_text = texts.get(Field.LANGUAGE, "")
    language = _LANGUAGES.get("".join(_fold(language_text)[:1]), "")
    if language_text and not language:
        result.warn("language_unknown", row_number)
    objection = Objection.UNCLEAR
    if Field.OBJECTION not in lost:
        objection = read_objection(cells.get(Field.OBJECTION, ""))
    # The number as typed, invisible marks included: its repairs are named in the review.
    phone_typed = "" if Field.PHONE in lost else cell_text(cells[Field.PHONE])
    result.people.append(
        PersonRow(
            row_number=row_number,
            staff_number=staff_number,
            first_name=texts.get(Field.FIRST_NAME, ""),
            last_name=texts.get(Field.LAST_NAME, ""),
            full_name=texts.get(Field.FULL_NAME, ""),
            phone_typed=phone_typed,
            access_code=texts.get(Field.ACCESS_CODE, ""),
            language=language,
            objection=objection,
            postcode=texts.get(Field.POSTCODE, ""),
            unreadable=tuple(error.field for error in unreadable if error.field is not None),
        )
    )


def _clean(text: str) -> str:
    if text.isascii():
        return text.strip() if "\n" not in text and "  " not in text else " ".join(text.split())
    return " ".join(text.translate(_INVISIBLE).split())


def _fold(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return _WORD.findall("".join(mark for mark in decomposed if not unicodedata.combining(mark)))


def _is_number(value: CellValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class _Rows:
    """A set of rows held as intervals that do not touch, so that a million merged ranges stay cheap."""

    def __init__(self, intervals: Sequence[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(intervals):
            if self._ends and start <= self._ends[-1] + 1:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def holds(self, row: int) -> bool:
        if not self._starts:
            return False
        at = bisect_right(self._starts, row) - 1
        return at >= 0 and row <= self._ends[at]


def _rows_merged_over_several_people(
    grid: Grid, columns: Mapping[Field, int], header_row: int
) -> Mapping[Field, _Rows]:
    """Rows, by field, whose cell is merged over several rows or several used columns: its value has no one owner."""
    intervals: dict[Field, list[tuple[int, int]]] = {each: [] for each in columns}
    for merged in grid.merged:
        if merged.last_row < header_row:
            continue
        touched = [
            each for each, column in columns.items() if merged.first_column <= column <= merged.last_column
        ]
        if merged.last_row > merged.first_row or len(touched) > 1:
            for each in touched:
                intervals[each].append((max(merged.first_row, header_row), merged.last_row))
    return {each: _Rows(spans) for each, spans in intervals.items()}
