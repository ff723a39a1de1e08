"""`pli explain` as a program that others feed: no settings, no database, one answer per line, at once."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.processes import PLI, environment, run


def answers(output: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.decode().splitlines()]


def test_each_line_has_its_answer_in_order_whatever_it_holds(tmp_path: Path) -> None:
    lines = [
        b'{"text": "Bonjour"}',
        b"",
        b"not json",
        b'{"text": 1}',
        b"{}",
        b'{"text": "\xff"}',
        b'{"text": "\xc3\xaa"}',
    ]

    done = run("explain", "segment", folder=tmp_path, stdin=b"\n".join(lines))

    found = answers(done.stdout)
    assert done.returncode == 0
    assert done.stderr == b""
    assert [answer.get("error") for answer in found] == [
        None,
        "blank_line",
        "bad_json",
        "wrong_type",
        "missing_field",
        "lone_surrogate",
        None,
    ]
    assert (found[0]["encoding"], found[6]["encoding"]) == ("GSM-7", "UCS-2")


@pytest.mark.parametrize(
    ("what", "line", "field"),
    [
        ("segment", {"text": "a"}, "segments"),
        ("encode", {"text": "ç"}, "changes"),
        ("optout", {"text": "STOP"}, "intent"),
        ("phone", {"typed": "06 12 34 56 78"}, "e164"),
        (
            "window",
            {
                "to": "+33612345678",
                "category": "transactional",
                "at": "2026-01-01T03:00:00+01:00",
                "rules": "house-marketing",
            },
            "allowed",
        ),
    ],
)
def test_every_rule_can_be_asked(tmp_path: Path, what: str, line: dict[str, str], field: str) -> None:
    (answer,) = answers(run("explain", what, folder=tmp_path, stdin=json.dumps(line)).stdout)

    assert field in answer, answer


def test_an_answer_comes_before_the_next_question(tmp_path: Path) -> None:
    with subprocess.Popen(
        [PLI, "explain", "optout"],
        env=environment(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for text, intent in (("STOP", "opt_out"), ("bonjour", None), ("START", "opt_in")):
            process.stdin.write(json.dumps({"text": text}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["intent"] == intent
        process.stdin.close()
        assert process.wait(10) == 0


def test_it_needs_neither_settings_nor_a_data_folder(tmp_path: Path) -> None:
    folder = tmp_path / "absent"

    done = run(
        "explain", "phone", folder=folder, stdin="{}", PLI_PORT="not a port", PLI_ENVIRONMENT="nonsense"
    )

    assert done.returncode == 0
    assert not folder.exists()


def test_it_starts_without_loading_the_service() -> None:
    code = (
        "import sys; from app.cli import main; sys.argv = ['pli', 'explain', 'segment']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'fastapi', 'dbos', 'httpx', 'rich', 'cryptography', 'pydantic_settings', 'reportlab'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run(
        [PLI.with_name("python"), "-c", code], input=b"", capture_output=True, timeout=60, check=True
    )

    assert done.stdout.decode().strip() == "[]"
