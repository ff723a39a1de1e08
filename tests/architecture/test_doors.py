"""What imports cannot show: that no door sends a text which nobody has checked.

A text is sealed for sending, and handed to a carrier, in a few named places, each of which asks the rules of texts. A new
door that went around them would appear here.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SEALS = {"text_sealer", "seal_text"}
# Where a text is sealed: the notices of a batch, whose texts were checked when they were kept; and every other door.
SEALING = {"app/db/sending/outbox.py", "app/db/sending/queueing.py"}
# Where a carrier is given one: the queue; and what an operator sends to try a connection, checked there.
SUBMITTING = {"app/usecases/messages/dispatch_sender/run.py", "app/usecases/messages/send_one.py"}


def called(code: str) -> set[str]:
    """The last names of everything that is called."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            name = node.func
            found.add(name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", ""))
    return found


def calling(*names: str) -> set[str]:
    """Where one of these is called, but for the package that defines it."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "app").rglob("*.py"))
        if not {"crypto", "carriers"} & set(path.parts) and called(path.read_text()) & set(names)
    }


def test_texts_are_sealed_where_they_are_checked_and_nowhere_else() -> None:
    assert calling(*SEALS) == SEALING


def test_carriers_are_given_texts_by_the_queue_and_by_the_operators_test_only() -> None:
    assert calling("Submission") == SUBMITTING


@pytest.mark.parametrize("name", sorted(SEALING | SUBMITTING))
def test_each_of_these_places_asks_the_rules_or_takes_what_was_asked(name: str) -> None:
    names = called((ROOT / name).read_text())
    asks = "text_findings" in names
    takes = bool(names & {"open_text", "render"})  # sealed by one of the others, or a template that was kept
    assert asks or takes
