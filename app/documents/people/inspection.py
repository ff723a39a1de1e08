"""A look into .xlsx and .ods before they are read: how much they hold, which formulas failed, what is merged.

The workbook reader lays out the whole rectangle between the first and the last written cell and turns failed formulas
into empty cells. So a 5 KB file with one cell in the last corner would take half a terabyte, and `#N/A` would look like
"no phone number". The XML is walked once here, and both are known before anything is laid out.
"""

import posixpath
import re
import zipfile
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from app.documents.archive import ArchiveLimits, ArchiveRefused, entry_name, inflate, open_zip
from app.documents.people.model import CellRange, SheetLimits, SheetProblem

_MAX_ENTRIES = 5_000
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ERROR_TEXT = re.compile(r"#[A-Z/0]+[!?]?|Err:\d+")


@dataclass
class SheetFacts:
    """What one sheet holds: bounds of its written cells, from 0 (None when empty), errors and merged ranges."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[CellRange] = field(default_factory=list)
    first_row: int | None = None
    last_row: int = 0
    last_column: int = 0
    text_characters: int = 0

    def note(self, row: int, column: int, rows: int = 1, columns: int = 1) -> None:
        """Count a written cell, repeated over `rows` and `columns`."""
        if self.first_row is None or row < self.first_row:
            self.first_row = row
        self.last_row = max(self.last_row, row + rows - 1)
        self.last_column = max(self.last_column, column + columns - 1)

    def judge(self, limits: SheetLimits) -> None:
        """Raise SheetProblem when laying the sheet out would cost too much."""
        if self.first_row is None:
            return
        rows = self.last_row - self.first_row + 1
        if self.last_column >= limits.max_columns:
            raise SheetProblem(
                "too_many_columns", f"the sheet uses more than {limits.max_columns} columns; remove some"
            )
        if rows > limits.max_rows + limits.header_within_rows:
            raise SheetProblem("too_many_rows", f"the sheet goes past {limits.max_rows} rows; split it")
        if rows * (self.last_column + 1) > limits.max_cells:
            raise SheetProblem(
                "too_many_cells", f"the sheet spans more than {limits.max_cells} cells; remove columns"
            )
        if self.text_characters > limits.max_text_characters:
            raise SheetProblem("inflates_too_much", "the sheet holds far more text than a list of people")


def inspect_zipped(data: bytes, limits: SheetLimits) -> list[SheetFacts]:
    """Facts of each sheet of an .xlsx or .ods, in workbook order. Raises SheetProblem."""
    try:
        opened = open_zip(data, _zip_limits(limits))
        parts = _xml_parts(opened, limits)
    except ArchiveRefused as refused:
        too_much = refused.code in (
            "total_too_large",
            "entry_too_large",
            "too_many_entries",
            "overlapping_entries",
        )
        code = "inflates_too_much" if too_much else "damaged"
        raise SheetProblem(code, "the spreadsheet cannot be unpacked; save it again and retry") from refused
    is_xlsx, is_ods = "xl/workbook.xml" in parts, "content.xml" in parts
    if "xl/workbook.bin" in {entry_name(info).lower() for info in opened.infolist()}:
        raise SheetProblem("unsupported_format", "binary workbooks (.xlsb) are not read; save as .xlsx")
    if is_xlsx == is_ods:
        raise SheetProblem("not_a_sheet", "the ZIP holds no spreadsheet; give .xlsx, .xls, .ods or .csv")
    try:
        facts = _inspect_xlsx(parts) if is_xlsx else _inspect_ods(parts["content.xml"])
    except (expat.ExpatError, ValueError, LookupError) as malformed:
        raise SheetProblem(
            "damaged", "the spreadsheet's content is malformed; save it again and retry"
        ) from malformed
    return facts


def _zip_limits(limits: SheetLimits) -> ArchiveLimits:
    size = limits.max_inflated_bytes
    return ArchiveLimits(max_entries=_MAX_ENTRIES, max_entry_bytes=size, max_total_bytes=size)


def _xml_parts(opened: zipfile.ZipFile, limits: SheetLimits) -> dict[str, bytes]:
    """Every XML part by lower-case name, inflated under one common limit."""
    parts: dict[str, bytes] = {}
    left = limits.max_inflated_bytes
    for info in opened.infolist():
        if info.flag_bits & 0x1:
            raise SheetProblem("encrypted", "the spreadsheet has a password; save it without one")
        name = entry_name(info).lower()
        if not name.endswith((".xml", ".rels")):
            continue
        if name in parts:
            raise SheetProblem(
                "damaged", "the spreadsheet holds the same part twice; save it again and retry"
            )
        parts[name] = inflate(opened, info, left)
        left -= len(parts[name])
    return parts


class _Walker(ABC):
    """An expat parser that refuses document type declarations and hands local names to `start` and `end`."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype

    def walk(self, content: bytes) -> None:
        self.parser.Parse(content, True)

    @abstractmethod
    def start(self, name: str, attributes: dict[str, str], /) -> None:
        """An element begins."""

    def end(self, name: str) -> None:  # noqa: B027 - a walker may look at starts alone
        """An element ends."""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.start(name.rpartition(":")[2] if ":" in name else name, attributes)

    def _end(self, name: str) -> None:
        self.end(name.rpartition(":")[2] if ":" in name else name)

    def _refuse_doctype(self, *_declared: Any) -> None:
        raise SheetProblem(
            "not_a_sheet", "the spreadsheet declares a document type, which no spreadsheet program writes"
        )


class _Relations(_Walker):
    """`targets`: part name by relation id."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        if name == "Relationship":
            target = posixpath.normpath(posixpath.join("/xl", attributes["Target"]))
            self.targets[attributes["Id"]] = target.lstrip("/").lower()


class _Workbook(_Walker):
    """`relation_ids`: the relation id of each sheet, in workbook order."""

    def __init__(self) -> None:
        super().__init__()
        self.relation_ids: list[str] = []

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        if name == "sheet":
            self.relation_ids.append(
                next((value for key, value in attributes.items() if key.endswith(":id")), "")
            )


class _SharedStrings(_Walker):
    """`lengths`: characters of each shared string."""

    def __init__(self) -> None:
        super().__init__()
        self.lengths: list[int] = []
        self.parser.CharacterDataHandler = self._count

    def start(self, name: str, _attributes: dict[str, str], /) -> None:
        if name == "si":
            self.lengths.append(0)

    def _count(self, text: str) -> None:
        if self.lengths:
            self.lengths[-1] += len(text)


class _Worksheet(_Walker):
    def __init__(self, string_lengths: list[int]) -> None:
        super().__init__()
        self.facts = SheetFacts()
        self._string_lengths = string_lengths
        self._row = -1
        self._column = -1
        self._type = "n"
        self._columns_by_letters: dict[str, int] = {}

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        if name == "c":
            self._type = attributes.get("t", "n")
            reference = attributes.get("r")
            if reference is None:
                self._column += 1
            else:
                self._move_to(reference)
        elif name in ("v", "is"):
            self.facts.note(self._row, self._column)
            if self._type in ("s", "e", "str"):
                self.parser.CharacterDataHandler = self._value
        elif name == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._column = -1

    def end(self, name: str) -> None:
        if name == "v":
            self.parser.CharacterDataHandler = None

    def _move_to(self, reference: str) -> None:
        found = _REFERENCE.fullmatch(reference)
        if found is None:
            raise ValueError("a cell reference that no spreadsheet writes")
        letters = found[1]
        if letters not in self._columns_by_letters:
            number = 0
            for letter in letters:
                number = number * 26 + ord(letter) - ord("A") + 1
            self._columns_by_letters[letters] = number - 1
        self._row, self._column = int(found[2]) - 1, self._columns_by_letters[letters]

    def _value(self, text: str) -> None:
        if self._type == "e":
            self.facts.errors[self._row, self._column] = text
        else:
            self.facts.text_characters += self._string_lengths[int(text)] if self._type == "s" else len(text)


def _inspect_xlsx(parts: dict[str, bytes]) -> list[SheetFacts]:
    relations, workbook, strings = _Relations(), _Workbook(), _SharedStrings()
    relations.walk(parts["xl/_rels/workbook.xml.rels"])
    workbook.walk(parts["xl/workbook.xml"])
    for name, content in parts.items():
        if posixpath.basename(name) == "sharedstrings.xml":
            strings.walk(content)
    facts = []
    for relation_id in workbook.relation_ids:
        worksheet = _Worksheet(strings.lengths)
        worksheet.walk(parts[relations.targets[relation_id]])
        facts.append(worksheet.facts)
    return facts


class _OpenDocument(_Walker):
    """Rows and cells of an .ods carry repeat counts; trailing repeats of nothing are normal and cost nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[SheetFacts] = []
        self._row = self._row_repeats = self._column = self._column_repeats = 0
        self._written = self._failed = False
        self._text: list[str] = []

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        plain = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if name == "table":
            self.sheets.append(SheetFacts())
            self._row = 0
        elif name == "table-row":
            self._row_repeats = int(plain.get("number-rows-repeated", "1"))
            self._column = 0
        elif name in ("table-cell", "covered-table-cell"):
            self._column_repeats = int(plain.get("number-columns-repeated", "1"))
            self._written = "value-type" in plain
            self._failed = "formula" in plain and "error" in (
                value for key, value in attributes.items() if key.endswith(":value-type")
            )
            self._text = []
            self.parser.CharacterDataHandler = self._text.append
            self._note_merged(
                int(plain.get("number-rows-spanned", "1")), int(plain.get("number-columns-spanned", "1"))
            )

    def end(self, name: str) -> None:
        if name in ("table-cell", "covered-table-cell"):
            self.parser.CharacterDataHandler = None
            self._close_cell("".join(self._text))
            self._column += self._column_repeats
        elif name == "table-row":
            self._row += self._row_repeats

    def _note_merged(self, rows: int, columns: int) -> None:
        if rows > 1 or columns > 1:
            last_row, last_column = self._row + rows - 1, self._column + columns - 1
            self.sheets[-1].merged.append(CellRange(self._row, self._column, last_row, last_column))

    def _close_cell(self, text: str) -> None:
        if not self._written and not text:
            return
        facts = self.sheets[-1]
        facts.note(self._row, self._column, self._row_repeats, self._column_repeats)
        facts.text_characters += len(text) * self._row_repeats * self._column_repeats
        if self._failed or _ERROR_TEXT.fullmatch(text.strip()):
            facts.errors[self._row, self._column] = text.strip()


def _inspect_ods(content: bytes) -> list[SheetFacts]:
    document = _OpenDocument()
    document.walk(content)
    return document.sheets
