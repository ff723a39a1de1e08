"""National tables: their shape, their octets, what they save, and the headers that name them."""

import unicodedata
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import InvalidInput
from app.messaging.texts import national
from app.messaging.texts.gsm7 import BASIC, ESCAPE
from app.messaging.texts.national_tables import LANGUAGES, Language
from app.messaging.texts.segmentation import GSM7, UCS2, CarrierOptions, segment

NAMES = [language.name for language in LANGUAGES]
PAIRS = [
    (locking, single)
    for locking, single in product(
        ["", *[one.name for one in LANGUAGES if one.locking is not None]], ["", *NAMES]
    )
    if locking or single
]
TURKISH = "Şu çay için teşekkürler, ağabey. "
HINDI = "नमस्ते, आपका वेतन पर्ची तैयार है। "


def test_identifiers_are_those_of_the_standard() -> None:
    assert [language.code for language in LANGUAGES] == list(range(1, 14))
    assert [one.name for one in LANGUAGES if one.locking is None] == ["spanish"]


@pytest.mark.parametrize("language", LANGUAGES, ids=NAMES)
def test_tables_hold_septets_and_single_characters(language: Language) -> None:
    for table in filter(None, (language.single, language.locking)):
        assert all(0 <= code < 128 for code in table)
        assert all(len(char) == 1 and char != ESCAPE for char in table.values())
        assert national.ESCAPE_CODE not in table
    assert language.single[0x65] == "€"
    assert language.single[0x28] == "{"
    if language.locking is not None:
        assert language.locking[0x20] == " "
        assert "".join(language.locking[code] for code in range(0x61, 0x7B)) == "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("bengali", "BENGALI"),
        ("gujarati", "GUJARATI"),
        ("hindi", "DEVANAGARI"),
        ("kannada", "KANNADA"),
        ("malayalam", "MALAYALAM"),
        ("oriya", "ORIYA"),
        ("punjabi", "GURMUKHI"),
        ("tamil", "TAMIL"),
        ("telugu", "TELUGU"),
        ("urdu", "ARABIC"),
    ],
)
def test_each_script_has_its_own_letters_and_digits(name: str, script: str) -> None:
    language = next(one for one in LANGUAGES if one.name == name)
    assert language.locking is not None
    letters = [char for char in language.locking.values() if ord(char) > 0x500]
    assert len(letters) > 40
    assert all(unicodedata.name(char).startswith((script, "ARABIC")) for char in letters)
    assert len(set(letters)) == len(letters)
    digits = [char for char in language.single.values() if unicodedata.category(char) == "Nd" and char > "9"]
    assert sorted(unicodedata.digit(char) for char in digits) == list(range(10))


def test_spot_checks_against_the_published_tables() -> None:
    assert national.to_octets("Ş", "", "turkish") == bytes([0x1B, 0x53])
    assert national.to_octets("ğ", "turkish", "") == bytes([0x0C])
    assert national.to_octets("ñÁ", "", "spanish") == bytes([0x7D, 0x1B, 0x41])
    assert national.to_octets("ãõ", "portuguese", "") == bytes([0x7B, 0x7C])
    assert national.to_octets("ক", "bengali", "") == bytes([0x15])
    assert national.to_octets("१", "", "hindi") == bytes([0x1B, 0x1D])
    assert national.to_octets("ಡ", "kannada", "") == bytes([0x24])
    assert national.to_octets("ے", "urdu", "") == bytes([0x5B])


@given(st.data(), st.sampled_from(PAIRS))
@settings(deadline=None, max_examples=200)
def test_octets_read_back(data: st.DataObject, pair: tuple[str, str]) -> None:
    tables = national.alphabet(*pair)
    text = data.draw(st.text(alphabet=st.sampled_from(sorted(tables.one | tables.two)), max_size=60))
    octets = national.to_octets(text, *pair)
    assert len(octets) == len(text) + len(tables.double.findall(text))
    assert national.from_octets(octets, *pair) == text


@given(st.binary(max_size=40), st.sampled_from(PAIRS))
@settings(deadline=None, max_examples=100)
def test_a_receiver_reads_any_septets(octets: bytes, pair: tuple[str, str]) -> None:
    septets = bytes(octet & 0x7F for octet in octets)
    assert len(national.from_octets(septets, *pair)) <= len(septets)


def test_what_a_receiver_does_not_know() -> None:
    assert national.from_octets(b"\x1b\x41\x1b\x1b\x1b", "", "turkish") == "A  "
    assert national.from_octets(b"\x00\x01", "tamil", "") == " \u0b82"
    with pytest.raises(ValueError, match="0x80"):
        national.from_octets(b"\x80")
    with pytest.raises(ValueError, match="not in the tables"):
        national.to_octets("ç", "tamil", "tamil")


def test_the_default_pair_is_the_default_alphabet() -> None:
    text = BASIC.replace(ESCAPE, "") + "€[]{}~|^\\\f"
    assert national.from_octets(national.to_octets(text)) == text


@pytest.mark.parametrize("name", ["french", "spanish"])
def test_a_table_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        national.alphabet(name, "")
    assert refused.value.code == "unknown_language"
    if name == "french":
        with pytest.raises(InvalidInput):
            segment("ç", CarrierOptions((name,)))
        with pytest.raises(InvalidInput):
            national.alphabet("", name)


def test_a_carrier_with_turkish_tables_saves_segments() -> None:
    text = TURKISH * 4
    assert segment(text).segments == 2
    single = segment(text, CarrierOptions(("turkish",)))
    assert (single.encoding, single.segments, single.single_shift) == (GSM7, 1, "turkish")
    locking = segment(TURKISH * 4, CarrierOptions(("turkish",), locking=True))
    assert (locking.segments, locking.locking_shift, locking.single_shift) == (1, "turkish", "")
    assert locking.units < single.units


def test_hindi_needs_its_locking_table() -> None:
    text = HINDI * 4
    assert segment(text, CarrierOptions(("hindi",))).encoding == UCS2
    found = segment(text, CarrierOptions(("turkish", "hindi"), locking=True))
    assert (found.encoding, found.locking_shift, found.single_shift) == (GSM7, "hindi", "hindi")
    assert found.segments < segment(text).segments


def test_a_tie_goes_to_what_every_phone_reads() -> None:
    assert segment("Teşekkürler", CarrierOptions(("turkish",), locking=True)).encoding == UCS2
    assert segment("", CarrierOptions(("turkish",))).segments == 0
    assert segment("Merci", CarrierOptions(("turkish",))).single_shift == ""


@pytest.mark.parametrize(
    ("first", "languages", "wide", "alone", "each"),
    [
        ("ğ", ("turkish",), False, 155, 149),
        ("ğ", ("turkish",), True, 155, 148),
        ("Âğ", ("turkish", "portuguese"), False, 152, 146),
        ("Âğ", ("turkish", "portuguese"), True, 152, 145),
    ],
)
def test_headers_take_their_room(
    first: str, languages: tuple[str, ...], wide: bool, alone: int, each: int
) -> None:
    """Septets left by TS 23.038 and 23.040: one table or two, alone or in a long message."""
    options = CarrierOptions(languages, locking=True, wide_reference=wide)
    extra = 1 if "Â" in first else 0  # Portuguese has it in its extension only
    fitting = first + "g" * (alone - len(first) - extra)
    assert segment(fitting, options).segments == 1
    assert segment(fitting, options).units == alone
    long = segment(fitting + "g", options)
    assert [part.units for part in long.parts] == [each, alone + 1 - each]


@given(
    st.lists(st.sampled_from([*"abçşğİıÁÃ€[{कख ", "mot ", "😀"]), max_size=300).map("".join),
    st.lists(st.sampled_from(NAMES), max_size=3, unique=True).map(tuple),
    st.booleans(),
    st.booleans(),
)
@settings(deadline=None, max_examples=200)
def test_options_never_cost_a_segment_and_lose_nothing(
    text: str, languages: tuple[str, ...], locking: bool, wide: bool
) -> None:
    options = CarrierOptions(languages, locking, wide)
    found = segment(text, options)
    assert "".join(part.text for part in found.parts) == text
    assert found.segments <= segment(text, CarrierOptions(wide_reference=wide)).segments
    assert sum(part.units for part in found.parts) == found.units
    for number, part in enumerate(found.parts, 1):
        header = len(found.header(number, 0xABCD))
        bits = part.units * (7 if found.encoding == GSM7 else 16)
        assert header * 8 + bits <= 140 * 8
        if found.encoding == GSM7:
            octets = national.to_octets(part.text, found.locking_shift, found.single_shift)
            assert len(octets) == part.units
    if found.encoding == GSM7:
        doubled = [costly.position for costly in found.costly]
        assert found.units == len(text) + len(doubled)


def test_headers_number_the_segments() -> None:
    found = segment("a" * 320)
    assert [found.header(number, 0x1FF).hex() for number in (1, 2, 3)] == [
        "050003ff0301",
        "050003ff0302",
        "050003ff0303",
    ]
    wide = segment("a" * 320, CarrierOptions(wide_reference=True))
    assert wide.header(2, 0x1FF).hex() == "06080401ff0302"
    assert [end - start for start, end in pairwise(wide.cuts)] == [152, 152, 16]
    assert segment("a").header(1, 7) == b""
    turkish = segment(TURKISH * 4, CarrierOptions(("turkish",)))
    assert turkish.header(1, 7).hex() == "03240101"


def test_wide_references_take_an_octet_of_ucs2() -> None:
    assert [part.units for part in segment("ç" * 140, CarrierOptions(wide_reference=True)).parts] == [
        66,
        66,
        8,
    ]
