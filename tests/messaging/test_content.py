"""Templates: what they ask for, what one person gets, what the whole list costs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.messaging.permission.categories import Category
from app.messaging.texts.content import (
    StopMention,
    TemplateError,
    check_fields,
    fields,
    preview,
    render,
    with_stop_mention,
)

STOP = StopMention("STOP au 36105")


def test_fields_are_listed_once_in_order() -> None:
    assert fields("{prénom} {nom}, {lien} {nom} {{pas_un_champ}}") == ("prénom", "nom", "lien")


def test_render_puts_values_in_as_they_are() -> None:
    assert render("{a} et {{b}} {b}", {"a": "{b}", "b": "x}{"}) == "{b} et {b} x}{"


@pytest.mark.parametrize("template", ["{", "}", "{a", "a}", "{1a}", "{a b}", "{}", "{{{", "{a-b}"])
def test_a_brace_alone_is_refused(template: str) -> None:
    with pytest.raises(TemplateError) as refused:
        fields(template)
    assert refused.value.code == "bad_placeholder"


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(TemplateError) as refused:
        check_fields("{prénom} {lein}", ["prénom", "lien"])
    assert (refused.value.code, refused.value.fields) == ("unknown_field", ("lein",))
    with pytest.raises(TemplateError) as missing:
        render("{lein}", {"lien": "x"})
    assert missing.value.fields == ("lein",)


def test_a_blank_value_is_refused() -> None:
    with pytest.raises(TemplateError) as refused:
        render("Bonjour {prénom}", {"prénom": " \u00a0"})
    assert (refused.value.code, refused.value.fields) == ("missing_value", ("prénom",))


@given(st.dictionaries(st.sampled_from("abc"), st.text(min_size=1).filter(str.strip), min_size=3))
@settings(deadline=None, max_examples=100)
def test_rendering_is_plain_concatenation(values: dict[str, str]) -> None:
    assert render("{a}-{b}{{{c}}}", values) == f"{values['a']}-{values['b']}{{{values['c']}}}"


def test_marketing_gets_its_way_out_once() -> None:
    once = with_stop_mention("Soldes !", Category.MARKETING, STOP)
    assert once == "Soldes ! STOP au 36105"
    assert with_stop_mention(once, Category.MARKETING, STOP) == once
    assert with_stop_mention("Soldes. Stop au 36105.", Category.MARKETING, STOP) == "Soldes. Stop au 36105."
    assert with_stop_mention("nonstop au 361055", Category.MARKETING, STOP).endswith(" STOP au 36105")


def test_a_transactional_text_never_gets_a_stop_code() -> None:
    assert with_stop_mention("Votre bulletin", Category.TRANSACTIONAL, STOP) == "Votre bulletin"


def test_the_preview_counts_what_will_really_leave() -> None:
    rows = [{"nom": "Li"}, {"nom": "ê" * 141}, {"nom": "a" * 20}]
    found = preview("Bonjour {nom}", rows, Category.MARKETING, STOP)
    assert found.dearest_row == 1
    assert found.dearest_text == "Bonjour " + "e" * 141 + " STOP au 36105"
    assert found.by_segments == {1: 2, 2: 1}
    assert found.total == 4
    assert found.dearest.units == 163


def test_without_smart_encoding_a_short_accented_name_is_the_dearest() -> None:
    rows = [{"nom": "a" * 90}, {"nom": "Zoë" + "i" * 70}]
    assert preview("{nom}", rows, Category.TRANSACTIONAL, STOP, encode=False).dearest_row == 1
    assert preview("{nom}", rows, Category.TRANSACTIONAL, STOP).dearest_row == 0


def test_an_empty_list_costs_nothing_and_is_said() -> None:
    with pytest.raises(TemplateError) as refused:
        preview("x", [], Category.TRANSACTIONAL, STOP)
    assert refused.value.code == "no_rows"
