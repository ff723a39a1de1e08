"""The one byte range a browser may ask for (RFC 9110, section 14). Pure."""

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*")
_LONGEST_NUMBER = 18


@dataclass(frozen=True)
class Whole:
    """No range, or one that is answered with everything."""


@dataclass(frozen=True)
class Span:
    """Bytes `start` to `end`, exclusive."""

    start: int
    end: int


@dataclass(frozen=True)
class Unsatisfiable:
    """The range begins past the end."""


def read_range(header: str | None, size: int) -> Whole | Span | Unsatisfiable:
    """What a Range header asks of `size` bytes. Several ranges, other units and nonsense get the whole document."""
    matched = _ONE_RANGE.fullmatch(header) if header else None
    if matched is None:
        return Whole()
    first, last = matched.groups()
    if max(len(first), len(last)) > _LONGEST_NUMBER or not (first or last):
        return Whole()
    if not first:
        length = min(int(last), size)
        return Span(size - length, size) if length else Unsatisfiable()
    start = int(first)
    if last and int(last) < start:
        return Whole()
    if start >= size:
        return Unsatisfiable()
    return Span(start, min(int(last) + 1, size) if last else size)
