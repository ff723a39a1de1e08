"""The pay period printed on a page."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Protocol

_MONTHS = {
    "janv": 1, "jan": 1, "fev": 2, "fév": 2, "f\ufffdv": 2, "feb": 2, "mar": 3, "avr": 4, "apr": 4, "mai": 5, "may": 5,
    "juin": 6, "jun": 6, "juil": 7, "jul": 7, "aou": 8, "aoû": 8, "ao\ufffd": 8, "aug": 8, "sep": 9, "oct": 10,
    "nov": 11, "dec": 12, "déc": 12, "d\ufffdc": 12,
}  # fmt: skip
_LABEL = r"(?:p[eé\ufffd]riode(?:\s+de\s+pa[iy]e)?|mois\s+de\s+pa[iy]e|pay\s+period|period|bulletin\s+de\s+paie\s+de)"
# Two runs of blanks never meet, here and below: a page of blanks could be shared between them in too many ways.
_GAP = r"\s*(?::\s*)?(?:du\s+)?"
_NAMED = re.compile(
    rf"{_LABEL}{_GAP}(?:mois\s+d[e'’]\s*)?(?:\d{{1,2}}(?:er)?\s+)?([a-zéû\ufffd]{{3,10}})\.?\s+((?:19|20)\d\d)",
    re.IGNORECASE,
)
_NUMERIC = re.compile(rf"{_LABEL}{_GAP}(?:\d{{1,2}}[/.])?(\d{{1,2}})[/.-]((?:19|20)\d\d)", re.IGNORECASE)


class Dated(Protocol):
    """Anything for a month, "" when that is unknown."""

    @property
    def period(self) -> str: ...


def usual_period(slips: Iterable[Dated]) -> str:
    """The month most payslips are for, the first of several; empty when none says it."""
    counted = Counter(slip.period for slip in slips if slip.period)
    return counted.most_common(1)[0][0] if counted else ""


def period_on_page(text: str) -> str:
    """The month a payslip is for, as "2025-09"; empty when the page does not say it in a known way."""
    lowered = text.lower()
    if "riod" not in lowered and "mois de pa" not in lowered and "bulletin de paie de" not in lowered:
        return ""
    named = _NAMED.search(text)
    if named:
        word = named[1].lower()
        month = _MONTHS.get(word[:4]) or _MONTHS.get(word[:3])
        if month:
            return f"{named[2]}-{month:02d}"
    numeric = _NUMERIC.search(text)
    if numeric and 1 <= int(numeric[1]) <= 12:
        return f"{numeric[2]}-{int(numeric[1]):02d}"
    return ""
