"""Phone numbers: the fast reading agrees with the library, and a place follows from a number or a postcode."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import InvalidInput
from app.messaging.numbers.numbering import ALSACE_MOSELLE, POSTCODES, TERRITORIES, territory_of_postcode
from app.messaging.numbers.phone import EXPLANATIONS, Phone, PhoneProblem, Unreachable, read_phone
from app.messaging.numbers.place import Place, place_of, zone_of


@given(st.integers(min_value=0, max_value=10**9 - 1))
@settings(deadline=None, max_examples=200)
def test_ten_digits_are_reachable_exactly_when_the_library_says_mobile(number: int) -> None:
    national = f"{number:09d}"
    read = read_phone("0" + national)
    if isinstance(read, Phone):
        parsed = phonenumbers.parse(read.e164)
        assert phonenumbers.is_valid_number(parsed)
        assert phonenumbers.number_type(parsed) in {
            phonenumbers.PhoneNumberType.MOBILE,
            phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
        }
        assert read.e164.endswith(national[-6:])
    else:
        parsed = phonenumbers.parse("+33" + national)
        assert phonenumbers.number_type(parsed) is not phonenumbers.PhoneNumberType.MOBILE


@given(
    st.integers(min_value=600, max_value=799),
    st.sampled_from(["0{}", "+33{}", "{}", "0033{}", "33{}", "+33 (0){}"]),
)
@settings(deadline=None, max_examples=200)
def test_every_way_of_writing_gives_the_same_number(block: int, form: str) -> None:
    national = f"{block}123456"
    plain, other = read_phone("0" + national), read_phone(form.format(national))
    if isinstance(plain, Phone):
        assert isinstance(other, Phone)
        assert (other.e164, other.territory) == (plain.e164, plain.territory)
    else:
        assert isinstance(other, Unreachable)


@given(st.text(max_size=40), st.sampled_from(["FR", "RE", "BE", "US"]))
@settings(deadline=None, max_examples=200)
def test_any_cell_gets_a_reading_and_a_reading_reads_back(typed: str, region: str) -> None:
    read = read_phone(typed, region)
    if isinstance(read, Phone):
        assert read_phone(read.e164) == Phone(read.e164, read.territory)
    else:
        assert read.message


@given(st.text(alphabet="0123456789+.,-() eE/\u00a0'\"=", max_size=300))
@settings(deadline=None, max_examples=200)
def test_cells_made_of_phone_characters_get_a_reading(typed: str) -> None:
    assert isinstance(read_phone(typed), Phone | Unreachable)


def test_a_number_that_may_be_pacific_is_left_to_a_person() -> None:
    for typed in ("687123456", "681123456"):
        read = read_phone(typed)
        assert isinstance(read, Phone)
        assert read.ambiguous
    clear = read_phone("612345678")
    assert isinstance(clear, Phone)
    assert not clear.ambiguous


def test_every_problem_has_a_sentence() -> None:
    assert set(EXPLANATIONS) == set(PhoneProblem)


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_phone("0612345678", "ZZ")
    assert refused.value.code == "unknown_region"


def test_a_satellite_number_is_refused_though_valid() -> None:
    assert read_phone("+88216123456") == Unreachable(PhoneProblem.VOIP)
    assert read_phone("+80012345678") == Unreachable(PhoneProblem.SPECIAL_RATE)


@pytest.mark.parametrize(
    ("e164", "territory", "zone"),
    [
        ("+33612345678", "FR", "Europe/Paris"),
        ("+33736123456", "FR", "Europe/Paris"),
        ("+262692123456", "RE", "Indian/Reunion"),
        ("+262693012345", "RE", "Indian/Reunion"),
        ("+262709212345", "RE", "Indian/Reunion"),
        ("+262639012345", "YT", "Indian/Mayotte"),
        ("+262709352345", "YT", "Indian/Mayotte"),
        ("+590690123456", "GP", "America/Guadeloupe"),
        ("+596696123456", "MQ", "America/Martinique"),
        ("+594694123456", "GF", "America/Cayenne"),
        ("+508551234", "PM", "America/Miquelon"),
        ("+687751234", "NC", "Pacific/Noumea"),
        ("+681821234", "WF", "Pacific/Wallis"),
        ("+68987123456", "PF", "Pacific/Tahiti"),
        ("+32470123456", "BE", "Europe/Brussels"),
        ("+12025550123", "US", "America/New_York"),
    ],
)
def test_a_number_tells_its_place(e164: str, territory: str, zone: str) -> None:
    assert place_of(e164) == Place(territory, zone)


@pytest.mark.parametrize(
    ("postcode", "territory"),
    [
        ("75001", "FR"),
        ("67000", ALSACE_MOSELLE),
        ("57 000", ALSACE_MOSELLE),
        ("68100", ALSACE_MOSELLE),
        ("97110", "GP"),
        ("97133", "BL"),
        ("97150", "MF"),
        ("97200", "MQ"),
        ("97300", "GF"),
        ("97400", "RE"),
        ("97500", "PM"),
        ("97600", "YT"),
        ("98600", "WF"),
        ("98713", "PF"),
        ("98800", "NC"),
    ],
)
def test_a_postcode_wins_over_the_number(postcode: str, territory: str) -> None:
    assert place_of("+33612345678", postcode) == Place(territory, TERRITORIES[territory].zone)


@pytest.mark.parametrize("postcode", ["", "7500", "750011", "7500A", "２７０００", "SW1A"])
def test_what_is_no_french_postcode_is_refused_for_a_french_number(postcode: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        place_of("+33612345678", postcode)
    assert refused.value.code == "unknown_postcode"


def test_a_foreign_postcode_never_moves_a_foreign_number() -> None:
    assert zone_of("+4915123456789", "97421") == "Europe/Berlin"


def test_a_country_without_a_clock_uses_the_default() -> None:
    assert place_of("+88216123456", default_zone="Indian/Reunion").zone == "Indian/Reunion"


def test_postcodes_lead_to_known_territories() -> None:
    assert set(POSTCODES.values()) <= set(TERRITORIES)
    assert territory_of_postcode("20000") == "FR"
