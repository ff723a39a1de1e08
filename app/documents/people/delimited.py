"""People sheets as text: CSV in UTF-8 (with or without BOM), cp1252 or UTF-16, parted by `;`, `,` or tab."""

import csv
import io
import re

from app.documents.people.headings import recognise
from app.documents.people.model import CellValue, Grid, SheetLimits, SheetProblem

_DELIMITERS = (";", ",", "\t")
_DELIMITER_HINT = re.compile(r"\Asep=(.)\r?\n", re.IGNORECASE)
_FORCED_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_ERROR_TEXT = re.compile(
    r"#(N/A|REF!|DIV/0!|VALUE!|VALEUR!|NAME\?|NOM\?|NUM!|NOMBRE!|NULL!|NUL!|SPILL!|PROPAGATION!)"
)
_MARKUP = re.compile(r"\s*<(\?xml|!doctype|html|table|head|meta|workbook)", re.IGNORECASE)
_SAMPLE_ROWS = 30


def read_text_sheet(data: bytes, limits: SheetLimits) -> Grid:
    """The one sheet of a CSV. Raises SheetProblem."""
    text = _decode(data)
    if _MARKUP.match(text):
        raise SheetProblem(
            "unsupported_format", "this is a web page saved as a spreadsheet; open it and save as .xlsx"
        )
    hint = _DELIMITER_HINT.match(text)
    delimiter = hint[1] if hint else _guess_delimiter(text)
    # The hint line is row 1 of the file but no row of the sheet Excel shows.
    rows = _parse(text[hint.end() :] if hint else text, delimiter, limits)
    if max((len(row) for row in rows), default=0) < 2:
        raise SheetProblem("not_a_sheet", "the file has no columns; part them by ; , or tab")
    if max(len(row) for row in rows) > limits.max_columns:
        raise SheetProblem(
            "too_many_columns", f"the sheet uses more than {limits.max_columns} columns; remove some"
        )
    errors: dict[tuple[int, int], str] = {}
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            if cell[:1] == "=" and (forced := _FORCED_TEXT.fullmatch(cell)):
                row[column] = forced[1].replace('""', '"')
            elif cell[:1] == "#" and _ERROR_TEXT.fullmatch(cell.strip()):
                errors[at, column] = cell.strip()
                row[column] = ""
    cells: list[list[CellValue]] = [list(row) for row in rows]
    return Grid(name="", rows=cells, errors=errors)


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\0" in data:
        raise SheetProblem("not_a_sheet", "the file is not a spreadsheet; give .xlsx, .xls, .ods or .csv")
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetProblem(
        "not_a_sheet", "the text is neither UTF-8 nor Windows text; save the sheet as CSV UTF-8"
    )


def _guess_delimiter(text: str) -> str:
    """The delimiter under which some early line is recognised best, else the one that makes most columns."""
    lines = text.splitlines()[:_SAMPLE_ROWS]

    def score(delimiter: str) -> tuple[int, int]:
        known, widths = 0, []
        for line in lines:
            cells = next(csv.reader([line], delimiter=delimiter), [])
            known = max(known, len(recognise(cells).columns))
            widths.append(len(cells))
        return known, sum(width for width in widths if width > 1)

    return max(_DELIMITERS, key=score)


def _parse(text: str, delimiter: str, limits: SheetLimits) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            rows.append(row)
            if len(rows) > limits.max_rows + limits.header_within_rows:
                raise SheetProblem("too_many_rows", f"the sheet goes past {limits.max_rows} rows; split it")
    except csv.Error as broken:
        detail = f"row {len(rows) + 1}: a quotation mark is not closed, or stands inside a cell; correct it and retry"
        raise SheetProblem("damaged", detail) from broken
    return rows
