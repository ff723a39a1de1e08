"""Well-meant sheets: every format, any order, what Excel does to cells, what must be asked."""

import datetime
import pickle

import pytest

from app.documents.match.people import Objection
from app.documents.people.headings import Field
from app.documents.people.model import CellValue, NeedsMapping, SheetChoice, SheetRead, SheetRefused
from app.documents.people.rows import cell_text, read_objection
from app.documents.people.sheets import read_people_sheet
from tests.documents.people.builders import (
    HEADER,
    PERSON,
    csv_bytes,
    ods,
    ods_cell,
    ods_rows,
    workbook,
    xls,
    xlsx,
)


def read(data: bytes, **more: object) -> SheetRead:
    outcome = read_people_sheet(data, **more)  # type: ignore[arg-type]
    assert isinstance(outcome, SheetRead), outcome
    return outcome


def ask(data: bytes, **more: object) -> NeedsMapping:
    outcome = read_people_sheet(data, **more)  # type: ignore[arg-type]
    assert isinstance(outcome, NeedsMapping), outcome
    return outcome


@pytest.mark.parametrize(
    "data",
    [
        xlsx([HEADER, PERSON]),
        xls([HEADER, PERSON]),
        ods(ods_rows([HEADER, PERSON])),
        *(csv_bytes([HEADER, PERSON], delimiter) for delimiter in ";,\t"),
        *(csv_bytes([HEADER, PERSON], ";", encoding) for encoding in ("utf-8-sig", "cp1252", "utf-16")),
        b"sep=;\r\n" + csv_bytes([HEADER, PERSON]),
    ],
    ids=["xlsx", "xls", "ods", "semicolon", "comma", "tab", "bom", "cp1252", "utf16", "sep-hint"],
)
def test_every_format_reads_the_same_person(data: bytes) -> None:
    (person,) = read(data).people
    assert (person.row_number, person.staff_number, person.name, person.phone_typed) == (
        2,
        "00100007",
        "Zoé MARTIN",
        "06 12 34 56 78",
    )


def test_title_rows_above_the_header_and_empty_rows_between_people_keep_row_numbers() -> None:
    rows = [("Paie de septembre",), (), HEADER, PERSON, (), ("00100014", "DUPRÉ", "Noël", "0611111111")]
    for data in (xlsx(rows), csv_bytes([list(map(str, row)) for row in rows])):
        outcome = read(data)
        assert outcome.header_row == 3
        assert [person.row_number for person in outcome.people] == [4, 6]


def test_numbers_of_excel_become_the_digits_the_clerk_sees() -> None:
    outcome = read(xlsx([(*HEADER, "Code d'accès"), (100007, "A", "B", 612345678, 12345678)]))
    (person,) = outcome.people
    assert (person.staff_number, person.phone_typed, person.access_code) == (
        "100007",
        "612345678",
        "12345678",
    )
    assert {warning.code for warning in outcome.warnings} == {
        "staff_number_stored_as_number",
        "access_code_stored_as_number",
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (100007.0, "100007"),
        (33612345678.0, "33612345678"),
        (1e20, "1e+20"),
        (0.5, "0.5"),
        (True, "true"),
        (datetime.date(2025, 9, 1), "2025-09-01"),
        ("  x ", "  x "),
    ],
)
def test_a_cell_as_text(value: CellValue, text: str) -> None:
    assert cell_text(value) == text


@pytest.mark.parametrize(
    ("value", "objection"),
    [
        ("", Objection.NO),
        ("non", Objection.NO),
        ("-", Objection.NO),
        (False, Objection.NO),
        (0, Objection.NO),
        ("oui", Objection.YES),
        ("OUI", Objection.YES),
        ("x", Objection.YES),
        ("✓", Objection.YES),
        ("Papier", Objection.YES),
        (True, Objection.YES),
        (1.0, Objection.YES),
        ("12/03/2025", Objection.YES),
        (datetime.datetime(2025, 3, 12), Objection.YES),
        (45_728.0, Objection.YES),
        ("?", Objection.UNCLEAR),
        ("à voir avec lui", Objection.UNCLEAR),
        ("papier : non", Objection.UNCLEAR),
    ],
)
def test_an_objection_is_a_yes_word_a_cross_or_a_date(value: CellValue, objection: Objection) -> None:
    assert read_objection(value) is objection


@pytest.mark.parametrize(
    ("typed", "language"),
    [("FR", "fr"), ("français", "fr"), ("English", "en"), ("anglais", "en"), ("", ""), ("eo", "")],
)
def test_language_words(typed: str, language: str) -> None:
    outcome = read(csv_bytes([(*HEADER, "Langue"), (*PERSON, typed)]))
    assert outcome.people[0].language == language
    assert ("language_unknown" in {warning.code for warning in outcome.warnings}) is (typed == "eo")


def test_forced_text_of_a_csv_export_loses_its_wrapping() -> None:
    (person,) = read(csv_bytes([HEADER, ('="00100007"', "A", "B", '="0612345678"')])).people
    assert (person.staff_number, person.phone_typed) == ("00100007", "0612345678")


def test_no_break_spaces_and_byte_order_marks_inside_cells_are_cleaned_but_the_phone_stays_as_typed() -> None:
    (person,) = read(
        xlsx([HEADER, ("\u202f00100007\ufeff", "LE\u00a0GOFF", "Zoé", "06\u00a012\u00a034\u00a056\u00a078")])
    ).people
    assert (person.staff_number, person.last_name) == ("00100007", "LE GOFF")
    assert person.phone_typed == "06\u00a012\u00a034\u00a056\u00a078"


def test_columns_nobody_needs_are_ignored_and_told_when_unknown() -> None:
    outcome = read(csv_bytes([(*HEADER, "E-mail", "Surnom"), (*PERSON, "a@exemple.test", "Zozo")]))
    assert [(warning.code, warning.detail) for warning in outcome.warnings] == [("columns_ignored", "Surnom")]


def test_unknown_headings_ask_with_samples() -> None:
    question = ask(
        csv_bytes([("Clef", "Blaze", "Bigo"), *[(f"0{at}", f"NOM{at}", "0612345678") for at in range(5)]])
    )
    assert question.reason == "unknown_headings"
    (preview,) = question.sheets
    assert (preview.header_row, preview.headings) == (1, ("Clef", "Blaze", "Bigo"))
    assert preview.samples[1] == ("NOM0", "NOM1", "NOM2")
    assert set(preview.missing) == {Field.STAFF_NUMBER, Field.PHONE, Field.FULL_NAME}


def test_one_unknown_heading_suggests_the_rest() -> None:
    question = ask(xlsx([("Matricule", "Nom", "Prénom", "Bigo"), PERSON]))
    (preview,) = question.sheets
    assert question.reason == "unknown_headings"
    assert preview.missing == (Field.PHONE,)
    assert preview.suggested == {Field.STAFF_NUMBER: 0, Field.LAST_NAME: 1, Field.FIRST_NAME: 2}


def test_a_sheet_without_header_asks_and_keeps_its_first_row() -> None:
    data = csv_bytes([PERSON, ("00100014", "DUPRÉ", "Noël", "0611111111")])
    question = ask(data)
    assert question.reason == "no_header"
    assert question.sheets[0].header_row == 0
    assert question.sheets[0].samples[0] == ("00100007", "00100014")
    columns = {Field.STAFF_NUMBER: 0, Field.LAST_NAME: 1, Field.FIRST_NAME: 2, Field.PHONE: 3}
    assert [person.row_number for person in read(data, choice=SheetChoice(columns, header_row=0)).people] == [
        1,
        2,
    ]


def test_a_column_that_may_be_an_objection_is_never_passed_over() -> None:
    data = csv_bytes([(*HEADER, "Souhaite le papier ?"), (*PERSON, "oui")])
    question = ask(data)
    assert question.reason == "doubtful_headings"
    assert question.sheets[0].doubtful == ("Souhaite le papier ?",)
    remembered = {"souhaitelepapier": Field.OBJECTION}
    assert read(data, remembered=remembered).people[0].objection is Objection.YES


def test_two_mobile_columns_ask_which() -> None:
    question = ask(
        csv_bytes([("Matricule", "Nom", "Portable", "Mobile"), ("1", "A", "0612345678", "0612345679")])
    )
    assert question.reason == "unknown_headings"
    assert question.sheets[0].ambiguous == (Field.PHONE,)


def test_two_sheets_with_headings_ask_which_and_take_the_answer() -> None:
    other = ("00100014", "DUPRÉ", "Noël", "0611111111")
    data = workbook({"Août": [HEADER, PERSON], "Septembre": [HEADER, other]})
    question = ask(data)
    assert question.reason == "several_sheets"
    assert [preview.name for preview in question.sheets] == ["Août", "Septembre"]
    chosen = SheetChoice(question.sheets[1].suggested, question.sheets[1].header_row, "Septembre")
    outcome = read(data, choice=chosen)
    assert [person.staff_number for person in outcome.people] == ["00100014"]
    assert [(warning.code, warning.detail) for warning in outcome.warnings] == [("sheets_ignored", "Août")]


def test_the_one_sheet_with_headings_is_taken_and_the_rest_is_told() -> None:
    data = workbook({"Notes": [("à relire",)], "Effectif": [HEADER, PERSON], "Vide": []})
    outcome = read(data)
    assert outcome.sheet == "Effectif"
    assert [(warning.code, warning.detail) for warning in outcome.warnings] == [("sheets_ignored", "Notes")]


def test_a_hidden_sheet_is_never_read() -> None:
    data = workbook({"Effectif": [HEADER, PERSON], "Ancien": [HEADER, PERSON]}, hidden=["Ancien"])
    outcome = read(data)
    assert outcome.sheet == "Effectif"
    assert [(warning.code, warning.detail) for warning in outcome.warnings] == [
        ("hidden_sheets_ignored", "Ancien")
    ]


@pytest.mark.parametrize(
    "choice",
    [
        SheetChoice({Field.STAFF_NUMBER: 0}, 1),
        SheetChoice({Field.STAFF_NUMBER: 0, Field.PHONE: 0}, 1),
        SheetChoice({Field.STAFF_NUMBER: 0, Field.PHONE: 99}, 1),
        SheetChoice({Field.STAFF_NUMBER: -1, Field.PHONE: 3}, 1),
        SheetChoice({Field.STAFF_NUMBER: 0, Field.PHONE: 3}, 99),
        SheetChoice({Field.STAFF_NUMBER: 0, Field.PHONE: 3}, 1, "Nulle part"),
    ],
)
def test_a_mapping_that_does_not_fit_the_sheet_is_refused(choice: SheetChoice) -> None:
    outcome = read_people_sheet(xlsx([HEADER, PERSON]), choice=choice)
    assert isinstance(outcome, SheetRefused)
    assert outcome.code == "bad_mapping"


def test_a_mapping_without_names_is_read_with_a_warning() -> None:
    choice = SheetChoice({Field.STAFF_NUMBER: 0, Field.PHONE: 3}, 1)
    outcome = read(xlsx([HEADER, PERSON]), choice=choice)
    assert "names_not_given" in {warning.code for warning in outcome.warnings}


def test_libreoffice_repeats_of_nothing_cost_nothing() -> None:
    empty_tail = (
        '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    header = "".join(map(ods_cell, HEADER))
    person = "".join(map(ods_cell, PERSON)) + '<table:table-cell table:number-columns-repeated="16380"/>'
    body = (
        f"<table:table-row>{header}</table:table-row><table:table-row>{person}</table:table-row>{empty_tail}"
    )
    assert len(read(ods(body)).people) == 1


@pytest.mark.parametrize(
    "data", [xlsx([HEADER, PERSON]), csv_bytes([PERSON, PERSON]), b""], ids=["read", "asked", "refused"]
)
def test_an_outcome_can_cross_a_process_border(data: bytes) -> None:
    outcome = read_people_sheet(data)
    assert pickle.loads(pickle.dumps(outcome)) == outcome
