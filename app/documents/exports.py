"""Tables for a clerk's own spreadsheet: .xlsx and CSV in which no cell can act as a formula.

Both are made in memory: they hold names and phone numbers, and XlsxWriter's constant-memory mode would write those to
temporary files in clear.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from xlsxwriter import Workbook

# A moment is written as the reader's own wall clock shows it: give it in their zone.
Cell = str | int | datetime | None

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_LONGEST_CELL = 32_767
_LONGEST_SHEET_NAME = 31
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\]")
_WIDEST_COLUMN = 60
_MOMENT_WIDTH = 16
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)  # one constant, so that the same rows make the same bytes


def neutralise(text: str) -> str:
    """The text, with an apostrophe in front when a spreadsheet could take it for a formula or a command.

    Blanks in front do not help an attacker: they are looked through.
    """
    if text.lstrip(" \u00a0").startswith(_FORMULA_STARTS) or text.startswith(_FORMULA_STARTS):
        return f"'{text}"
    return text


def to_csv(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A CSV that French Excel opens by a double click: UTF-8 with BOM, semicolons, every text neutralised.

    A phone in E.164 is written as people dial it, for a leading plus would make it a formula.
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow([neutralise(heading) for heading in headings])
    for row in rows:
        writer.writerow([_in_csv(cell) for cell in row])
    return written.getvalue().encode("utf-8-sig", "replace")


def _in_csv(cell: Cell) -> str | int | None:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    if not isinstance(cell, str):
        return cell
    return _dialled(cell) if _PHONE.fullmatch(cell) else neutralise(cell)


def _dialled(phone: str) -> str:
    """06 12 00 00 01 for a French number; 00 and the country code for any other."""
    if phone.startswith("+33") and len(phone) == len("+33612000001"):
        digits = f"0{phone[3:]}"
        return " ".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    return f"00{phone[1:]}"


def to_xlsx(headings: Sequence[str], rows: Iterable[Sequence[Cell]], sheet_name: str) -> bytes:
    """A workbook of one sheet, headings frozen and filtered, texts stored as texts, whole numbers as numbers and moments
    as dates.

    A phone in E.164 keeps its plus: it is a text cell marked to stay one, so that the sheet can be given back to Pli.
    Texts past a spreadsheet's 32,767 characters are cut.
    """
    written = io.BytesIO()
    workbook = Workbook(written, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    workbook.set_properties({"created": _CREATED.replace(tzinfo=None)})
    name = _NOT_IN_SHEET_NAMES.sub(" ", sheet_name).strip("' ")[:_LONGEST_SHEET_NAME]
    sheet = workbook.add_worksheet(name or None)
    bold = workbook.add_format({"bold": True, "bottom": 1})
    as_text = workbook.add_format({"num_format": "@"})
    as_moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    stays_text = workbook.add_format({"num_format": "@", "quote_prefix": True})
    widths = [len(heading) for heading in headings]
    for column, heading in enumerate(headings):
        sheet.write_string(0, column, neutralise(heading), bold)
    last_row = 0
    for last_row, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                is_phone = _PHONE.fullmatch(cell) is not None
                text = cell if is_phone else neutralise(cell)[:_LONGEST_CELL]
                sheet.write_string(last_row, column, text, stays_text if is_phone else as_text)
                widths[column] = max(widths[column], len(text))
            elif isinstance(cell, datetime):
                sheet.write_datetime(
                    last_row, column, cell.replace(tzinfo=None, second=0, microsecond=0), as_moment
                )
                widths[column] = max(widths[column], _MOMENT_WIDTH)
            elif cell is not None:
                sheet.write_number(last_row, column, cell)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(width, _WIDEST_COLUMN) + 2)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last_row, max(len(headings) - 1, 0))
    workbook.close()
    return written.getvalue()
