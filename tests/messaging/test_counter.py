"""The counter of templates: never cheaper than what one person gets, and every costly character has its place."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import InvalidInput
from app.messaging.permission.categories import Category
from app.messaging.texts.content import StopMention, TemplateError, render, with_stop_mention
from app.messaging.texts.counter import count, extremes
from app.messaging.texts.encode import smart_encode
from app.messaging.texts.segmentation import GSM7, UCS2, CarrierOptions, segment

STOP = StopMention("STOP au 36105")
VALUES = st.lists(
    st.text(alphabet=st.sampled_from("abcé€[ç’œ😀ш  "), min_size=1, max_size=30).filter(str.strip),
    min_size=1,
    max_size=5,
)


@given(VALUES, VALUES, st.booleans())
@settings(deadline=None, max_examples=200)
def test_no_row_of_the_list_is_dearer(names: list[str], towns: list[str], encode: bool) -> None:
    template = "Bonjour {nom}, rendez-vous à {ville} : {nom} !"
    found = count(
        template,
        {"nom": extremes(names, encode=encode), "ville": extremes(towns, encode=encode)},
        Category.MARKETING,
        STOP,
        encode=encode,
    )
    for name in names:
        for town in towns:
            text = with_stop_mention(render(template, {"nom": name, "ville": town}), Category.MARKETING, STOP)
            cost = segment(smart_encode(text).text if encode else text)
            assert cost.segments <= found.sent.segments
            if cost.encoding == found.sent.encoding:
                assert cost.units <= found.sent.units


@given(
    st.lists(st.text(alphabet=st.sampled_from("abcé€şıЖ"), min_size=1, max_size=60), min_size=1, max_size=5),
    st.lists(st.text(alphabet=st.sampled_from("abcğ[ç’œ"), min_size=1, max_size=60), min_size=1, max_size=5),
    st.sampled_from([CarrierOptions(("turkish",)), CarrierOptions(("turkish", "portuguese"))]),
    st.booleans(),
)
@settings(deadline=None, max_examples=200)
def test_no_row_is_dearer_where_a_carrier_has_national_tables(
    names: list[str], towns: list[str], options: CarrierOptions, encode: bool
) -> None:
    values = {
        name: extremes(column, encode=encode, options=options)
        for name, column in (("nom", names), ("ville", towns))
    }
    template = "Bonjour {nom}, rendez-vous à {ville} : {nom} !"
    found = count(template, values, Category.ALERT, encode=encode, options=options)
    for name in names:
        for town in towns:
            text = render(template, {"nom": name, "ville": town})
            cost = segment(smart_encode(text, options).text if encode else text, options)
            assert cost.segments <= found.sent.segments


def test_one_value_no_table_holds_makes_everybody_dear() -> None:
    turkish = CarrierOptions(("turkish",))
    values = {"nom": extremes(["Işıkkayaoğlu", "Юлия"], options=turkish)}
    found = count("Merhaba {nom}, " + "a" * 60, values, Category.ALERT, options=turkish)
    assert (found.sent.encoding, found.sent.segments) == (UCS2, 2)


def test_the_way_out_and_the_longest_values_are_counted() -> None:
    values = {
        "prénom": extremes(["Li", "Maximilienne"]),
        "lien": extremes(["https://pli.example/o/7Yk3mQ9x2A"]),
    }
    found = count("EPI : {prénom}, 2 tartes pour 1. {lien}", values, Category.MARKETING, STOP)
    assert found.sent.text == (
        "EPI : Maximilienne, 2 tartes pour 1. https://pli.example/o/7Yk3mQ9x2A STOP au 36105"
    )
    assert found.left == 160 - len(found.sent.text)
    silent = count("EPI : {prénom}", values, Category.TRANSACTIONAL, STOP)
    assert silent.sent.text == "EPI : Maximilienne"


def test_one_value_in_another_script_makes_everybody_dear() -> None:
    values = {"nom": extremes(["Maximilienne de la Tour", "Юлия"])}
    found = count("Bonjour {nom}, " + "a" * 60, values, Category.TRANSACTIONAL)
    assert (found.sent.encoding, found.sent.segments) == (UCS2, 2)
    assert {costly.field for costly in found.costly} == {"nom"}
    assert all(costly.replacement is None for costly in found.costly)


def test_each_costly_character_is_named_with_its_place_and_replacement() -> None:
    values = {"nom": extremes(["Françoise"])}
    found = count("Chère {nom}, l’été à 5 €", values, Category.TRANSACTIONAL)
    listed = [(one.place, one.char, one.replacement, one.field) for one in found.costly]
    assert listed == [(10, "ç", "c", "nom"), (18, "’", "'", "")]
    assert found.costly[0].name == "LATIN SMALL LETTER C WITH CEDILLA"
    assert [found.typed.text[one.place] for one in found.costly] == ["ç", "’"]
    assert (found.typed.encoding, found.sent.encoding) == (UCS2, GSM7)
    assert [one.why for one in count("5 €", {}, Category.ALERT).costly] == ["extension"]


def test_a_letter_written_in_two_characters_is_found() -> None:
    (costly,) = count("e\u0302", {}, Category.ALERT).costly
    assert (costly.place, costly.replacement) == (1, "e")


def test_the_price_is_of_one_message() -> None:
    found = count("a" * 400, {}, Category.TRANSACTIONAL, micro_price=48_500)
    assert (found.sent.segments, found.price) == (3, Decimal("0.1455"))
    assert found.left == 3 * 153 - 400
    assert count("a", {}, Category.TRANSACTIONAL).price is None


def test_the_carrier_decides_what_a_text_costs() -> None:
    turkish = CarrierOptions(("turkish",))
    assert count("Şu çay " * 15, {}, Category.ALERT, encode=False, options=turkish).sent.encoding == GSM7
    assert count("", {}, Category.ALERT).left == 160


def test_a_field_without_values_is_refused() -> None:
    with pytest.raises(TemplateError) as refused:
        count("{nom}", {}, Category.ALERT)
    assert (refused.value.code, refused.value.fields) == ("unknown_field", ("nom",))
    with pytest.raises(InvalidInput) as empty:
        extremes([])
    assert empty.value.code == "no_values"
