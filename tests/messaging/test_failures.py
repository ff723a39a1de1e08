"""Every reason a message may fail for: how long it lasts, and its sentence."""

import ast
import json
from pathlib import Path

import pytest

from app.messaging.sending.failures import ANOTHER_ROAD, CLOSED_NUMBER, DEAD_NUMBER, LASTING, Lasting, lasting
from app.messaging.sending.senders import Refusal

ROOT = Path(__file__).resolve().parents[2]
TEXTS = json.loads((ROOT / "templates" / "texts" / "console.json").read_text("utf-8"))
CARRIERS = sorted((ROOT / "app" / "carriers").rglob("*.py"))


def codes_of(path: Path) -> set[str]:
    """What a carrier's file gives as a code: the first argument of a refusal or an error."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            first = node.args[0]
            if node.func.id in ("Refused", "CarrierError") and isinstance(first, ast.Constant):
                found.add(str(first.value))
    return found


@pytest.mark.parametrize("code", sorted(LASTING))
def test_every_failure_has_a_sentence_in_both_languages(code: str) -> None:
    assert set(TEXTS[f"reason.{code}"]) == {"fr", "en"}


@pytest.mark.parametrize("code", list(Refusal))
def test_why_no_sender_carries_a_message_has_a_sentence_in_both_languages(code: str) -> None:
    assert set(TEXTS[f"reason.{code}"]) == {"fr", "en"}
    assert lasting(code) is None  # a person mends it


@pytest.mark.parametrize("kind", list(Lasting))
def test_permanent_temporary_and_unknown_are_told_apart_in_words(kind: Lasting) -> None:
    assert TEXTS[f"lasting.{kind}"]["fr"]
    assert any(value is kind for value in LASTING.values())


@pytest.mark.parametrize("path", CARRIERS, ids=lambda path: path.stem)
def test_a_carrier_gives_no_code_that_the_list_does_not_know(path: Path) -> None:
    assert codes_of(path) <= set(LASTING)


def test_the_carriers_give_codes_at_all() -> None:
    assert {"refused", "no_answer", "carrier_unreachable"} <= set().union(*map(codes_of, CARRIERS))


def test_what_is_in_vain_is_permanent_and_what_is_in_doubt_is_not() -> None:
    for code in DEAD_NUMBER | CLOSED_NUMBER | ANOTHER_ROAD:
        assert lasting(code) is Lasting.PERMANENT
    assert lasting("no_answer") is Lasting.UNKNOWN
    assert lasting("phone_absent") is Lasting.TEMPORARY
    assert lasting("consent-stop") is None


def test_the_operators_acceptance_is_never_worded_as_an_arrival() -> None:
    """What a message is called between the carrier's yes and the phone's receipt."""
    for key in ("state.submitted", "event.message_submitted", "batch.submitted", "export.figure.submitted"):
        french, english = TEXTS[key]["fr"].lower(), TEXTS[key]["en"].lower()
        assert not any(word in french for word in ("remis", "reçu", "arrivé", "téléphone", "distribu")), key
        assert not any(word in english for word in ("deliver", "received", "arrived", "phone")), key
