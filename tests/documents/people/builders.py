"""Makes small spreadsheets and ZIPs for tests, well-formed ones and hostile ones."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter
import xlwt

HEADER = ("Matricule", "Nom", "Prénom", "Portable")
PERSON = ("00100007", "MARTIN", "Zoé", "06 12 34 56 78")

_ODS_NAMESPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)
_ODS_MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"


def csv_bytes(rows: Sequence[Sequence[str]], delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    return "\r\n".join(delimiter.join(row) for row in rows).encode(encoding)


def xlsx(rows: Sequence[Sequence[Any]], name: str = "Effectif") -> bytes:
    return workbook({name: rows})


def workbook(
    sheets: Mapping[str, Sequence[Sequence[Any]]],
    merged: Sequence[tuple[int, int, int, int, str]] = (),
    hidden: Sequence[str] = (),
    errors: Mapping[tuple[int, int], str] | None = None,
) -> bytes:
    """`merged` and `errors` apply to the first sheet; an error is a formula whose stored result is that error."""
    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True})
    for number, (name, rows) in enumerate(sheets.items()):
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write(at, column, value)
        if number == 0:
            for first_row, first_column, last_row, last_column, text in merged:
                sheet.merge_range(first_row, first_column, last_row, last_column, text)
            for (at, column), error in (errors or {}).items():
                sheet.write_formula(at, column, "=NA()", None, error)
        if name in hidden:
            sheet.hide()
    book.close()
    return written.getvalue()


def xls(rows: Sequence[Sequence[Any]]) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Effectif")
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write(at, column, value)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def ods_cell(text: str, attributes: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {attributes}><text:p>{escape(text)}</text:p></table:table-cell>'


def ods_rows(rows: Sequence[Sequence[str]]) -> str:
    return "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)


def ods(body: str) -> bytes:
    """A document of one sheet; `body` are its `table:table-row` elements."""
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_ODS_NAMESPACES}><office:body>'
        f'<office:spreadsheet><table:table table:name="Effectif">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS_MIMETYPE}"/></manifest:manifest>'
    )
    return zip_of({"mimetype": _ODS_MIMETYPE, "META-INF/manifest.xml": manifest, "content.xml": content})


def zip_of(entries: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return written.getvalue()


def with_entry_replaced(data: bytes, name: str, content: bytes) -> bytes:
    """The same ZIP with one entry's content changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    assert name in entries
    return zip_of({**entries, name: content})


def entry_of(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)
