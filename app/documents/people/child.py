"""The bounded child that reads people sheets: workbook readers are native code, and sheets come from anywhere.

Run as `python -I -m app.documents.people.child`: one JSON line with the question and the file on standard input, the
outcome's name and its fields as JSON on standard output. The process bounds its own memory and CPU time and gives up
files, network and other programs (`app/documents/sandbox.py`). It loads as little as it can, since starting it takes
longer than most sheets.
"""

import json
import resource
import sys
from dataclasses import fields, is_dataclass
from typing import Any

from app.documents import sandbox
from app.documents.people.headings import Field
from app.documents.people.model import NeedsMapping, SheetChoice, SheetLimits, SheetRead, SheetRefused
from app.documents.people.sheets import read_people_sheet

MEMORY_BYTES = 2 * 1024 * 1024 * 1024
CPU_SECONDS = 60


def main() -> int:
    """Serve one question."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sandbox.enter()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    head, _, data = sys.stdin.buffer.read().partition(b"\n")
    outcome = _answer(json.loads(head), data)
    sys.stdout.buffer.write(type(outcome).__name__.encode() + b"\n")
    sys.stdout.buffer.write(json.dumps(outcome, default=_fields).encode())
    return 0


def _answer(question: dict[str, Any], data: bytes) -> SheetRead | NeedsMapping | SheetRefused:
    choice = question["choice"]
    if choice is not None:
        columns = {Field(field): column for field, column in choice["columns"].items()}
        choice = SheetChoice(columns, choice["header_row"], choice["sheet"])
    return read_people_sheet(
        data,
        SheetLimits(**question["limits"]),
        remembered={heading: Field(field) for heading, field in question["remembered"].items()},
        choice=choice,
        needed=[Field(field) for field in question["needed"]],
        ask=question["ask"],
    )


def _fields(value: object) -> dict[str, Any]:
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} is no part of an outcome")
    return {field.name: getattr(value, field.name) for field in fields(value)}


if __name__ == "__main__":
    sys.exit(main())
