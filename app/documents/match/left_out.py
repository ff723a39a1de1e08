"""Who gets nothing by message, why, and which of them are owed a printed payslip. Pure."""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from app.documents.match.people import fold_staff_number
from app.documents.match.release import Severity, State

BY_HAND = "by_hand"
_HAS_OWN_PAGES = frozenset({State.MATCHED, State.DUPLICATE, State.NO_PERSON})


class LeftOut(Protocol):
    """A line that did not leave, or will not. `numbers_seen` are staff numbers printed on pages that are nobody's;
    `sent_anyway`: another payslip of the same person and month leaves."""

    @property
    def match(self) -> str: ...
    @property
    def excluded(self) -> bool: ...
    @property
    def findings(self) -> Sequence[dict[str, str]]: ...
    @property
    def staff_number(self) -> str: ...
    @property
    def numbers_seen(self) -> Sequence[str]: ...
    @property
    def sent_anyway(self) -> bool: ...


class ToPrint(NamedTuple):
    """Places among the lines: whose payslip is to be printed, and the line that has its pages."""

    line: int
    pages_of: int


def reason_left_out(line: LeftOut) -> str:
    """The gravest finding of the line, the first of several; BY_HAND when nothing was found and a person left it out."""
    codes = {
        severity: [finding["code"] for finding in line.findings if finding["severity"] == severity]
        for severity in Severity
    }
    if line.match == State.PAPER:
        return "objection_paper"
    found = codes[Severity.BLOCKING] or codes[Severity.WARNING]
    return found[0] if found else BY_HAND


def to_print(lines: Sequence[LeftOut]) -> list[ToPrint]:
    """In the order of the lines.

    A refused page is printed for each person of the list whose number stands on it, and once for itself while it may
    hold somebody else.
    """
    listed = []
    named: dict[int, int] = {}
    for at, line in enumerate(lines):
        codes = {finding["code"] for finding in line.findings}
        if line.match == State.PAPER:
            listed.append(ToPrint(at, at))
        elif line.match == State.NO_PAYSLIP and "payslip_on_refused_page" in codes:
            page = _page_of(line, lines)
            if page is not None:
                listed.append(ToPrint(at, page))
                named[page] = named.get(page, 0) + 1
        elif line.excluded and line.match in _HAS_OWN_PAGES and not _is_sent(line, codes):
            listed.append(ToPrint(at, at))
    for at, line in enumerate(lines):
        if line.excluded and line.match == State.UNMATCHED:
            several = any(finding["code"] == "two_people_on_page" for finding in line.findings)
            people = max(len(line.numbers_seen), 2 if several else 1)
            if named.get(at, 0) < people:
                listed.append(ToPrint(at, at))
    return sorted(listed)


def _is_sent(line: LeftOut, codes: Collection[str]) -> bool:
    return line.sent_anyway or "already_sent" in codes


def _page_of(person: LeftOut, lines: Sequence[LeftOut]) -> int | None:
    for at, line in enumerate(lines):
        seen = {fold_staff_number(number) for number in line.numbers_seen}
        if line.match == State.UNMATCHED and fold_staff_number(person.staff_number) in seen:
            return at
    return None
