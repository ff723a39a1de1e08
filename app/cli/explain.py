"""`pli explain`: the pure rules, JSON lines in and JSON lines out, without settings and without a database."""

import io
import sys
from typing import Annotated

import typer

from app.messaging.explain import What, answer


def explain(what: Annotated[What, typer.Argument(help="Which rule to ask.")]) -> None:
    """Answer each JSON line of standard input with one JSON line, in order."""
    source = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="surrogateescape", newline="\n")
    for line in source:
        sys.stdout.buffer.write(answer(what.value, line.rstrip("\r\n")).encode() + b"\n")
        sys.stdout.buffer.flush()
