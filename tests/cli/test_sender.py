"""`pli sender`: what an operator notes about the senders of an organisation."""

from pathlib import Path

import pytest

from tests.cli.processes import call


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one organisation."""
    folder = tmp_path_factory.mktemp("sender") / "data"
    made = call("org", "create", "Dupont", "--sender", "DUPONT", "--contact", "x@example.com", folder=folder)
    assert made.returncode == 0, made.stderr
    return folder


def sender(folder: Path, *arguments: str, org: str = "dupont") -> tuple[int, str]:
    """Status, and what was said."""
    done = call("sender", *arguments, "--org", org, folder=folder)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_sender_is_asked_for_moved_and_listed(folder: Path) -> None:
    assert sender(folder, "ask", "short_code_38", "38012")[0] == 0
    assert sender(folder, "state", "38012", "waiting") == (0, "38012 is waiting.\n")
    assert sender(folder, "state", "38012", "approved")[0] == 0
    status, listed = sender(folder, "list")
    assert status == 0
    assert "DUPONT\tname\tapproved\t100\tsimulator\t0\t0\n" in listed
    assert "38012\tshort_code_38\tapproved\t100\tsimulator\t0\t0\n" in listed


def test_what_cannot_be_is_said_in_a_sentence(folder: Path) -> None:
    for arguments, said in (
        (("ask", "name", "Dupont et fils"), "eleven characters at most"),
        (("ask", "short_code_36", "36"), "five digits and starts with 36"),
        (("ask", "long_code_06", "0612345678"), "an owner has to turn this kind of sender on first"),
        (("state", "nobody", "approved"), "`pli sender list` shows them"),
        (("state", "DUPONT", "waiting"), "a sender that is approved cannot become waiting"),
    ):
        status, told = sender(folder, *arguments)
        assert (status, said in told) == (1, True), told


def test_the_last_sender_is_disabled_on_repetition_only(folder: Path) -> None:
    call("org", "create", "Martin", "--sender", "MARTIN", "--contact", "x@example.com", folder=folder)
    status, told = sender(folder, "state", "Martin", "disabled", org="martin")
    assert (status, "--even-last" in told) == (1, True)
    assert sender(folder, "state", "Martin", "disabled", "--even-last", org="martin")[0] == 0
    assert sender(folder, "state", "MARTIN", "approved", org="martin")[0] == 0


def test_the_kinds_are_listed_without_an_installation(tmp_path: Path) -> None:
    told = call("sender", "kinds", folder=tmp_path).stdout
    assert "short_code_36\tsms\t100\t8-12\t300-1500\t\n" in told
    assert "long_code_06\tsms\t10\t1-2\t1-15\toff\n" in told
