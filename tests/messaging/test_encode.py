"""Smart encoding, by property: every change is reported, and applying the changes gives the text."""

import unicodedata

import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from app.messaging.texts import gsm7
from app.messaging.texts.encode import smart_encode
from app.messaging.texts.encode_table import REPLACEMENTS, TABLE
from app.messaging.texts.segmentation import CarrierOptions, segment

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


NATIONAL_TEXTS = st.lists(
    st.sampled_from([*"abcçşğİıÁÃ€[{कख’“œê", "mot ", "s\u0327", "ağaç ", "😀"]), max_size=120
).map("".join)
OPTIONS = st.builds(
    CarrierOptions,
    st.lists(st.sampled_from(["turkish", "portuguese", "spanish", "hindi"]), max_size=3, unique=True).map(
        tuple
    ),
    st.booleans(),
    st.booleans(),
)


@given(TEXTS | NATIONAL_TEXTS, OPTIONS)
@settings(deadline=None, max_examples=200)
def test_applying_the_changes_to_the_input_gives_the_text(text: str, options: CarrierOptions) -> None:
    encoded = smart_encode(text, options)
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


@given(NATIONAL_TEXTS, OPTIONS)
@settings(deadline=None, max_examples=200)
def test_letters_that_stay_cost_no_segment_and_stay_when_it_is_written_again(
    text: str, options: CarrierOptions
) -> None:
    encoded, plain = smart_encode(text, options), smart_encode(text)
    assert segment(encoded.text, options).segments <= segment(plain.text, options).segments
    assert len(encoded.changes) <= len(plain.changes) or (
        segment(encoded.text, options).segments < segment(plain.text, options).segments
    )
    assert smart_encode(encoded.text, options).text == encoded.text
    assert smart_encode(encoded.text).text == plain.text


def test_national_letters_stay_where_the_carrier_takes_them() -> None:
    turkish, french = CarrierOptions(("turkish",)), CarrierOptions(("portuguese",), locking=True)
    notice = "Maaş bordronuz “ağustos” için hazır değil, lütfen şirketinizi arayın. Teşekkürler, iyi günler"
    assert smart_encode(notice, turkish).text == notice.replace("“", '"').replace("”", '"')
    assert segment(smart_encode(notice, turkish).text, turkish).segments == 1
    assert smart_encode("prêt, déjà reçu", french).text == "prêt, déjà reçu"
    assert smart_encode("prêt, déjà reçu").text == "pret, déjà recu"
    assert smart_encode("prêt, déjà reçu", turkish).text == "pret, déjà reçu"


def test_national_letters_go_where_they_would_cost_a_segment() -> None:
    """The header that names their table, or the septet each takes more, leaves less room."""
    turkish = CarrierOptions(("turkish",))
    assert smart_encode("ş" + "a" * 153, turkish).text[0] == "ş"
    assert smart_encode("ş" + "a" * 154, turkish).text[0] == "s"
    assert smart_encode("ş" + "a" * 160, turkish).text[0] == "ş"


def test_every_replacement_is_cheap_to_send() -> None:
    assert all(gsm7.is_gsm7(row.to) for row in REPLACEMENTS)
    assert all(char not in gsm7.ALPHABET for char in TABLE)
    assert len(TABLE) == sum(len(row.chars) for row in REPLACEMENTS)


def test_every_accented_french_letter_has_a_reading() -> None:
    for letter in "çêâîôûëïÿœŒÀÈÙÊÂÎÔÛËÏŸ":
        assert segment(smart_encode(letter).text).encoding == "GSM-7"
