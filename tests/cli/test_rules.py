"""Rules and refusals by hand."""

import json
from pathlib import Path

import pytest

from tests.cli.processes import call


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules") / "data"
    made = call("org", "create", "Dupont", "--sender", "DUPONT", "--contact", "x@example.com", folder=folder)
    assert made.returncode == 0, made.stderr
    return folder


def test_rules_are_written_and_listed(folder: Path) -> None:
    rule = {
        "kind": "holiday",
        "id": "braderie",
        "value": {"territory": "FR", "name": "Braderie", "month": 9, "day": 5, "from_easter": None},
        "source": "town hall",
        "valid_from": "2027-01-01",
    }
    written = call("rules", "put", "--org", "dupont", folder=folder, stdin=json.dumps(rule) + "\n")
    assert (written.returncode, written.stdout) == (0, "1 written\n"), written.stderr
    (line,) = call("rules", "list", "--org", "dupont", folder=folder).stdout.splitlines()
    listed = json.loads(line)
    assert {name: listed[name] for name in rule} == rule
    again = call("rules", "put", "--org", "dupont", folder=folder, stdin=line)
    assert again.returncode == 0
    assert len(call("rules", "list", "--org", "dupont", folder=folder).stdout.splitlines()) == 1


@pytest.mark.parametrize(
    "line", ["{}", "nonsense", '{"kind": "window", "id": "x", "value": {}, "source": "y"}']
)
def test_what_is_no_rule_writes_nothing(folder: Path, line: str) -> None:
    refused = call("rules", "put", "--org", "dupont", folder=folder, stdin=line + "\n")
    assert refused.returncode == 1
    assert refused.stderr.startswith("pli: ")
    assert "x" not in [
        json.loads(one)["id"]
        for one in call("rules", "list", "--org", "dupont", folder=folder).stdout.splitlines()
    ]


def test_a_file_of_refusals_is_taken_in(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "stop.csv"
    file.write_text("numéro;nom\n0611001001;Zoé\n+33611001002;Adam\n\n", "utf-8")
    done = call("import-opt-outs", str(file), "--org", "dupont", folder=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "line 1: not_a_number\n2 added, 0 known already\n"
    again = call("import-opt-outs", str(file), "--org", "dupont", folder=folder)
    assert again.stdout.endswith("0 added, 2 known already\n")
