"""Bodies are judged by the published shape of the platform's messages, not by our own reading of it."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from rcs.cards import Card, Language, TrafficType, document_card, text_card, to_agent_message

VECTORS = Path(__file__).parent.parent / "vectors" / "rcs"
JUDGE = Draft202012Validator(json.loads((VECTORS / "agent_message.schema.json").read_text("utf-8")))


def problems(body: dict[str, Any]) -> list[str]:
    return [error.message for error in JUDGE.iter_errors(body)]


def announcement(*, language: Any = "fr", phone: str | None = "+33180000000") -> Card:
    return document_card(
        language=language,
        sender_name="Atelier Exemple",
        title="T" * 200,
        description="D" * 2_000,
        link="https://d.example.fr/7K3MQ2X9#s3cretS3cretS3cret",
        ref="7K3MQ2X9",
        phone=phone,
        remind_at=datetime(2026, 12, 1, 9, tzinfo=UTC) if phone else None,
    )


@pytest.mark.parametrize("traffic", [one for one in get_args(TrafficType) if one != "PROMOTION"])
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("phone", [None, "+33180000000"])
def test_an_announcement_has_the_published_shape(
    traffic: TrafficType, language: str, phone: str | None
) -> None:
    assert problems(to_agent_message(announcement(language=language, phone=phone), traffic, 900)) == []


@pytest.mark.parametrize("card", [Card("Titre", "", ()), Card("", "Texte", ())])
def test_the_smallest_cards_have_the_published_shape(card: Card) -> None:
    assert problems(to_agent_message(card, "TRANSACTION", 10)) == []


def test_the_judge_refuses_what_is_wrong() -> None:
    body = to_agent_message(announcement(), "TRANSACTION", 900)
    too_long = copy.deepcopy(body)
    too_long["contentMessage"]["richCard"]["standaloneCard"]["cardContent"]["title"] += "T"

    assert problems(too_long)
    assert problems(body | {"name": "phones/+33612345678/agentMessages/1"})
    assert problems(body | {"expireTime": "2026-12-01T09:00:00Z"})


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_card_that_advertises_has_the_published_shape(language: Language) -> None:
    card = text_card(language, "Deux tartes pour une", "Samedi seulement.", "0123456789abcdef", can_stop=True)
    assert problems(to_agent_message(card, "PROMOTION", 900)) == []
