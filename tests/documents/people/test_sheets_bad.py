"""Sheets that are damaged, hostile or simply not sheets: each ends in a named outcome, and nothing is lost."""

import io
import struct
import time
import zipfile

import pytest
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.documents.match.people import Objection
from app.documents.people.headings import Field
from app.documents.people.model import NeedsMapping, RowError, SheetLimits, SheetRead, SheetRefused
from app.documents.people.sheets import read_people_sheet
from tests.documents.people.builders import (
    HEADER,
    PERSON,
    csv_bytes,
    entry_of,
    ods,
    ods_cell,
    ods_rows,
    with_entry_replaced,
    workbook,
    xls,
    xlsx,
    zip_of,
)

SHEET = "xl/worksheets/sheet1.xml"
OTHER = ("00100014", "DUPRÉ", "Noël", "0611111111")


def read(data: bytes, limits: SheetLimits | None = None) -> SheetRead:
    outcome = read_people_sheet(data, limits)
    assert isinstance(outcome, SheetRead), outcome
    return outcome


def refused(data: bytes, limits: SheetLimits | None = None) -> str:
    outcome = read_people_sheet(data, limits)
    assert isinstance(outcome, SheetRefused), outcome
    assert outcome.detail
    return outcome.code


def _xls_with_error() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Effectif")
    for column, (heading, value) in enumerate(zip(HEADER, PERSON, strict=True)):
        sheet.write(0, column, heading)
        if column < 3:
            sheet.write(1, column, value)
    sheet.row(1).set_cell_error(3, 0x2A)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _ods_with_error() -> bytes:
    error = ods_cell("#N/A", 'table:formula="of:=NA()" calcext:value-type="error"')
    header = f"<table:table-row>{''.join(map(ods_cell, HEADER))}</table:table-row>"
    return ods(f"{header}<table:table-row>{''.join(map(ods_cell, PERSON[:3]))}{error}</table:table-row>")


@pytest.mark.parametrize(
    "data",
    [
        workbook({"Effectif": [HEADER, PERSON[:3]]}, errors={(1, 3): "#N/A"}),
        _xls_with_error(),
        _ods_with_error(),
        csv_bytes([HEADER, (*PERSON[:3], "#N/A")]),
    ],
    ids=["xlsx", "xls", "ods", "csv"],
)
def test_a_failed_formula_is_an_error_of_its_row_and_not_an_empty_cell(data: bytes) -> None:
    outcome = read(data)
    assert outcome.row_errors == (RowError(2, Field.PHONE, "formula_error", "#N/A"),)
    (person,) = outcome.people
    assert (person.phone_typed, person.unreadable) == ("", ("phone",))


def test_a_failed_formula_in_the_staff_number_leaves_the_row_to_the_errors() -> None:
    outcome = read(workbook({"Effectif": [HEADER, ("", *PERSON[1:]), OTHER]}, errors={(1, 0): "#REF!"}))
    assert [person.staff_number for person in outcome.people] == ["00100014"]
    assert outcome.row_errors == (RowError(2, Field.STAFF_NUMBER, "formula_error", "#REF!"),)


def test_a_failed_formula_under_objection_is_never_taken_for_no() -> None:
    header = (*HEADER, "Refus dématérialisation")
    outcome = read(workbook({"Effectif": [header, PERSON]}, errors={(1, 4): "#REF!"}))
    assert outcome.people[0].objection is Objection.UNCLEAR


def test_a_row_without_staff_number_is_told() -> None:
    outcome = read(csv_bytes([HEADER, PERSON, ("", "SANS", "Numéro", "0612345679")]))
    assert outcome.row_errors == (RowError(3, Field.STAFF_NUMBER, "staff_number_missing"),)
    assert len(outcome.people) == 1


def test_a_phone_merged_over_two_people_belongs_to_neither() -> None:
    data = workbook({"Effectif": [HEADER, PERSON[:3], OTHER[:3]]}, merged=[(1, 3, 2, 3, "0612345678")])
    outcome = read(data)
    assert [(error.row_number, error.code) for error in outcome.row_errors] == [
        (2, "merged_cells"),
        (3, "merged_cells"),
    ]
    assert [person.phone_typed for person in outcome.people] == ["", ""]


def test_merged_phones_of_an_ods_belong_to_neither() -> None:
    shared = ods_cell("0612345678", 'table:number-rows-spanned="2"')
    first = "".join(map(ods_cell, PERSON[:3])) + shared
    second = "".join(map(ods_cell, OTHER[:3])) + "<table:covered-table-cell/>"
    header = "".join(map(ods_cell, HEADER))
    outcome = read(
        ods("".join(f"<table:table-row>{row}</table:table-row>" for row in (header, first, second)))
    )
    assert [error.code for error in outcome.row_errors] == ["merged_cells", "merged_cells"]


def test_merged_titles_above_the_header_do_not_matter() -> None:
    data = workbook({"Effectif": [(), HEADER, PERSON]}, merged=[(0, 0, 0, 3, "Paie de septembre 2025")])
    outcome = read(data)
    assert (outcome.header_row, outcome.row_errors) == (2, ())


def test_a_million_merged_ranges_over_everything_stay_cheap() -> None:
    ranges = "".join('<mergeCell ref="D2:D100000"/>' for _ in range(20_000))
    data = xlsx([HEADER, PERSON])
    content = entry_of(data, SHEET).replace(
        b"</sheetData>", f"</sheetData><mergeCells>{ranges}</mergeCells>".encode()
    )
    started = time.process_time()
    outcome = read(with_entry_replaced(data, SHEET, content))
    assert [error.code for error in outcome.row_errors] == ["merged_cells"]
    assert time.process_time() - started < 10


def test_a_hundred_thousand_people_are_read() -> None:
    rows = [HEADER, *((f"{at:08d}", "MARTIN", "Zoé", f"06{at:08d}") for at in range(100_000))]
    outcome = read(csv_bytes(rows))
    assert len(outcome.people) == 100_000
    assert outcome.people[-1].row_number == 100_001


def test_one_person_over_the_limit_is_refused() -> None:
    limits = SheetLimits(max_rows=50)
    assert len(read(xlsx([HEADER, *[PERSON] * 50]), limits).people) == 50
    assert refused(xlsx([HEADER, *[PERSON] * 51]), limits) == "too_many_rows"
    assert refused(csv_bytes([HEADER, *[PERSON] * 51]), limits) == "too_many_rows"
    assert refused(csv_bytes([HEADER, *[PERSON] * 500]), limits) == "too_many_rows"


def _far_corner(first: str, second: str) -> bytes:
    data = xlsx([HEADER])
    rows = f'<row><c r="{first}"><v>1</v></c></row><row><c r="{second}"><v>1</v></c></row>'
    content = entry_of(data, SHEET)
    start, end = content.index(b"<sheetData>"), content.index(b"</sheetData>")
    return with_entry_replaced(data, SHEET, content[: start + 11] + rows.encode() + content[end:])


def test_one_cell_in_the_last_corner_is_refused_before_the_rectangle_is_laid_out() -> None:
    assert refused(_far_corner("A1", "XFD1048576")) == "too_many_columns"
    assert refused(_far_corner("A1", "A1048576")) == "too_many_rows"
    assert refused(_far_corner("A1", "IV100000")) == "too_many_cells"


def test_repeats_of_an_ods_are_counted() -> None:
    row = f'<table:table-row table:number-rows-repeated="1048576">{ods_cell("x")}</table:table-row>'
    assert refused(ods(row)) == "too_many_rows"
    wide = ods_cell("x", 'table:number-columns-repeated="16384"')
    assert refused(ods(f"<table:table-row>{wide}</table:table-row>")) == "too_many_columns"
    long = ods_cell("x" * 10_000, 'table:number-columns-repeated="100"')
    many = f'<table:table-row table:number-rows-repeated="10000">{long}</table:table-row>'
    assert refused(ods(many)) == "inflates_too_much"


def test_the_bounds_of_an_xls_are_counted() -> None:
    rows: list[tuple[object, ...]] = [HEADER, PERSON]
    data = xls(rows)
    assert len(read(data, SheetLimits(max_columns=4)).people) == 1
    assert refused(data, SheetLimits(max_columns=3)) == "too_many_columns"
    assert refused(data, SheetLimits(max_cells=7)) == "too_many_cells"


def test_a_shared_text_repeated_in_every_cell_is_counted_each_time() -> None:
    data = xlsx([HEADER, *[("x" * 30_000,) * 4] * 1_000])
    assert len(data) < 200_000
    assert refused(data) == "inflates_too_much"


def test_a_zip_bomb_is_refused_by_what_it_declares_and_by_what_it_holds() -> None:
    data = with_entry_replaced(xlsx([HEADER, PERSON]), SHEET, b" " * 30_000_000)
    limits = SheetLimits(max_inflated_bytes=10_000_000)
    assert len(data) < 100_000
    assert refused(data, limits) == "inflates_too_much"
    lying = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = lying.find(signature)
        while at >= 0:
            if struct.unpack_from("<L", lying, at + offset)[0] == 30_000_000:
                struct.pack_into("<L", lying, at + offset, 1000)
            at = lying.find(signature, at + 4)
    assert refused(bytes(lying), limits) == "inflates_too_much"


def test_a_document_type_with_entities_is_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
    assert refused(with_entry_replaced(xlsx([HEADER, PERSON]), SHEET, bomb)) == "not_a_sheet"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n ", "empty"),
        (b"%PDF-1.7\n%binary", "not_a_sheet"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_a_sheet"),
        (b"juste une phrase", "not_a_sheet"),
        (b"MZ\x90\x00\x03", "not_a_sheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "damaged"),
        (b"PK\x03\x04rubbish", "damaged"),
        (zip_of({"lettre.txt": "bonjour"}), "not_a_sheet"),
        (zip_of({"xl/workbook.bin": b"x", "[Content_Types].xml": "<a/>"}), "unsupported_format"),
        (b"<html><table><tr><td>Matricule</td></tr></table></html>", "unsupported_format"),
        (b'<?xml version="1.0"?><Workbook/>', "unsupported_format"),
        (xlsx([]), "no_people"),
        (xlsx([HEADER]), "no_people"),
        (csv_bytes([HEADER]), "no_people"),
        (csv_bytes([HEADER, ("", "", "", "")]), "no_people"),
        (csv_bytes([("Numéro interne", "Coordonnées", "Sésame")]), "no_people"),
        (csv_bytes([("Effectif de septembre",), (), HEADER]), "no_people"),
        (xlsx([("Effectif de septembre",)]), "no_people"),
        (csv_bytes([HEADER, PERSON]) + b'\r\n"00100014;DUPR', "damaged"),
        (csv_bytes([HEADER, PERSON]) + b"\x81\x8d", "not_a_sheet"),
        (xlsx([HEADER, PERSON])[:-200], "damaged"),
        (xls([HEADER, PERSON])[:700], "damaged"),
        (xls([HEADER, PERSON])[:2000], "damaged"),
    ],
)
def test_what_is_no_usable_sheet_says_why(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_headings_alone_are_nobody_also_where_a_column_is_missing_or_asked_for() -> None:
    for asked in ({"needed": [Field.ACCESS_CODE]}, {"ask": True}):
        outcome = read_people_sheet(xlsx([HEADER]), **asked)
        assert isinstance(outcome, SheetRefused)
        assert outcome.code == "no_people"


def test_a_sheet_of_headings_alone_is_passed_over_beside_one_with_people() -> None:
    both = workbook({"Modèle": [HEADER], "Effectif": [HEADER, PERSON]})
    outcome = read(both)
    assert (outcome.sheet, len(outcome.people)) == ("Effectif", 1)
    unnamed = workbook({"Modèle": [HEADER], "Effectif": [("A", "B", "C", "D"), PERSON]})
    question = read_people_sheet(unnamed)
    assert isinstance(question, NeedsMapping)
    assert [sheet.name for sheet in question.sheets] == ["Effectif"]


def test_one_person_without_headings_is_somebody() -> None:
    question = read_people_sheet(csv_bytes([PERSON]))
    assert isinstance(question, NeedsMapping)
    assert question.reason == "no_header"


def test_size_and_columns_have_limits() -> None:
    data = csv_bytes([HEADER, PERSON])
    assert refused(data, SheetLimits(max_file_bytes=10)) == "too_large"
    assert refused(data, SheetLimits(max_columns=3)) == "too_many_columns"


def test_a_cell_that_is_a_novel_is_an_error_of_its_row() -> None:
    outcome = read(csv_bytes([HEADER, ("00100007", "A" * 1_001, "Zoé", "0612345678")]))
    assert outcome.row_errors == (RowError(2, Field.LAST_NAME, "cell_too_long", "1001"),)
    assert outcome.people[0].unreadable == ("last_name",)


def test_a_password_on_the_workbook_is_named() -> None:
    name = "EncryptedPackage".encode("utf-16-le")
    directory = name.ljust(64, b"\0") + struct.pack("<HB", len(name) + 2, 2) + bytes(61)
    header = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0"))
    struct.pack_into("<H", header, 30, 9)
    struct.pack_into("<L", header, 48, 1)
    struct.pack_into("<LL", header, 68, 0xFFFFFFFE, 0)
    struct.pack_into("<109L", header, 76, 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<128L", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    assert refused(bytes(header) + table + directory.ljust(512, b"\0")) == "encrypted"


def test_an_encrypted_zip_entry_is_named() -> None:
    data = bytearray(xlsx([HEADER, PERSON]))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        data[at + offset] |= 1
    assert refused(bytes(data)) == "encrypted"


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damage_anywhere_ends_in_an_outcome_and_never_in_an_exception(data: st.DataObject) -> None:
    pristine = data.draw(st.sampled_from(_PRISTINE))
    spoiled = bytearray(pristine)
    for _ in range(data.draw(st.integers(1, 6))):
        spoiled[data.draw(st.integers(0, len(spoiled) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(spoiled)))
    assert read_people_sheet(bytes(spoiled[:cut] if data.draw(st.booleans()) else spoiled)) is not None


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damage_inside_the_xml_ends_in_an_outcome(data: st.DataObject) -> None:
    pristine = data.draw(st.sampled_from(_STORED))
    spoiled = bytearray(pristine[1])
    for _ in range(data.draw(st.integers(1, 4))):
        spoiled[data.draw(st.integers(0, len(spoiled) - 1))] = data.draw(st.integers(32, 126))
    assert read_people_sheet(with_entry_replaced(pristine[0], pristine[2], bytes(spoiled))) is not None


_XLSX = workbook(
    {"Effectif": [HEADER, PERSON], "Deux": [("a", "b")]}, merged=[(3, 0, 4, 1, "x")], errors={(2, 0): "#N/A"}
)
_ODS = ods(ods_rows([HEADER, PERSON]))
_PRISTINE = [_XLSX, _ODS, xls([HEADER, PERSON]), csv_bytes([HEADER, PERSON])]
_STORED = [
    (_XLSX, entry_of(_XLSX, SHEET), SHEET),
    (_XLSX, entry_of(_XLSX, "xl/workbook.xml"), "xl/workbook.xml"),
    (_ODS, entry_of(_ODS, "content.xml"), "content.xml"),
]


def test_pristine_files_of_the_damage_tests_are_readable() -> None:
    assert zipfile.is_zipfile(io.BytesIO(_XLSX))
    assert all(isinstance(read_people_sheet(data), SheetRead) for data in _PRISTINE)
