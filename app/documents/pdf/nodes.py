"""New PDF objects under construction: bytes with references to other new objects, numbered only when they are written."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pikepdf

from app.documents.pdf.limits import RefusedPdfError

_MAX_NESTING = 30


class Node:
    """One indirect object to be written. `pieces` is its dictionary; `stream` its encoded bytes, if it is a stream."""

    __slots__ = ("pieces", "stream")

    def __init__(self, pieces: "list[bytes | Node]", stream: bytes | None = None) -> None:
        self.pieces = pieces
        self.stream = stream


def number_nodes(roots: "Iterable[Node]", first: int) -> "dict[Node, int]":
    """An object number for every node reachable from `roots`, counted up from `first` in a fixed order."""
    numbers: dict[Node, int] = {}
    waiting = list(roots)[::-1]
    while waiting:
        node = waiting.pop()
        if node not in numbers:
            numbers[node] = first + len(numbers)
            waiting.extend(piece for piece in reversed(node.pieces) if isinstance(piece, Node))
    return numbers


def written(pieces: "Iterable[bytes | Node]", numbers: "dict[Node, int]") -> bytes:
    """The pieces as PDF text, each node as a reference to its number."""
    return b"".join(b" %d 0 R" % numbers[piece] if isinstance(piece, Node) else piece for piece in pieces)


def object_bytes(node: Node, numbers: "dict[Node, int]") -> bytes:
    """The whole indirect object."""
    head = written(node.pieces, numbers)
    if node.stream is None:
        return b"%d 0 obj\n%b\nendobj\n" % (numbers[node], head)
    return b"%d 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (numbers[node], head, node.stream)


def plain(value: Any, depth: int = 0) -> bytes | None:
    """A number, name, string, boolean or array of them as PDF text; None for anything that could lead elsewhere."""
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, Decimal):
        return format(value, "f").encode("ascii")
    if isinstance(value, pikepdf.Name | pikepdf.String):
        return bytes(value.unparse())
    if isinstance(value, pikepdf.Array):
        if depth > _MAX_NESTING:
            raise RefusedPdfError("recursion", "arrays are nested too deep")
        items = [plain(item, depth + 1) for item in value]
        return None if None in items else b"[" + b" ".join(item for item in items if item is not None) + b"]"
    return None


def identity(value: Any) -> tuple[int, int] | bytes:
    """What tells one source object from another: its number, or its text when it has none."""
    if isinstance(value, pikepdf.Object):
        return value.objgen if value.is_indirect else bytes(value.unparse())
    return repr(value).encode()
