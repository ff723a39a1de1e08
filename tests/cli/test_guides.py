"""The guides say what is so: every example of docs/api.md is run, every setting of docs/operations.md exists."""

import argparse
import re
import shlex
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from string import Template
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from app.documents.sample_payroll import make_sample
from app.settings import ROOT, Settings
from app.web.api import router
from app.web.api.openapi import document
from tests.cli.conftest import Demo

API = (ROOT / "docs" / "api.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


@dataclass(frozen=True)
class Example:
    """A curl command of the guide."""

    method: str
    url: str
    headers: list[str] = field(default_factory=list)
    form: list[str] = field(default_factory=list)
    data: str | None = None

    @property
    def operation(self) -> tuple[str, str]:
        """As the description of the API names it."""
        path = self.url.removeprefix("$PLI_URL").partition("?")[0]
        for variable in ("BATCH", "DOCUMENT", "MESSAGE"):
            path = path.replace(f"${variable}", f"{{{variable.lower()}_id}}")
        return self.method, path


def examples() -> list[Example]:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["curl"])
    parser.add_argument("-sS", action="store_true", dest="quiet")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-F", dest="form", action="append", default=[])
    parser.add_argument("-d", dest="data")
    parser.add_argument("url")
    found = []
    for block in re.findall(r"^```sh\n(.*?)\n```$", API, re.MULTILINE | re.DOTALL):
        given = parser.parse_args(shlex.split(block))
        method = given.method or ("POST" if given.form or given.data else "GET")
        found.append(Example(method, given.url, given.headers, given.form, given.data))
    return found


class Shell:
    """Runs examples as curl would."""

    def __init__(self, demo: Demo, folder: Path) -> None:
        self.variables = {"PLI_URL": demo.url, "PLI_API_KEY": demo.api_key}
        self._folder = folder

    def run(self, example: Example, **headers: str) -> httpx.Response:
        given = dict(self._filled(header).split(": ", 1) for header in example.headers) | headers
        parts = [self._part(*part.split("=", 1)) for part in example.form]
        return httpx.request(
            example.method,
            self._filled(example.url),
            headers=given,
            files=parts or None,
            content=example.data,
            timeout=30,
        )

    def _filled(self, text: str) -> str:
        return Template(text).substitute(self.variables)

    def _part(self, name: str, value: str) -> tuple[str, tuple[str | None, bytes]]:
        if value.startswith("@"):
            path = self._folder / value[1:]
            return name, (path.name, path.read_bytes())
        return name, (None, value.encode())


def wait_for_review(shell: Shell, example: Example) -> dict[str, Any]:
    for _ in range(300):
        batch: dict[str, Any] = shell.run(example).json()
        if batch["state"] not in ("received", "splitting"):
            return batch
        time.sleep(0.1)
    raise AssertionError("the batch is not being worked on")


def test_every_operation_has_an_example() -> None:
    described = {
        (method.upper(), path)
        for path, operations in document(router)["paths"].items()
        for method in operations
    }

    assert {example.operation for example in examples()} == described


def test_the_examples_of_the_guide_lead_from_files_to_phones(demo: Demo, tmp_path: Path) -> None:
    sample = make_sample(61, date(2026, 10, 1))
    (tmp_path / "paie.pdf").write_bytes(sample.pdf)
    (tmp_path / "effectif.xlsx").write_bytes(sample.sheet_xlsx)
    shell = Shell(demo, tmp_path)
    by_operation = {example.operation: example for example in examples()}

    def run(method: str, path: str, status: int, **headers: str) -> Any:
        answer = shell.run(by_operation[method, f"/v1{path}"], **headers)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    shell.variables["BATCH"] = run("POST", "/batches", 202)["id"]
    batch = wait_for_review(shell, by_operation["GET", "/v1/batches/{batch_id}"])
    assert batch["title"] == "Paie octobre 2026"
    review = run("GET", "/batches/{batch_id}/review", 200)
    refused = run("POST", "/batches/{batch_id}/release", 409)
    assert len(refused["errors"]) == review["blocking"] > 0
    for finding in review["findings"]:
        if finding["standing"]:
            shell.variables["DOCUMENT"] = finding["document"]
            run("POST", "/documents/{document_id}/exclude", 204)
    assert run("POST", "/batches/{batch_id}/release", 202)["state"] == "releasing"
    assert run("GET", "/batches/{batch_id}/documents", 200)["data"]
    assert shell.variables["BATCH"] in [entry["id"] for entry in run("GET", "/batches", 200)["data"]]
    assert run("POST", "/batches/{batch_id}/retry", 202)["stalled"] is None
    assert run("POST", "/batches/{batch_id}/cancel", 409)["code"] == "already_released"

    shell.variables["BATCH"] = run("POST", "/batches", 202, **{"Idempotency-Key": "another"})["id"]
    assert run("POST", "/batches/{batch_id}/cancel", 200)["state"] == "cancelled"


def test_the_examples_of_the_guide_send_one_message(demo: Demo, tmp_path: Path) -> None:
    shell = Shell(demo, tmp_path)
    by_operation = {example.operation: example for example in examples()}

    taken = shell.run(by_operation["POST", "/v1/messages"])
    again = shell.run(by_operation["POST", "/v1/messages"])
    assert (taken.status_code, again.json()["id"]) == (202, taken.json()["id"]), taken.text
    shell.variables["MESSAGE"] = taken.json()["id"]
    shown = shell.run(by_operation["GET", "/v1/messages/{message_id}"])
    assert (shown.status_code, shown.json()["sender"]) == (200, "EXEMPLE")
    stopped = shell.run(by_operation["POST", "/v1/messages/{message_id}/cancel"])
    assert stopped.status_code in (200, 409), stopped.text


def test_the_guide_names_every_field_of_a_batch_state_and_message(demo: Demo) -> None:
    schemas = document(router)["components"]["schemas"]

    for state in schemas["BatchOut"]["properties"]["state"]["enum"]:
        assert f"`{state}`" in API
    for option in (*schemas["Options"]["properties"], *schemas["MessageIn"]["properties"]):
        assert f"| `{option}` |" in API
    for field_name in schemas["MessageTakenOut"]["properties"]:
        assert f"`{field_name}`" in API or f'"{field_name}"' in API


def documented_settings() -> dict[str, str]:
    rows = re.findall(r"^\| `(PLI_[A-Z0-9_]+)` \| (.+?) \| (.+) \|$", OPERATIONS, re.MULTILINE)
    return {name: default for name, default, _meaning in rows}


def shown(default: Any) -> str:
    if default is None:
        return "(none)"
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, Path):
        default = default.relative_to(ROOT)
    if isinstance(default, bool):
        default = str(default).lower()
    return f"`{default}`" if str(default) else "(empty)"


def test_every_setting_is_documented_with_its_default() -> None:
    expected = {}
    for name, setting in Settings.model_fields.items():
        assert setting.default is not PydanticUndefined
        expected[f"PLI_{name.upper()}"] = shown(setting.default)

    assert documented_settings() == expected


@pytest.mark.parametrize("guide", [API, OPERATIONS], ids=["api", "operations"])
def test_every_command_of_a_guide_exists(guide: str) -> None:
    from typer.main import get_command

    from app.cli import cli

    root = get_command(cli)
    commands = getattr(root, "commands")  # noqa: B009 -- typer's own class of groups is not public
    for words in re.findall(r"\bpli ([a-z-]+)(?: ([a-z-]+))?", guide):
        assert words[0] in commands, words
        inner = getattr(commands[words[0]], "commands", None)
        if inner is not None:
            assert words[1] in inner, words
