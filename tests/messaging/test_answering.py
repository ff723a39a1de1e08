"""One number is one person, however a network writes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messaging.permission.answering import number_of


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("+33611223344", "FR", "+33611223344"),
        ("33611223344", "FR", "+33611223344"),
        ("0033 611223344", "FR", "+33611223344"),
        ("0611223344", "FR", "+33611223344"),
        ("06 11 22 33 44", "FR", "+33611223344"),
        ("611223344", "FR", "+33611223344"),
        ("0692123456", "FR", "+262692123456"),
        ("0692123456", "RE", "+262692123456"),
        ("+33692123456", "FR", "+262692123456"),
        ("687751234", "FR", "+687751234"),
        ("22870000000", "FR", "+22870000000"),
        ("612345678", "ES", "+34612345678"),
        ("0033611223344", "US", "+33611223344"),
        ("33145678901", "FR", "+33145678901"),
        ("36111", "FR", "36111"),
        ("PLI", "FR", "PLI"),
        ("0999", "FR", "0999"),
        ("", "FR", ""),
    ],
)
def test_every_spelling_of_a_number_is_the_same(written: str, region: str, number: str) -> None:
    assert number_of(written, region) == number


def test_what_a_network_calls_national_has_no_country_code() -> None:
    assert number_of("687751234", "FR", national=True) == "+33687751234"
    assert number_of("0611223344", "FR", national=True) == "+33611223344"


@given(st.text(st.characters(exclude_categories=()), max_size=40), st.booleans())
def test_whatever_is_written_is_read_as_something(written: str, national: bool) -> None:
    once = number_of(written, "FR", national=national)
    assert number_of(once, "FR", national=not once.startswith("+")) == once
