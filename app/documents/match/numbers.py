"""Finding the staff number printed on a page: an organisation's own pattern, or labels usual on French payslips."""

import re
from collections.abc import Iterable
from functools import lru_cache

from app.core.errors import InvalidInput

_STEMS = ("matr", "salari", "employee", "staff", "personnel", "payroll", "agent")
_LABEL = (
    r"(?:n(?:[°º\ufffdo]|um[eé\ufffd]ro)?\s?\.?\s*(?:de\s+)?)?"
    r"(?:matricule(?:\s+(?:paie|salari[eé\ufffd]|interne|agent))?|matr\.?|(?:n[°º\ufffdo]\s?\.?|num[eé\ufffd]ro|code)\s*(?:de\s+)?(?:l['’])?(?:salari[eé\ufffd]|agent|personnel)"
    r"|(?:employee|staff|personnel|payroll)\s*(?:number|no\.?|nr\.?|id|code|\#|ref(?:erence)?\.?))"
)
_VALUE = r"(?=[A-Z0-9._/-]{0,16}\d)(?!\d{1,2}/\d{1,2}/)[A-Z0-9](?:[A-Z0-9._/-]{0,18}[A-Z0-9])?"
_GAP = r"[ \t]*(?:n[°º\ufffdo][ \t]*)?(?:[:.#=\-–—]+[ \t]*)?"
_DIRECT = re.compile(
    rf"(?<![\w'’]){_LABEL}{_GAP}(?:\n{_GAP})?(?<![\w/.-])({_VALUE})(?![\w/,.-]*\w|[°º]|(?<![A-Z0-9]{{3}}) \d)",
    re.IGNORECASE,
)
_HEADING = re.compile(rf"(?<![\w'’]){_LABEL}(?!\w)", re.IGNORECASE)
_CANDIDATE = re.compile(r"(?<![\w.,/-])(?=[A-Z0-9-]{0,12}\d)[A-Z0-9][A-Z0-9-]{2,14}(?![\w,/]|[.-]\w)")
_NATIONAL_ID = re.compile(r"\b[12] ?\d\d ?\d\d ?\d[\dAB] ?\d{3} ?\d{3}(?: ?\d\d)?\b")
_YEAR = re.compile(r"(?:19|20)\d\d")
_MAX_PATTERN = 500
_LINES_BELOW_HEADING = 3


@lru_cache(maxsize=64)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """An organisation's own pattern: a regular expression with exactly one group, the number.

    Raises `InvalidInput` with `staff_pattern_invalid` otherwise.
    """
    if len(pattern) > _MAX_PATTERN:
        raise InvalidInput("staff_pattern_invalid", f"The pattern is longer than {_MAX_PATTERN} characters.")
    try:
        compiled = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    except (re.error, OverflowError, RecursionError):
        raise InvalidInput(
            "staff_pattern_invalid", "The pattern is not a valid regular expression."
        ) from None
    if compiled.groups != 1:
        raise InvalidInput("staff_pattern_invalid", "The pattern needs exactly one group: the staff number.")
    return compiled


def numbers_on_page(text: str, pattern: str | None) -> tuple[str, ...]:
    """The different staff numbers on a page, in reading order, in capitals and with their leading zeros."""
    if pattern is not None:
        found = (match[1] for match in compile_pattern(pattern).finditer(text))
        return _different(number for number in found if number)
    lines = _lines_with_label(text)
    if not lines:
        return ()
    direct = _different(match[1] for start, end in lines for match in _DIRECT.finditer(text[start:end]))
    return direct or _below_heading(text.split("\n"))


def _lines_with_label(text: str) -> list[tuple[int, int]]:
    """Where lines that may hold a label start, and where the line after each ends: labels and values can be apart."""
    lowered = text.lower()
    if len(lowered) != len(text):
        return [(0, len(text))]
    starts = set()
    for stem in _STEMS:
        at = lowered.find(stem)
        while at >= 0:
            starts.add(text.rfind("\n", 0, at) + 1)
            at = lowered.find(stem, at + 1)
    ends = {}
    for start in sorted(starts):
        line_end = text.find("\n", start)
        next_end = text.find("\n", line_end + 1) if line_end >= 0 else -1
        ends[start] = next_end if next_end >= 0 else len(text)
    return list(ends.items())


def _below_heading(lines: list[str]) -> tuple[str, ...]:
    """The number of a page whose label is a column heading: the only candidate on the first line below that has one."""
    for at, line in enumerate(lines):
        if not _HEADING.search(line):
            continue
        for below in lines[at + 1 : at + 1 + _LINES_BELOW_HEADING]:
            candidates = _different(
                word for word in _CANDIDATE.findall(_NATIONAL_ID.sub(" ", below)) if not _YEAR.fullmatch(word)
            )
            if candidates:
                return candidates if len(candidates) == 1 else ()
    return ()


def _different(numbers: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(number.strip().upper() for number in numbers))
