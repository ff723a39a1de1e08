"""The three sample sheets, each as its README tells it."""

from pathlib import Path

import pytest

from app.documents.match.people import Objection, Person, read_people
from app.documents.people.headings import Field
from app.documents.people.model import SheetRead
from app.documents.people.sheets import read_people_sheet
from app.messaging.numbers.phone import Phone, Unreachable

SAMPLES = Path(__file__).parents[2] / "samples"


def _read(name: str) -> SheetRead:
    outcome = read_people_sheet((SAMPLES / name).read_bytes())
    assert isinstance(outcome, SheetRead)
    return outcome


def _by_row(read: SheetRead) -> dict[int, Person]:
    return {person.row.row_number: person for person in read_people(read.people, "FR")}


def test_the_reportlab_sheet_is_read_whole_with_french_headings() -> None:
    read = _read("people-reportlab.xlsx")
    assert (read.sheet, read.header_row, len(read.people)) == ("Effectif", 1, 21)
    assert read.headings[Field.OBJECTION] == "Refus dématérialisation"
    assert read.headings[Field.ACCESS_CODE] == "Code d'accès"
    assert not read.row_errors
    first = read.people[0]
    assert (first.staff_number, first.name, first.access_code, first.postcode) == (
        "00100007",
        "Océane BENOÎT",
        "A5HTGHPE",
        "75011",
    )


def test_the_reportlab_sheet_tells_which_number_lost_its_zeros() -> None:
    read = _read("people-reportlab.xlsx")
    assert [(warning.code, warning.row_numbers) for warning in read.warnings] == [
        ("staff_number_stored_as_number", (13,))
    ]
    assert _by_row(read)[13].row.staff_number == "100084"


def test_only_the_person_who_objected_objects() -> None:
    read = _read("people-reportlab.xlsx")
    assert [row.staff_number for row in read.people if row.objection is not Objection.NO] == ["00100070"]


@pytest.mark.parametrize(
    ("row", "e164"),
    [
        (2, "+33614596853"),
        (3, "+262692123456"),
        (6, "+33633030451"),
        (8, "+33630104857"),
        (16, "+33633537395"),
    ],
)
def test_damaged_numbers_of_the_reportlab_sheet_are_repaired(row: int, e164: str) -> None:
    assert _by_row(_read("people-reportlab.xlsx"))[row].e164 == e164


@pytest.mark.parametrize(("row", "problem"), [(5, "landline"), (7, "empty"), (9, "excel_scientific")])
def test_numbers_that_cannot_be_repaired_are_refused_with_a_reason(row: int, problem: str) -> None:
    assert _by_row(_read("people-reportlab.xlsx"))[row].phone == Unreachable(problem)  # type: ignore[arg-type]


def test_the_ghostscript_sheet_is_windows_text_with_semicolons() -> None:
    read = _read("people-ghostscript.csv")
    people = _by_row(read)
    assert len(people) == 19
    assert people[9].row.name == "Aïcha LEFÈVRE"
    assert people[15].row.name == "Maëlys ŒUVRARD"
    assert people[6].phone == Unreachable("multiple_numbers")  # type: ignore[arg-type]
    assert people[8].phone == Unreachable("not_a_number")  # type: ignore[arg-type]
    assert all(isinstance(person.phone, Phone) for row, person in people.items() if row not in (6, 8))


def test_the_libreoffice_sheet_has_one_column_for_the_whole_name() -> None:
    read = _read("people-libreoffice.csv")
    assert read.columns == {Field.STAFF_NUMBER: 0, Field.FULL_NAME: 1, Field.PHONE: 2, Field.ACCESS_CODE: 3}
    assert [row.name for row in read.people][3] == "Cédric ŒUVRARD"
    assert all(person.e164 for person in _by_row(read).values())
