"""The texts an organisation starts with cost one SMS each."""

import re
from datetime import date

import pytest

from app.messaging.texts.content import render
from app.messaging.texts.encode import smart_encode
from app.messaging.texts.notices import (
    DEFAULT_TEMPLATES,
    PASSWORD_HINTS,
    DefaultTemplate,
    date_label,
    period_label,
    without_period,
)
from app.messaging.texts.segmentation import segment

LINK = "https://pay.example.fr/7kPq2mXa#2w7QkXr9bLmT4fZc"
SENDER = "Boulangerie Dupont SA"


@pytest.mark.parametrize("template", [each for each in DEFAULT_TEMPLATES if each.channel == "sms"])
@pytest.mark.parametrize("policy", ["sheet", "generated", "usual", "none"])
@pytest.mark.parametrize("month", range(1, 13))
def test_a_default_notice_fits_one_segment(template: DefaultTemplate, policy: str, month: int) -> None:
    language = template.language
    values = {
        "sender": SENDER,
        "period": period_label(f"2026-{month:02d}", language),
        "until": date_label(date(2026, 12, 31), language),
        "link": LINK,
        "hint": PASSWORD_HINTS[policy, language],
        "contact": "Service paie, 01 23 45 67 89",
    }
    counted = segment(smart_encode(render(template.text, values)).text)
    assert (counted.encoding, counted.segments) == ("GSM-7", 1)


@pytest.mark.parametrize(
    ("language", "letter", "ways"), [("fr", "lettre", "courrier|main"), ("en", "letter", "post|hand")]
)
def test_the_hint_of_a_printed_code_is_true_however_its_letter_came(
    language: str, letter: str, ways: str
) -> None:
    hint = PASSWORD_HINTS["generated", language]
    assert letter in hint
    assert not re.search(ways, hint)


@pytest.mark.parametrize(
    "template", [each for each in DEFAULT_TEMPLATES if "{period}" in each.text + each.title]
)
def test_a_document_without_a_month_leaves_no_gap_in_its_notice(template: DefaultTemplate) -> None:
    values = {"sender": SENDER, "until": "31/12/2026", "link": LINK, "hint": "Sans mot de passe"}
    for words in filter(None, (template.text, template.title)):
        said = render(without_period(words), values)
        assert "  " not in said
        assert " ," not in said
        assert said == said.strip()
