"""Reading a people sheet in a process of its own: workbook readers are native code, and sheets come from anywhere.

Run as `python -I -m app.documents.sheet_child`: one JSON line of options and the file on standard input, one JSON
outcome on standard output. The process bounds its own memory and CPU time and cannot write to any file.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from app.documents.headings import Field
from app.documents.sheets import read_people_sheet
from app.documents.sheets_model import NeedsMapping, SheetChoice, SheetLimits, SheetRead, SheetRefused

MEMORY_BYTES = 2 * 1024 * 1024 * 1024
CPU_SECONDS = 60
_OUTCOMES = {"SheetRead": SheetRead, "NeedsMapping": NeedsMapping, "SheetRefused": SheetRefused}


@dataclass(frozen=True)
class Question:
    """What `read_people_sheet` is asked, but for the bytes."""

    limits: SheetLimits
    remembered: Mapping[str, Field]
    choice: SheetChoice | None


def read_people_in_child(
    data: bytes,
    limits: SheetLimits,
    *,
    remembered: Mapping[str, Field] | None = None,
    choice: SheetChoice | None = None,
) -> SheetRead | NeedsMapping | SheetRefused:
    """`read_people_sheet`, in a process that may be lost."""
    question = TypeAdapter(Question).dump_json(Question(limits, remembered or {}, choice))
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "app.documents.sheet_child"],
            input=question + b"\n" + data,
            capture_output=True,
            cwd="/",
            env={},
            timeout=2 * CPU_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return SheetRefused(
            "too_large", "reading the sheet takes too long; keep only the columns that are needed"
        )
    name, _, outcome = done.stdout.partition(b"\n")
    if done.returncode != 0 or name.decode() not in _OUTCOMES:
        return SheetRefused(
            "damaged", "the sheet cannot be read; open it in a spreadsheet program and save it again"
        )
    read: SheetRead | NeedsMapping | SheetRefused = TypeAdapter(_OUTCOMES[name.decode()]).validate_json(
        outcome
    )
    return read


def main() -> int:
    """Serve one question."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    head, _, data = sys.stdin.buffer.read().partition(b"\n")
    question = TypeAdapter(Question).validate_python(json.loads(head))
    outcome = read_people_sheet(data, question.limits, remembered=question.remembered, choice=question.choice)
    sys.stdout.buffer.write(type(outcome).__name__.encode() + b"\n")
    sys.stdout.buffer.write(TypeAdapter(type(outcome)).dump_json(outcome))
    return 0


if __name__ == "__main__":
    sys.exit(main())
