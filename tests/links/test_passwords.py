"""Access codes that somebody who knows the person would try first are refused."""

import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from links.passwords import CodeOf, Weakness, weakness, weaknesses


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", Weakness.TOO_SHORT),
        ("12345", Weakness.TOO_SHORT),
        ("12-34", Weakness.TOO_SHORT),
        ("x" * 64 + "y" * 64 + "zw", Weakness.TOO_LONG),
        ("000000", Weakness.TRIVIAL),
        ("121212", Weakness.TRIVIAL),
        ("123456", Weakness.TRIVIAL),
        ("234567", Weakness.TRIVIAL),
        ("987654", Weakness.TRIVIAL),
        ("abcdef", Weakness.TRIVIAL),
        ("azerty", Weakness.TRIVIAL),
        ("14071985", Weakness.BIRTH_DATE),
        ("14/07/1985", Weakness.BIRTH_DATE),
        ("1985-07-14", Weakness.BIRTH_DATE),
        ("14.07.1985", Weakness.BIRTH_DATE),
        ("185077512345678", Weakness.NATIONAL_NUMBER),
        ("1 85 07 75 123 456 78", Weakness.NATIONAL_NUMBER),
        ("285072A123456", Weakness.NATIONAL_NUMBER),
        ("0647118253", Weakness.PHONE),
        ("118253", Weakness.PHONE),
        ("06 47 11 82 53", Weakness.PHONE),
        ("E00421", Weakness.STAFF_NUMBER),
        ("140785", Weakness.BIRTH_DATE),
        ("850714", Weakness.BIRTH_DATE),
        ("775123", Weakness.NATIONAL_NUMBER),
        ("748291", None),
        ("7K3M-9QXF", None),
        ("31021985", None),
        ("14071895", None),
        ("cheval pile", None),
    ],
)
def test_a_code_is_refused_for_its_reason(code: str, reason: Weakness | None) -> None:
    subject = CodeOf(
        code,
        phone="+33647118253",
        staff_number="E00421",
        birth_date=date(1985, 7, 14),
        national_number="185077512399942",
    )
    assert weakness(subject) is reason


def test_a_staff_number_is_known_with_and_without_its_zeros() -> None:
    assert weakness(CodeOf("0004217", staff_number="4217")) is Weakness.STAFF_NUMBER
    assert weakness(CodeOf("4217999", staff_number="4217")) is None


def test_a_column_of_birth_dates_is_noticed_although_each_could_be_chance() -> None:
    dates = ["140785", "020391", "311268", "250777", "010180"]
    assert {weakness(CodeOf(code)) for code in dates} == {None}
    assert weaknesses([CodeOf(code) for code in dates]) == [Weakness.BIRTH_DATE] * 5


def test_random_codes_are_not_taken_for_birth_dates() -> None:
    source = random.Random(7)
    codes = [f"{source.randrange(10**6):06d}" for _ in range(300)]
    verdicts = weaknesses([CodeOf(code) for code in codes])
    assert Weakness.BIRTH_DATE not in verdicts
    assert Weakness.CONSECUTIVE not in verdicts
    assert sum(verdict is None for verdict in verdicts) > 290


def test_a_code_for_several_people_is_refused_for_all_of_them() -> None:
    assert weaknesses([CodeOf("748291"), CodeOf("748 291"), CodeOf("559713")]) == [
        Weakness.SHARED,
        Weakness.SHARED,
        None,
    ]


def test_a_column_that_counts_upwards_is_refused() -> None:
    codes = [CodeOf(str(748291 + number)) for number in range(10)]
    assert weaknesses(codes) == [Weakness.CONSECUTIVE] * 10


@settings(max_examples=100, deadline=None)
@given(codes=st.lists(st.text(max_size=20), max_size=10))
def test_every_code_gets_one_verdict(codes: list[str]) -> None:
    assert len(weaknesses([CodeOf(code) for code in codes])) == len(codes)
