"""The review of an HR clerk: what is told of each payslip and person, and what holds the release."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents.match.earlier import EarlierDocument
from app.documents.match.findings import Known, NameCheck, Slip, review
from app.documents.match.people import Objection, PersonRow, read_people
from app.documents.match.release import (
    CONFIRMABLE,
    Finding,
    ReviewRow,
    Severity,
    State,
    blocks_release,
    paper_list,
    rows_to_send,
)
from app.documents.people.headings import Field
from app.documents.people.model import RowError


@dataclass(frozen=True)
class PrintedSlip:
    pages: tuple[int, ...]
    staff_number: str | None
    problem: str | None = None
    numbers_seen: tuple[str, ...] = ()
    period: str = "2025-09"


def slip(page: int, number: str, pages: int = 1, period: str = "2025-09") -> PrintedSlip:
    return PrintedSlip(tuple(range(page, page + pages)), number, None, (number,), period)


def person(row: int, number: str, phone: str = "", **more: object) -> PersonRow:
    more.setdefault("full_name", f"Personne {number}")
    return PersonRow(row, number, phone_typed=phone or f"06123456{row:02d}", **more)  # type: ignore[arg-type]


def same_name(_slip: Slip, _row: PersonRow) -> NameCheck:
    return NameCheck.MATCH


def reviewed(
    slips: Sequence[PrintedSlip],
    people: Sequence[PersonRow],
    known: Known | None = None,
    check_name: Callable[[Slip, PersonRow], NameCheck] = same_name,
    errors: Sequence[RowError] = (),
) -> tuple[ReviewRow, ...]:
    return review(slips, read_people(people, "FR"), check_name, known or Known(), errors)


def codes(row: ReviewRow) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in row.findings}


def test_a_clean_batch_has_no_findings_and_may_leave() -> None:
    rows = reviewed([slip(1, "0001"), slip(2, "0002", pages=2)], [person(2, "0001"), person(3, "0002")])
    assert [(row.state, row.pages, row.findings) for row in rows] == [
        (State.MATCHED, (1,), ()),
        (State.MATCHED, (2, 3), ()),
    ]
    assert blocks_release(rows, (), ()) == ()
    assert rows_to_send(rows, ()) == rows


def test_a_page_without_number_blocks_until_it_is_excluded() -> None:
    rows = reviewed([PrintedSlip((1,), None, "unmatched"), slip(2, "0002")], [person(2, "0002")])
    assert (rows[0].id, rows[0].state, codes(rows[0])) == (
        "s0",
        State.UNMATCHED,
        {"unmatched_page": Severity.BLOCKING},
    )
    assert [blocker.row_id for blocker in blocks_release(rows, (), ())] == ["s0"]
    assert blocks_release(rows, {"s0"}, ()) == ()
    assert [row.id for row in rows_to_send(rows, {"s0"})] == ["s1r2"]


def test_two_people_on_a_page_block_and_neither_person_gets_it() -> None:
    shared = PrintedSlip((1,), "0001", "two_people", ("0001", "0002"))
    rows = reviewed([shared], [person(2, "0001"), person(3, "2")])
    assert codes(rows[0]) == {"two_people_on_page": Severity.BLOCKING}
    assert rows[0].findings[0].detail == "0001, 0002"
    assert [(row.state, set(codes(row))) for row in rows[1:]] == [
        (State.NO_PAYSLIP, {"payslip_on_refused_page"}),
        (State.NO_PAYSLIP, {"payslip_on_refused_page", "staff_number_repaired"}),
    ]
    assert rows_to_send(rows, {"s0"}) == ()


def test_a_payslip_without_person_blocks_and_a_person_without_payslip_warns() -> None:
    rows = reviewed([slip(1, "0001")], [person(2, "0009")])
    assert [(row.state, codes(row)) for row in rows] == [
        (State.NO_PERSON, {"payslip_without_person": Severity.BLOCKING}),
        (State.NO_PAYSLIP, {"person_without_payslip": Severity.WARNING}),
    ]


def test_lost_zeros_are_repaired_with_a_warning() -> None:
    (row,) = reviewed([slip(1, "00100084")], [person(2, "100084")])
    assert (row.state, row.staff_number, codes(row)) == (
        State.MATCHED,
        "00100084",
        {"staff_number_repaired": Severity.WARNING},
    )


def test_lost_zeros_that_fit_two_payslips_match_neither() -> None:
    rows = reviewed([slip(1, "007"), slip(2, "0007")], [person(2, "7")])
    assert [row.state for row in rows] == [State.NO_PERSON, State.NO_PERSON, State.NO_PAYSLIP]
    assert "staff_number_ambiguous" in codes(rows[2])
    assert len(blocks_release(rows, (), ())) == 2


def test_a_person_written_twice_the_same_is_sent_once() -> None:
    rows = reviewed(
        [slip(1, "0001")],
        [person(2, "0001", full_name="Zoé"), person(9, "1", "06 12 34 56 02", full_name="ZOÉ")],
    )
    assert [(row.state, codes(row)) for row in rows] == [
        (State.MATCHED, {"person_twice_same": Severity.WARNING})
    ]
    assert rows[0].findings[0].detail == "9"
    assert blocks_release(rows, (), ()) == ()


def test_a_person_written_twice_with_two_numbers_blocks_until_one_row_is_chosen() -> None:
    rows = reviewed([slip(1, "0001")], [person(2, "0001"), person(3, "0001")])
    assert [(row.id, row.state, row.conflict) for row in rows] == [
        ("s0r2", State.DUPLICATE, "0001/0"),
        ("s0r3", State.DUPLICATE, "0001/0"),
    ]
    assert {blocker.finding.code for blocker in blocks_release(rows, (), ())} == {"person_twice_differs"}
    assert blocks_release(rows, (), {("s0r2", "person_twice_differs"), ("s0r3", "person_twice_differs")})
    assert blocks_release(rows, {"s0r2"}, ()) == ()
    assert [row.id for row in rows_to_send(rows, {"s0r2"})] == ["s0r3"]


def test_a_payslip_printed_twice_blocks_until_one_is_chosen() -> None:
    rows = reviewed([slip(1, "0001"), slip(2, "0001")], [person(2, "0001")])
    assert [codes(row) for row in rows] == [{"payslip_twice": Severity.BLOCKING}] * 2
    assert len(blocks_release(rows, (), ())) == 2
    assert blocks_release(rows, {"s1r2"}, ()) == ()


def test_two_months_of_one_person_are_both_sent_and_the_unusual_month_warns() -> None:
    slips = [slip(1, "0001", period="2025-08"), slip(2, "0001"), slip(3, "0002")]
    rows = reviewed(slips, [person(2, "0001"), person(3, "0002")])
    assert [codes(row) for row in rows] == [{"period_differs": Severity.WARNING}, {}, {}]
    assert len(rows_to_send(rows, ())) == 3
    doubtful = reviewed(slips, [person(2, "0001"), person(3, "0001"), person(4, "0002")])
    assert len({row.conflict for row in doubtful if row.staff_number == "0001"}) == 1
    unknown = reviewed([slip(1, "0001", period=""), slip(2, "0001")], [person(2, "0001")])
    assert all("payslip_twice" in codes(row) for row in unknown)


def test_files_of_one_person_each_may_count_their_pages_alike() -> None:
    rows = reviewed([slip(0, "0001"), slip(0, "0002")], [person(2, "0001"), person(3, "0002")])
    assert [(row.id, row.slip, row.pages) for row in rows] == [("s0r2", 0, (0,)), ("s1r3", 1, (0,))]


def test_payslips_and_people_too_many_to_choose_from_are_all_shown_and_never_sent() -> None:
    rows = reviewed([slip(at, "0001") for at in range(1, 6)], [person(at, "0001") for at in range(2, 7)])
    assert [row.state for row in rows] == [State.NO_PERSON] * 5 + [State.NO_PAYSLIP] * 5
    assert rows_to_send(rows, ()) == ()
    assert len({row.id for row in rows}) == 10


@pytest.mark.parametrize(
    ("typed", "code", "detail"),
    [
        (" ", "phone_empty", "empty"),
        ("01 99 00 12 34", "phone_unreachable", "landline"),
        ("6.12E+08", "phone_invalid", "excel_scientific"),
        ("O6 11 22 33 44", "phone_invalid", "not_a_number"),
        ("06 12 34 56 78 / 06 98 76 54 32", "phone_invalid", "multiple_numbers"),
    ],
)
def test_a_number_that_cannot_be_reached_blocks_with_its_reason(typed: str, code: str, detail: str) -> None:
    (row,) = reviewed([slip(1, "0001")], [person(2, "0001", typed)])
    assert [(finding.code, finding.severity, finding.detail) for finding in row.findings] == [
        (code, Severity.BLOCKING, detail)
    ]
    assert blocks_release([row], (), {(row.id, code)})
    assert blocks_release([row], {row.id}, ()) == ()


@pytest.mark.parametrize(
    ("typed", "severity"),
    [
        ("06 12 34 56 78", Severity.INFO),
        ("+33 (0)612345678", Severity.INFO),
        ("612345678", Severity.WARNING),
        ("612345678.0", Severity.WARNING),
        ("0692 12 34 56", Severity.WARNING),
    ],
)
def test_a_repaired_number_is_shown_louder_when_digits_changed(typed: str, severity: Severity) -> None:
    (row,) = reviewed([slip(1, "0001")], [person(2, "0001", typed)])
    assert codes(row) == {"phone_repaired": severity}
    assert row.person is not None
    assert row.person.e164 is not None


@pytest.mark.parametrize("known", [Known(), Known(objections=["0001"]), Known(objections=["1"])])
def test_an_objection_goes_to_the_paper_list_and_its_bad_phone_does_not_block(known: Known) -> None:
    objection = Objection.NO if known.objections else Objection.YES
    rows = reviewed([slip(1, "0001")], [person(2, "0001", " ", objection=objection)], known)
    assert (rows[0].state, codes(rows[0])) == (State.PAPER, {"objection_paper": Severity.INFO})
    assert rows[0].findings[0].detail == ("register" if known.objections else "sheet")
    assert blocks_release(rows, (), ()) == ()
    assert rows_to_send(rows, ()) == ()
    assert paper_list(rows, ()) == rows


def test_one_objection_among_two_rows_of_a_person_counts_for_both() -> None:
    rows = reviewed([slip(1, "0001")], [person(2, "0001", objection=Objection.YES), person(3, "0001")])
    assert [row.state for row in rows] == [State.PAPER, State.PAPER]
    assert rows_to_send(rows, {"s0r2"}) == ()


def test_an_objection_nobody_can_read_blocks_until_somebody_decides() -> None:
    rows = reviewed([slip(1, "0001")], [person(2, "0001", objection=Objection.UNCLEAR)])
    assert codes(rows[0]) == {"objection_unclear": Severity.BLOCKING}
    assert blocks_release(rows, (), {("s0r2", "objection_unclear")}) == ()


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (NameCheck.MATCH, {}),
        (NameCheck.DIFFERS, {"name_differs": Severity.BLOCKING}),
        (NameCheck.UNREADABLE, {"name_unreadable": Severity.WARNING}),
    ],
)
def test_the_name_on_the_page(check: NameCheck, expected: dict[str, Severity]) -> None:
    (row,) = reviewed([slip(1, "0001")], [person(2, "0001")], check_name=lambda _slip, _row: check)
    assert codes(row) == expected


def test_a_name_that_differs_can_be_confirmed_but_only_on_its_own_row() -> None:
    slips = [slip(1, "0001"), slip(2, "0002")]
    rows = reviewed(
        slips, [person(2, "0001"), person(3, "0002")], check_name=lambda _slip, _row: NameCheck.DIFFERS
    )
    assert [blocker.row_id for blocker in blocks_release(rows, (), {("s0r2", "name_differs")})] == ["s1r3"]


def test_a_sheet_without_names_warns_on_each_row() -> None:
    (row,) = reviewed([slip(1, "0001")], [person(2, "0001", full_name="")])
    assert codes(row) == {"name_not_given": Severity.WARNING}


def test_a_number_that_changed_since_last_month_needs_a_confirmation() -> None:
    known = Known(last_phones={"0001": "+33698765432", "0002": "+33612345603"})
    rows = reviewed([slip(1, "0001"), slip(2, "0002")], [person(2, "0001"), person(3, "0002")], known)
    assert [codes(row) for row in rows] == [{"number_changed": Severity.BLOCKING}, {}]
    assert rows[0].findings[0].detail == "+33698765432"
    assert blocks_release(rows, (), ())
    assert blocks_release(rows, (), {("s0r2", "number_changed")}) == ()


def test_one_phone_for_two_people_warns_both() -> None:
    people = [person(2, "0001", "0612345678"), person(3, "0002", "+33612345678"), person(4, "0003")]
    rows = reviewed([slip(1, "0001"), slip(2, "0002"), slip(3, "0003")], people)
    assert ["same_phone" in codes(row) for row in rows] == [True, True, False]
    assert rows[0].findings[-1].detail == "0002"
    assert blocks_release(rows, (), ()) == ()


def test_access_codes_are_asked_for_only_when_the_policy_takes_them_from_the_sheet() -> None:
    slips = [slip(at, f"000{at}") for at in range(1, 5)]
    people = [
        person(2, "0001"),
        person(3, "0002", access_code="0002"),
        person(4, "0003", access_code="ABCD2345"),
        person(5, "0004", access_code="ABCD2345"),
    ]

    def refuse(code: str, row: PersonRow) -> str | None:
        return "is_staff_number" if code == row.staff_number else None

    rows = reviewed(slips, people, Known(needs_access_code=True, refuse_code=refuse))
    assert [codes(row) for row in rows] == [
        {"access_code_missing": Severity.BLOCKING},
        {"access_code_refused": Severity.BLOCKING},
        {"access_code_shared": Severity.WARNING},
        {"access_code_shared": Severity.WARNING},
    ]
    assert all(not codes(row) for row in reviewed(slips, people))


def test_the_same_payslip_again_needs_a_confirmation_and_a_corrected_one_warns() -> None:
    known = Known(
        earlier_documents={
            ("0001", "2025-09"): [EarlierDocument("", True, True)],
            ("0002", "2025-09"): [EarlierDocument("", False, True)],
        }
    )
    rows = reviewed([slip(1, "0001"), slip(2, "0002")], [person(2, "0001"), person(3, "0002")], known)
    assert [codes(row) for row in rows] == [
        {"already_sent": Severity.BLOCKING},
        {"replaces_earlier": Severity.WARNING},
    ]


def test_a_payslip_far_longer_than_the_others_warns() -> None:
    slips = [slip(at * 10, f"{at:04d}", pages=4 if at == 5 else 1 + at % 2) for at in range(1, 21)]
    rows = reviewed(slips, [person(at + 1, f"{at:04d}") for at in range(1, 21)])
    assert [row.staff_number for row in rows if "page_count_outlier" in codes(row)] == ["0005"]


def test_long_payslips_are_no_outliers_where_all_are_long() -> None:
    slips = [slip(at * 10, f"{at:04d}", pages=4) for at in range(1, 21)]
    assert not any(
        codes(row) for row in reviewed(slips, [person(at + 1, f"{at:04d}") for at in range(1, 21)])
    )


def test_cells_that_could_not_be_read_block_where_they_matter() -> None:
    rows = reviewed([slip(1, "0001")], [person(2, "0001", " ", unreadable=("phone", "language"))])
    assert [(finding.code, finding.severity, finding.detail) for finding in rows[0].findings] == [
        ("cell_unreadable", Severity.BLOCKING, "phone"),
        ("cell_unreadable", Severity.WARNING, "language"),
    ]


def test_rows_without_a_readable_staff_number_are_shown() -> None:
    errors = [RowError(7, Field.STAFF_NUMBER, "staff_number_missing")]
    rows = reviewed([], [], errors=errors)
    assert [(row.id, row.state, codes(row)) for row in rows] == [
        ("e7", State.ROW_ERROR, {"staff_number_missing": Severity.WARNING})
    ]


def test_findings_of_people_without_payslip_do_not_block() -> None:
    rows = reviewed([slip(1, "0001")], [person(2, "0001"), person(3, "0002", " "), person(4, "0002")])
    assert blocks_release(rows, (), ()) == ()
    assert [row.state for row in rows] == [State.MATCHED, State.NO_PAYSLIP, State.NO_PAYSLIP]


def test_only_named_findings_can_be_confirmed() -> None:
    blocking = Finding("payslip_without_person", Severity.BLOCKING, subject=None)  # type: ignore[arg-type]
    row = ReviewRow("s0", "0001", (1,), None, State.NO_PERSON, (blocking,))
    assert "payslip_without_person" not in CONFIRMABLE
    assert blocks_release([row], (), {("s0", "payslip_without_person")})


_NUMBERS = st.sampled_from(["1", "01", "001", "2", "02", "3", "A1"])
_SLIPS = st.lists(
    st.tuples(
        _NUMBERS | st.none(),
        st.sampled_from([None, None, None, "two_people"]),
        st.sampled_from(["2025-08", "2025-09", ""]),
    ),
    max_size=7,
)
_PEOPLE = st.lists(st.tuples(_NUMBERS, st.integers(0, 3), st.sampled_from(Objection)), max_size=7)


@given(_SLIPS, _PEOPLE, st.data())
@settings(max_examples=200, deadline=None)
def test_whatever_is_excluded_nobody_gets_two_payslips_or_somebody_elses(
    printed: list[tuple[str | None, str | None, str]],
    listed: list[tuple[str, int, Objection]],
    data: st.DataObject,
) -> None:
    slips = [
        PrintedSlip((at,), number, problem, (number,) if number else (), period)
        for at, (number, problem, period) in enumerate(printed)
    ]
    people = [
        person(at + 2, number, f"061234567{digit}", objection=objection)
        for at, (number, digit, objection) in enumerate(listed)
    ]
    rows = reviewed(slips, people)
    assert len({row.id for row in rows}) == len(rows)
    assert {row.slip for row in rows if row.slip is not None} == set(range(len(slips)))
    excluded = data.draw(st.sets(st.sampled_from([row.id for row in rows]))) if rows else set()
    confirmed = {(row.id, finding.code) for row in rows for finding in row.findings}
    if blocks_release(rows, excluded, confirmed):
        return
    sent = rows_to_send(rows, excluded)
    periods = {(row.staff_number, row.slip is not None and slips[row.slip].period) for row in sent}
    assert len(periods) == len(sent)
    owners: dict[str, PersonRow] = {}
    for row in sent:
        assert row.person is not None
        assert row.slip is not None
        assert owners.setdefault(row.staff_number, row.person.row) is row.person.row
        assert row.person.row.staff_number.lstrip("0") == row.staff_number.lstrip("0")
        assert row.person.row.objection is not Objection.YES
        assert slips[row.slip].problem is None
        assert slips[row.slip].staff_number == row.staff_number
