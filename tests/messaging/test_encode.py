"""Smart encoding, by property: every change is reported, and applying the changes gives the text."""

import unicodedata

import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from app.messaging.texts import gsm7
from app.messaging.texts.encode import smart_encode
from app.messaging.texts.encode_table import REPLACEMENTS, TABLE
from app.messaging.texts.segmentation import segment

TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            [
                *TABLE,
                "a",
                "é",
                "n°",
                "«\u00a0",
                "\u00a0»",
                "e\u0302",
                "\u0327",
                "\u200d",
                "😀",
                "👩\u200d🚀",
                "가",
                "한",
            ]
        ),
        max_size=30,
    ).map("".join),
)


@given(TEXTS)
@settings(deadline=None, max_examples=200)
def test_applying_the_changes_to_the_input_gives_the_text(text: str) -> None:
    encoded = smart_encode(text)
    rebuilt, position = [], 0
    for change in encoded.changes:
        assert change.index >= position
        assert text.startswith(change.source, change.index)
        assert change.source != change.to
        rebuilt += [text[position : change.index], change.to]
        position = change.index + len(change.source)
    assert "".join(rebuilt) + text[position:] == encoded.text


@given(TEXTS)
@settings(deadline=None, max_examples=200)
def test_what_the_alphabet_has_is_never_touched(text: str) -> None:
    for change in smart_encode(text).changes:
        normal = unicodedata.normalize("NFC", change.source)
        assert change.source != normal or change.source not in gsm7.ALPHABET


@given(TEXTS)
@settings(deadline=None, max_examples=200)
def test_clusters_normalise_one_by_one_as_the_whole_text_does(text: str) -> None:
    clusters = regex.findall(r"\X", text)
    assert "".join(unicodedata.normalize("NFC", one) for one in clusters) == unicodedata.normalize(
        "NFC", text
    )


def test_every_replacement_is_cheap_to_send() -> None:
    assert all(gsm7.is_gsm7(row.to) for row in REPLACEMENTS)
    assert all(char not in gsm7.ALPHABET for char in TABLE)
    assert len(TABLE) == sum(len(row.chars) for row in REPLACEMENTS)


def test_every_accented_french_letter_has_a_reading() -> None:
    for letter in "çêâîôûëïÿœŒÀÈÙÊÂÎÔÛËÏŸ":
        assert segment(smart_encode(letter).text).encoding == "GSM-7"
