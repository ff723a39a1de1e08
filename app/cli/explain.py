"""`pli explain`: the pure rules, JSON lines in and JSON lines out, without settings and without a database."""

import io
import sys
from enum import StrEnum
from typing import Annotated

import typer


class What(StrEnum):
    """The rules that can be asked."""

    SEGMENT = "segment"
    ENCODE = "encode"
    OPTOUT = "optout"
    PHONE = "phone"
    WINDOW = "window"


def explain(what: Annotated[What, typer.Argument(help="Which rule to ask.")]) -> None:
    """Answer each JSON line of standard input with one JSON line, in order."""
    from app.messaging.explain import answer

    source = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="surrogateescape", newline="\n")
    for line in source:
        sys.stdout.buffer.write(answer(what.value, line.rstrip("\r\n")).encode() + b"\n")
        sys.stdout.buffer.flush()
