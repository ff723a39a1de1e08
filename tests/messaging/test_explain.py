"""`pli explain` against hand-written vectors: one file of cases for each question."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.messaging.explain import answer
from app.messaging.numbers.phone import EXPLANATIONS, PhoneProblem

VECTORS = Path(__file__).parent.parent / "vectors" / "messaging"


def _cases(name: str) -> list[Any]:
    rows: list[Any] = json.loads((VECTORS / name).read_text("utf-8"))
    return rows


def _ask(what: str, **fields: object) -> dict[str, Any]:
    reply: dict[str, Any] = json.loads(answer(what, json.dumps(fields)))
    return reply


@pytest.mark.parametrize("case", _cases("segment.json"))
def test_segment(case: dict[str, Any]) -> None:
    assert _ask("segment", text=case["text"]) == {
        "encoding": case["encoding"],
        "units": case["units"],
        "segments": len(case["parts"]),
        "parts": [{"units": units, "text": text} for units, text in case["parts"]],
        "costly": [{"index": index, "char": char, "why": why} for index, char, why in case["costly"]],
    }


@pytest.mark.parametrize("case", _cases("encode.json"))
def test_encode(case: dict[str, Any]) -> None:
    reply = _ask("encode", text=case["text"])
    assert reply["text"] == case["encoded"]
    if "changes" in case:
        changes = [[change["index"], change["from"], change["to"]] for change in reply["changes"]]
        assert changes == case["changes"]


@pytest.mark.parametrize("case", _cases("optout.json"))
def test_optout(case: dict[str, Any]) -> None:
    assert _ask("optout", text=case["text"]) == {"intent": case["intent"]}


@pytest.mark.parametrize("case", _cases("phone.json"))
def test_phone(case: dict[str, Any]) -> None:
    expected = dict(case.pop("expected"))
    if "error" in expected:
        expected["message"] = EXPLANATIONS[PhoneProblem(expected["error"])]
    assert _ask("phone", **case) == expected


@pytest.mark.parametrize("case", _cases("window.json"))
def test_window(case: dict[str, Any]) -> None:
    reply = _ask("window", **case["query"])
    assert reply.pop("why").endswith(".")
    assert reply == {"allowed": case["allowed"], "next": case["next"], "rule": case["rule"]}


WINDOW = {
    "to": "+33612345678",
    "category": "marketing",
    "at": "2026-11-23T09:00:00Z",
    "rules": "house-marketing",
}


@pytest.mark.parametrize(
    ("what", "line", "code"),
    [
        ("segment", "", "blank_line"),
        ("segment", "  \n", "blank_line"),
        ("segment", "{", "bad_json"),
        ("segment", "NaN", "bad_json"),
        ("segment", '{"text": "a", "x": Infinity}', "bad_json"),
        ("segment", "{'text': 'a'}", "bad_json"),
        ("segment", "[" * 100_000, "bad_json"),
        ("segment", "[]", "wrong_type"),
        ("segment", '"text"', "wrong_type"),
        ("segment", "null", "wrong_type"),
        ("segment", "{}", "missing_field"),
        ("segment", '{"Text": "a"}', "missing_field"),
        ("segment", '{"text": null}', "wrong_type"),
        ("segment", '{"text": 1}', "wrong_type"),
        ("segment", '{"text": ["a"]}', "wrong_type"),
        ("segment", '{"text": "\\ud83d"}', "lone_surrogate"),
        ("segment", '{"text": "\\ude00\\ud83d"}', "lone_surrogate"),
        ("encode", '{"text": "\\ud83d"}', "lone_surrogate"),
        ("optout", '{"text": true}', "wrong_type"),
        ("phone", '{"typed": 612345678}', "wrong_type"),
        ("phone", '{"typed": 6.12345678E8}', "wrong_type"),
        ("phone", '{"region": "FR"}', "missing_field"),
        ("phone", '{"typed": "0612345678", "region": "XX"}', "unknown_region"),
        ("phone", '{"typed": "0612345678", "region": ""}', "unknown_region"),
        ("phone", '{"typed": "0612345678", "region": 33}', "wrong_type"),
        ("window", "{}", "missing_field"),
        ("window", json.dumps(WINDOW | {"to": "abc"}), "not_a_number"),
        ("window", json.dumps(WINDOW | {"to": 33612345678}), "wrong_type"),
        ("window", json.dumps(WINDOW | {"to": "+999123456"}), "unknown_country"),
        ("window", json.dumps(WINDOW | {"category": "Marketing"}), "unknown_category"),
        ("window", json.dumps(WINDOW | {"rules": "af2m"}), "unknown_rules"),
        ("window", json.dumps(WINDOW | {"rules": "functional"}), "unknown_rules"),
        ("window", json.dumps(WINDOW | {"at": "2026-11-23T09:00:00"}), "naive_instant"),
        ("window", json.dumps(WINDOW | {"at": "2026-11-23"}), "naive_instant"),
        ("window", json.dumps(WINDOW | {"at": "tomorrow"}), "bad_instant"),
        ("window", json.dumps(WINDOW | {"at": "2026-02-30T09:00:00Z"}), "bad_instant"),
        ("window", json.dumps(WINDOW | {"at": "9999-12-31T23:30:00Z"}), "bad_instant"),
        ("window", json.dumps(WINDOW | {"at": 1795334343}), "wrong_type"),
        ("window", json.dumps(WINDOW | {"postcode": "ABC"}), "unknown_postcode"),
        ("window", json.dumps(WINDOW | {"postcode": 67000}), "wrong_type"),
        ("window", json.dumps({k: v for k, v in WINDOW.items() if k != "rules"}), "missing_field"),
    ],
)
def test_what_cannot_be_answered_is_an_error_on_its_line(what: str, line: str, code: str) -> None:
    reply = json.loads(answer(what, line))
    assert set(reply) == {"error", "message"}
    assert reply["error"] == code
    assert reply["message"]


def test_extra_fields_are_ignored_whatever_they_hold() -> None:
    line = '{"text": "a", "x": {"y": [1, null]}, "big": ' + "9" * 5000 + "}"
    assert json.loads(answer("segment", line))["units"] == 1


def test_an_answer_is_one_line_for_every_reader() -> None:
    reply = answer("segment", json.dumps({"text": "a\u2028b\u0085c\nd"}))
    assert len(reply.splitlines()) == 1
    assert json.loads(reply)["parts"][0]["text"] == "a\u2028b\u0085c\nd"


def test_the_guide_example_costs_three_segments_as_typed_and_one_encoded() -> None:
    typed = (
        "Stéphane, jusqu’au 27 mars profitez de notre offre spéciale 1 produit acheté = un 2 offert, "
        "sur présentation de ce SMS. Pour se désabonner, répondez STOP."
    )
    assert _ask("segment", text=typed)["segments"] == 3
    encoded = _ask("encode", text=typed)["text"]
    assert _ask("segment", text=encoded)["segments"] == 1


def test_an_unknown_question_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="weather"):
        answer("weather", "{}")
