"""Which access codes are refused: those that somebody who knows the person, or has a minute, would try first. Pure.

A birth date is known to colleagues, and there are only some 16,000 plausible ones; a staff number is printed on the
payslip of last month; the phone number is where the link was sent.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Final

SHORTEST: Final = 6
LONGEST: Final = 128
_NIR = re.compile(
    r"[12]\d{2}(?:0[1-9]|1[0-2]|[2-9]\d)\d{2}\d{6}(?:\d{2})?|[12]\d{2}(?:0[1-9]|1[0-2])2[AB]\d{6}(?:\d{2})?"
)
_SEPARATORS = re.compile(r"[\s./\-_]+")
_RUNS: Final = (
    "0123456789012345",
    "9876543210987654",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "AZERTYUIOP",
    "QWERTYUIOP",
)
_OLDEST_YEAR, _YOUNGEST_YEAR = 1920, 2015


class Weakness(StrEnum):
    """Why a code is refused."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TRIVIAL = "trivial"
    BIRTH_DATE = "birth_date"
    NATIONAL_NUMBER = "national_number"
    PHONE = "phone"
    STAFF_NUMBER = "staff_number"
    SHARED = "shared"
    CONSECUTIVE = "consecutive"


@dataclass(frozen=True, slots=True)
class CodeOf:
    """A code of the sheet with what is known of its owner. `phone` is in E.164; `national_number` is the French NIR."""

    code: str
    phone: str = ""
    staff_number: str = ""
    birth_date: date | None = None
    national_number: str = ""


def weakness(subject: CodeOf) -> Weakness | None:
    """Why this code is refused on its own; None when it is good."""
    code = _SEPARATORS.sub("", subject.code).upper()
    if len(code) < SHORTEST:
        return Weakness.TOO_SHORT
    if len(subject.code) > LONGEST:
        return Weakness.TOO_LONG
    if len(set(code)) <= 2 or any(code in run for run in _RUNS):
        return Weakness.TRIVIAL
    if _is_birth_date(code, subject.birth_date):
        return Weakness.BIRTH_DATE
    if _is_national_number(code, _SEPARATORS.sub("", subject.national_number).upper()):
        return Weakness.NATIONAL_NUMBER
    digits = re.sub(r"\D", "", subject.phone)
    if code.isdigit() and digits and (code in digits or code.lstrip("0") in digits):
        return Weakness.PHONE
    staff = _SEPARATORS.sub("", subject.staff_number).upper()
    if staff and code.lstrip("0") == staff.lstrip("0"):
        return Weakness.STAFF_NUMBER
    return None


def weaknesses(subjects: Sequence[CodeOf]) -> list[Weakness | None]:
    """Why each code of a column is refused, seen alone and beside the others.

    Among random codes of six digits one in 27 reads as a day, month and year; when more than a third of a column does,
    the column holds birth dates. A code that several people share, or a column that counts upwards, is refused too.
    """
    codes = [_SEPARATORS.sub("", subject.code).upper() for subject in subjects]
    shared = {code for code, count in Counter(codes).items() if count > 1}
    dated = [_reads_as_date(code) for code in codes]
    column_of_dates = len(codes) >= 3 and sum(dated) * 3 > len(codes)
    numbers = [int(code) if code.isdecimal() and len(code) <= 20 else None for code in codes]
    ordered = sorted(number for number in numbers if number is not None)
    steps = sum(right - left in (1, -1) for left, right in pairwise(ordered))
    counting = len(codes) >= 3 and steps * 2 > len(codes)
    verdicts: list[Weakness | None] = []
    for subject, code, is_date, number in zip(subjects, codes, dated, numbers, strict=True):
        verdict = weakness(subject)
        if verdict is None and code in shared:
            verdict = Weakness.SHARED
        if verdict is None and is_date and column_of_dates:
            verdict = Weakness.BIRTH_DATE
        if verdict is None and counting and number is not None:
            verdict = Weakness.CONSECUTIVE
        verdicts.append(verdict)
    return verdicts


def _is_birth_date(code: str, known: date | None) -> bool:
    if known is not None and code in {
        known.strftime(form) for form in ("%d%m%Y", "%d%m%y", "%Y%m%d", "%y%m%d")
    }:
        return True
    return len(code) == 8 and _reads_as_date(code)


def _reads_as_date(code: str) -> bool:
    """Day, month and year of somebody alive, in the French or the ISO order, with two or four digits for the year."""
    if not code.isascii() or not code.isdigit():
        return False
    if len(code) == 8:
        return _plausible(code[:2], code[2:4], code[4:]) or _plausible(code[6:], code[4:6], code[:4])
    if len(code) == 6:
        return any(_plausible(code[:2], code[2:4], century + code[4:]) for century in ("19", "20"))
    return False


def _plausible(day: str, month: str, year: str) -> bool:
    if not _OLDEST_YEAR <= int(year) <= _YOUNGEST_YEAR:
        return False
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _is_national_number(code: str, known: str) -> bool:
    if _NIR.fullmatch(code):
        return True
    return bool(known) and code in known
