import csv
import io
import tempfile
import zipfile
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents.exports import Cell, neutralise, to_csv, to_xlsx
from app.documents.match.people import PersonRow
from app.documents.people.model import SheetRead
from app.documents.people.sheets import read_people_sheet
from app.messaging.numbers.phone import Phone, read_phone

ATTACKS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "\u00a0=1",
    "＝1",
    '=HYPERLINK("http://x")',
]
STARTS = tuple("=+-@\t\r\n＝＋－＠")


def _csv_rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


def _xlsx_rows(data: bytes) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_cell_can_act_as_a_formula(attack: str) -> None:
    assert neutralise(attack) == f"'{attack}"
    ((heading,), (cell,)) = _csv_rows(to_csv([attack], [[attack]]))
    assert (heading, cell) == (f"'{attack}", f"'{attack}")
    data = to_xlsx([attack], [[attack]], "Suivi")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("text", ["Zoé", "", "O'Neil", "1-2", "a=b", "06 12 34 56 78"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert neutralise(text) == text


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=2, max_size=2),
        max_size=5,
    )
)
@settings(max_examples=150, deadline=None)
def test_a_csv_keeps_every_cell_and_starts_none_with_a_command(rows: list[list[str]]) -> None:
    data = to_csv(["Nom", "Téléphone"], rows)
    assert data.startswith(b"\xef\xbb\xbf")
    read = _csv_rows(data)[1:]
    assert not any(cell.lstrip(" \u00a0").startswith(STARTS) for row in read for cell in row)
    assert [
        [cell.removeprefix("'") if cell != original else cell for cell, original in zip(*pair, strict=True)]
        for pair in zip(read, rows, strict=True)
    ] == rows


def test_a_workbook_keeps_texts_as_texts_numbers_as_numbers_and_phones_whole() -> None:
    data = to_xlsx(
        ["Matricule", "Téléphone", "Pages", "Vide"],
        [["00100007", "+33612345678", 2, None]],
        "Paie : sept/25 [x]",
    )
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.active
    assert sheet.title == "Paie   sept 25  x"
    assert _xlsx_rows(data) == [
        ["Matricule", "Téléphone", "Pages", "Vide"],
        ["00100007", "+33612345678", 2, None],
    ]
    assert sheet["B2"].data_type == "s"
    assert sheet["B2"].quotePrefix
    assert sheet["A2"].number_format == "@"
    assert sheet.freeze_panes == "A2"


def test_an_exported_sheet_can_be_given_back() -> None:
    headings = ["Matricule", "Nom", "Portable"]
    for data in (
        to_xlsx(headings, [["00100007", "D’AOÛT", "+33612345678"]], "Suivi"),
        to_csv(headings, [["00100007", "D’AOÛT", "+33612345678"]]),
    ):
        outcome = read_people_sheet(data)
        assert isinstance(outcome, SheetRead)
        (person,) = outcome.people
        assert person == PersonRow(2, "00100007", full_name="D’AOÛT", phone_typed=person.phone_typed)
        read = read_phone(person.phone_typed, "FR")
        assert isinstance(read, Phone)
        assert read.e164 == "+33612345678"


def test_texts_too_long_for_a_cell_are_cut() -> None:
    (_, (cell,)) = _xlsx_rows(to_xlsx(["a"], [["x" * 40_000]], ""))
    assert len(cell) == 32_767


def test_nothing_is_written_to_disk_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a temporary file was made")

    for name in ("mkstemp", "NamedTemporaryFile", "TemporaryFile", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    assert to_xlsx(["a"], [["x"]] * 100, "Suivi")


def test_the_same_rows_make_the_same_bytes() -> None:
    assert to_xlsx(
        ["a"],
        [
            [
                "x",
            ]
        ],
        "S",
    ) == to_xlsx(["a"], [["x"]], "S")


def test_moments_are_dates_and_phones_are_written_as_people_dial_them() -> None:
    at = datetime(2026, 11, 25, 3, 57, 12, tzinfo=ZoneInfo("Europe/Paris"))
    row: list[Cell] = ["+33612000001", "+447911123456", at]
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(["a", "b", "c"], [row], ""))).active
    assert sheet["C2"].is_date
    assert sheet["C2"].value == datetime(2026, 11, 25, 3, 57)
    assert _csv_rows(to_csv(["a", "b", "c"], [row]))[1] == [
        "06 12 00 00 01",
        "00447911123456",
        "2026-11-25 03:57",
    ]
