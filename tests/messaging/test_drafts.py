"""A text being written: what the editor says about it."""

from dataclasses import replace
from datetime import date

import pytest

from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.category_rules import CATEGORY_RULES
from app.messaging.texts.content import StopMention, fields, pieces
from app.messaging.texts.drafts import Draft, Judged, asked_fields, built_in, judge, known_fields
from app.messaging.texts.notices import DEFAULT_TEMPLATES
from app.messaging.texts.text_rules import Circumstances, Problem

TODAY = date(2026, 11, 25)
SHOP = Circumstances(names=("Boulangerie Épi",), stop_code="36105")
STOP = StopMention("STOP au 36105")
VALUES = {
    "sender": ["Boulangerie Épi"],
    "contact": ["01 23 45 67 89"],
    "period": ["septembre 2026", "mai 2026"],
    "until": ["28/09/2026"],
    "link": ["https://pli.example/zzzzzzzz#zzzzzzzzzzzzzzzzzzzzzz"],
    "hint": ["Sans mot de passe", "Code remis par l'employeur"],
}
OFFER = Draft("soldes", "sms", "fr", Category.MARKETING, Kind.OFFER, "{sender} : 2 tartes pour 1 samedi")
NOTICE = Draft(
    "payslip_notice",
    "sms",
    "fr",
    Category.TRANSACTIONAL,
    Kind.NOTICE,
    "{sender}: bulletin {period}\n{link}\n{hint}",
)


def _judge(draft: Draft, micro_price: int = 0) -> Judged:
    return judge(draft, VALUES, SHOP, STOP, TODAY, CATEGORY_RULES, micro_price)


def test_marketing_is_counted_with_the_way_out_that_will_be_added() -> None:
    judged = _judge(OFFER, 50_000)
    assert not judged.refused
    assert judged.counted is not None
    assert judged.counted.sent.text == "Boulangerie Épi : 2 tartes pour 1 samedi STOP au 36105".replace(
        "É", "É"
    )
    assert str(judged.counted.price) == "0.05"


def test_marketing_without_its_sender_is_refused() -> None:
    judged = _judge(replace(OFFER, text="2 tartes pour 1 samedi"))
    assert judged.refused
    assert [finding.problem for finding in judged.findings] == [Problem.NO_SENDER]


def test_every_default_text_may_be_kept_as_it_is() -> None:
    for template in DEFAULT_TEMPLATES:
        draft = Draft(
            template.key,
            template.channel,
            template.language,
            Category(template.category),
            template.kind,
            template.text,
            template.title,
        )
        assert _judge(draft) == replace(_judge(draft), errors={}, findings=())


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"key": "1x"}, "key", "template_key_invalid"),
        ({"key": ""}, "key", "template_key_invalid"),
        ({"channel": "fax"}, "channel", "template_channel_unknown"),
        ({"text": " "}, "text", "template_text_length"),
        ({"text": "x" * 2001}, "text", "template_text_length"),
        ({"text": "{sender} {"}, "text", "template_brace"),
        ({"text": "\ud83d"}, "text", "template_unreadable"),
        ({"text": "{sender}\0"}, "text", "template_unreadable"),
        ({"title": "\0"}, "title", "template_unreadable"),
        ({"text": "{prénom}"}, "text", "template_unknown_field"),
        ({"channel": "rcs"}, "title", "template_title_length"),
        ({"title": "x" * 201}, "title", "template_title_length"),
        ({"text": "{" * 2001}, "text", "template_text_length"),
        ({"title": "{" * 201}, "title", "template_title_length"),
    ],
)
def test_what_cannot_be_kept(changed: dict[str, str], field: str, code: str) -> None:
    judged = _judge(replace(OFFER, **changed))  # type: ignore[arg-type]
    assert judged.errors[field] == code
    assert judged.counted is None
    assert judged.refused


@pytest.mark.parametrize(
    ("text", "values", "field", "code"),
    [
        ("{a}", {"a": ["x" * 201]}, "values", "template_values_length"),
        ("{a}", {"a": ["x" * 100] * 656}, "values", "template_values_length"),
        ("{a}{b}", {"a": ["x" * 200] * 164, "b": ["x" * 200] * 164}, "values", "template_values_length"),
        ("{a}" * 21, {"a": ["x" * 200]}, "text", "template_filled_length"),
        (
            "".join(f"{{a{place}}}" for place in range(31)),
            {f"a{place}": ["x"] for place in range(31)},
            "text",
            "template_too_many_fields",
        ),
    ],
)
def test_values_that_would_be_long_to_count_are_refused(
    text: str, values: dict[str, list[str]], field: str, code: str
) -> None:
    judged = judge(replace(OFFER, text=text), values, SHOP, STOP, TODAY, CATEGORY_RULES)
    assert judged.errors == {field: code}
    assert judged.counted is None


def test_the_longest_values_are_counted() -> None:
    values = VALUES | {"a": ["x" * 200] * 327}
    judged = judge(
        replace(OFFER, text="{sender} {a} {a}"),
        values,
        replace(SHOP, longest=255),
        STOP,
        TODAY,
        CATEGORY_RULES,
    )
    assert judged.counted is not None
    assert judged.counted.sent.segments == 3


def test_a_text_that_is_too_long_is_not_parsed_and_not_kept_in_memory() -> None:
    """Whoever may only look could otherwise fill the memory, one megabyte a try."""
    known = fields.cache_info().currsize, pieces.cache_info().currsize
    for place in range(3):
        draft = replace(OFFER, text=f"{{prénom}}{place}" + "b" * 1_000_000, title="{c}" * 300_000)
        assert asked_fields(draft) == ()
        assert _judge(draft).unknown_fields == ()
    assert (fields.cache_info().currsize, pieces.cache_info().currsize) == known


def test_the_unknown_field_is_named() -> None:
    assert _judge(replace(OFFER, text="{prénom} {lein}")).unknown_fields == ("prénom", "lein")


def test_a_notice_keeps_its_link_its_fields_and_its_category() -> None:
    assert not _judge(NOTICE).refused
    assert _judge(replace(NOTICE, text="{sender}: bulletin")).errors == {"text": "template_needs_link"}
    assert _judge(replace(NOTICE, text="{link} {contact}")).errors == {"text": "template_unknown_field"}
    marketing = replace(NOTICE, category=Category.MARKETING)
    assert _judge(marketing).errors == {"category": "template_category_fixed"}


def test_what_the_service_sends_itself() -> None:
    assert built_in("payslip_notice") == (Category.TRANSACTIONAL, Kind.NOTICE)
    assert built_in("soldes") is None
    assert known_fields("stop_done", "sms") == frozenset({"sender"})
    assert known_fields("payslip_notice", "rcs") == frozenset({"sender", "period", "until", "hint"})
    assert known_fields("soldes", "sms") is None
