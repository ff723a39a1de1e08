"""Reading a people sheet in a process of its own, which may be lost (see `app.documents.people.child`)."""

import json
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from app.core.errors import Overloaded
from app.documents.people.child import CPU_SECONDS
from app.documents.people.headings import Field
from app.documents.people.model import NeedsMapping, SheetChoice, SheetLimits, SheetRead, SheetRefused

# Each child may take `sheet_child.MEMORY_BYTES`, and the page that asks about columns starts one at every visit.
AT_ONCE = 2
PATIENCE_SECONDS = 30.0
_room = threading.BoundedSemaphore(AT_ONCE)
_OUTCOMES = {outcome.__name__: outcome for outcome in (SheetRead, NeedsMapping, SheetRefused)}


def read_people_in_child(
    data: bytes,
    limits: SheetLimits,
    *,
    remembered: Mapping[str, Field] | None = None,
    choice: SheetChoice | None = None,
    needed: Collection[Field] = (),
    ask: bool = False,
) -> SheetRead | NeedsMapping | SheetRefused:
    """`read_people_sheet`, in a process that may be lost. Raises Overloaded when too many sheets are being read."""
    question = {
        "limits": asdict(limits),
        "remembered": dict(remembered or {}),
        "choice": asdict(choice) if choice else None,
        "needed": list(needed),
        "ask": ask,
    }
    if not _room.acquire(timeout=PATIENCE_SECONDS):
        raise Overloaded("sheets_queue", "too many sheets are being read; try again in a few seconds")
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "app.documents.people.child"],
            input=json.dumps(question).encode() + b"\n" + data,
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
    finally:
        _room.release()
    name, _, outcome = done.stdout.partition(b"\n")
    if done.returncode != 0 or name.decode() not in _OUTCOMES:
        return SheetRefused(
            "damaged", "the sheet cannot be read; open it in a spreadsheet program and save it again"
        )
    read: SheetRead | NeedsMapping | SheetRefused = _reader(name.decode()).validate_json(outcome)
    return read


@lru_cache
def _reader(name: str) -> TypeAdapter[Any]:
    """Checks what comes from the child; making one takes longer than using it."""
    return TypeAdapter(_OUTCOMES[name])
