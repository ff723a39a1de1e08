import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents.match.people import (
    PersonRow,
    StaffNumbers,
    Tie,
    distinct_people,
    fold_staff_number,
    pad_staff_number,
    read_people,
    without_leading_zeros,
)


@pytest.mark.parametrize(
    ("typed", "folded"), [(" ab 12 ", "AB12"), ("００１２", "0012"), ("0\u00a01\u202f2", "012")]
)
def test_staff_numbers_fold(typed: str, folded: str) -> None:
    assert fold_staff_number(typed) == folded


@pytest.mark.parametrize(
    ("number", "bare"), [("00100084", "100084"), ("000", "0"), ("A0012", "A0012"), ("0A12", "0A12"), ("", "")]
)
def test_only_digits_lose_leading_zeros(number: str, bare: str) -> None:
    assert without_leading_zeros(number) == bare


@pytest.mark.parametrize(
    ("number", "widths", "padded"),
    [
        ("100084", [8, 8], "00100084"),
        ("100084", [6, 8], "100084"),
        ("100084", [], "100084"),
        ("A84", [8], "A84"),
    ],
)
def test_zeros_are_put_back_only_when_the_pages_agree(number: str, widths: list[int], padded: str) -> None:
    assert pad_staff_number(number, widths) == padded


def test_a_number_is_taken_as_typed_before_any_repair() -> None:
    numbers = StaffNumbers(["007", "7"])
    assert numbers.tie("7") == Tie("7", repaired=False, ambiguous=False)
    assert numbers.tie("007") == Tie("007", repaired=False, ambiguous=False)
    assert numbers.tie("07") == Tie("07", repaired=False, ambiguous=True)


def test_lost_zeros_tie_to_the_only_number_that_fits() -> None:
    numbers = StaffNumbers(["00100084", "00100091"])
    assert numbers.tie("100084") == Tie("00100084", repaired=True, ambiguous=False)
    assert numbers.tie("100085") == Tie("00100085", repaired=False, ambiguous=False)


@given(
    st.lists(st.from_regex(r"[0-9]{1,8}", fullmatch=True), max_size=8),
    st.from_regex(r"[0-9]{1,8}", fullmatch=True),
)
@settings(max_examples=200, deadline=None)
def test_a_tie_never_joins_numbers_that_differ_by_more_than_zeros(printed: list[str], typed: str) -> None:
    tie = StaffNumbers(printed).tie(typed)
    assert int(tie.number) == int(typed)
    if tie.repaired:
        assert tie.number in printed
        assert sum(int(number) == int(typed) for number in set(printed)) == 1


def test_rows_that_say_the_same_are_one_person_and_rows_that_differ_are_not() -> None:
    rows = [
        PersonRow(2, "1", "Zoé", "MARTIN", phone_typed="0612345678"),
        PersonRow(3, "1", "zoé", "Martin", phone_typed="+33 6 12 34 56 78"),
        PersonRow(4, "1", "Zoé", "MARTIN", phone_typed="0698765432"),
    ]
    people = read_people(rows, "FR")
    assert distinct_people(people) == {people[0]: (people[1],), people[2]: ()}
