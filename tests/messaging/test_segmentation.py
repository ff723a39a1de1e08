"""Segmentation, by property: nothing lost, nothing cut that the air needs whole, never one segment too many."""

from itertools import pairwise

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import InvalidInput
from app.messaging.texts import gsm7
from app.messaging.texts.encode import smart_encode
from app.messaging.texts.segmentation import (
    _PLAIN_PAIR,
    GSM7,
    GSM7_SEGMENT,
    GSM7_SINGLE,
    UCS2,
    UCS2_SEGMENT,
    UCS2_SINGLE,
    segment,
)

PIECES = [
    "a",
    "é",
    "€",
    "[",
    "\r\n",
    "ç",
    "’",
    "😀",
    "e\u0301",
    "👨\u200d👩\u200d👧\u200d👦",
    "🇫🇷",
    "👍🏽",
    "क्षि",
    "x" + "\u0300" * 30,
]
TEXTS = st.one_of(
    st.text(alphabet=st.sampled_from(sorted(gsm7.BASIC_TEXT)), max_size=500),
    st.lists(st.sampled_from(["a" * 20, "b", "€", "{", "\r\n", "\n"]), max_size=60).map("".join),
    st.lists(st.sampled_from([*PIECES, "a" * 20]), max_size=60).map("".join),
    st.text(max_size=300),
)


def _costs(text: str, encoding: str) -> list[int]:
    if encoding == GSM7:
        return [2 if char in gsm7.EXTENSION else 1 for char in text]
    return [2 if ord(char) > 0xFFFF else 1 for char in text]


def _fewest(costs: list[int], single: int, limit: int) -> int:
    """Every way to cut between characters, by exhaustive search over positions."""
    if sum(costs) <= single:
        return 1 if costs else 0
    best = [0] + [len(costs) + 1] * len(costs)
    for end in range(1, len(costs) + 1):
        total = 0
        for start in range(end - 1, -1, -1):
            total += costs[start]
            if total > limit:
                break
            best[end] = min(best[end], best[start] + 1)
    return best[-1]


@given(TEXTS)
@settings(deadline=None, max_examples=200)
def test_parts_hold_the_text_within_limits_in_the_fewest_segments(text: str) -> None:
    found = segment(text)
    single, limit = (GSM7_SINGLE, GSM7_SEGMENT) if found.encoding == GSM7 else (UCS2_SINGLE, UCS2_SEGMENT)
    costs = _costs(text, found.encoding)
    assert "".join(part.text for part in found.parts) == text
    assert found.units == sum(costs) == sum(part.units for part in found.parts)
    assert all(part.units == sum(_costs(part.text, found.encoding)) for part in found.parts)
    assert all(0 < part.units <= (single if found.segments == 1 else limit) for part in found.parts)
    assert found.segments == _fewest(costs, single, limit)


@given(TEXTS)
@settings(deadline=None, max_examples=200)
def test_a_cluster_is_cut_only_when_keeping_it_whole_is_impossible_or_dearer(text: str) -> None:
    found = segment(text)
    if found.segments < 2:
        return
    limit = GSM7_SEGMENT if found.encoding == GSM7 else UCS2_SEGMENT
    costs = _costs(text, found.encoding)
    spans = [match.span() for match in regex.finditer(r"\X", text)]
    for done, (start, cut) in enumerate(pairwise(found.cuts[:-1]), start=1):
        inside = next((span for span in spans if span[0] < cut < span[1]), None)
        if inside is None or inside[0] <= start or sum(costs[slice(*inside)]) > limit:
            continue
        # done - 1 segments before this one, this one cut before the cluster, and the rest packed at best
        assert done + _fewest(costs[inside[0] :], 0, limit) > found.segments


@given(TEXTS)
@settings(deadline=None, max_examples=100)
def test_costly_names_every_occurrence(text: str) -> None:
    found = segment(text)
    if found.encoding == GSM7:
        expected = [index for index, char in enumerate(text) if char in gsm7.EXTENSION]
    else:
        expected = [index for index, char in enumerate(text) if char not in gsm7.ALPHABET]
        assert expected
    assert [costly.position for costly in found.costly] == expected
    assert all(text[costly.position] == costly.char for costly in found.costly)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        segment("a\ud83d")
    assert refused.value.code == "lone_surrogate"


def test_a_cluster_longer_than_any_message_does_not_slow_the_count() -> None:
    assert segment("x" + "\u0301" * 100_000).segments == -(-100_001 // UCS2_SEGMENT)


def test_octets_agree_with_a_vector_three_implementations_share() -> None:
    text = "Bonjour été à 5€ [doc] @ok ÉÇ"
    octets = bytes.fromhex("426f6e6a6f757220057405207f20351b65201b3c646f631b3e20006f6b201f09")
    assert gsm7.to_octets(text) == octets
    assert gsm7.from_octets(octets) == text


@given(st.text(alphabet=st.sampled_from(sorted(gsm7.ALPHABET)), max_size=200))
@settings(deadline=None, max_examples=100)
def test_octets_read_back(text: str) -> None:
    octets = gsm7.to_octets(text)
    assert len(octets) == segment(text).units
    assert gsm7.from_octets(octets) == text


def test_a_receiver_shows_something_for_escapes_it_does_not_know() -> None:
    assert gsm7.from_octets(b"\x1b\x41\x1b\x1b\x1b") == "A  "


@pytest.mark.parametrize("text", ["ç", "\x1b", "😀"])
def test_text_outside_the_alphabet_has_no_octets(text: str) -> None:
    with pytest.raises(ValueError, match="not in the GSM"):
        gsm7.to_octets(text)


def test_an_octet_is_no_septet() -> None:
    with pytest.raises(ValueError, match="0x80"):
        gsm7.from_octets(b"\x80")


def test_the_guides_own_example_goes_from_three_segments_to_one() -> None:
    typed = (
        "Stéphane, jusqu’au 27 mars profitez de notre offre spéciale 1 produit acheté = un 2 offert, sur "
        "présentation de ce SMS. Pour se désabonner, répondez STOP."
    )
    assert (segment(typed).encoding, segment(typed).segments) == (UCS2, 3)
    encoded = segment(smart_encode(typed).text)
    assert (encoded.encoding, encoded.segments) == (GSM7, 1)
    assert segment("a" * 1530).segments == 10


PLAIN = [chr(code) for code in range(0x2100) if _PLAIN_PAIR.fullmatch(chr(code) * 2)]


@given(st.sampled_from(PLAIN), st.sampled_from(PLAIN))
@settings(deadline=None, max_examples=200)
def test_a_cut_between_two_plain_neighbours_needs_no_search(left: str, right: str) -> None:
    assert regex.findall(r"\X", left + right) == [left, right]


@given(st.lists(st.sampled_from(PIECES), max_size=80).map("".join))
@settings(deadline=None, max_examples=100)
def test_sparing_the_search_changes_no_cut(text: str) -> None:
    searched = segment(text).cuts
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.messaging.texts.segmentation._PLAIN_PAIR", regex.compile(r"(?!)"))
        assert segment(text).cuts == searched


@pytest.mark.parametrize(("char", "limit"), [("a", 153), ("я", 67)])
def test_a_text_of_more_segments_than_a_header_can_number_is_still_counted(char: str, limit: int) -> None:
    found = segment(char * (limit * 255 + 1))
    assert (found.segments, found.limit) == (256, limit)
