"""People of a payroll: one row of the clerk's sheet, its phone, and what makes two rows the same person."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from app.documents.match.rows import Objection, PersonRow
from app.messaging.numbers.phone import Phone, Unreachable, read_phone

__all__ = [
    "Objection",
    "Person",
    "PersonRow",
    "StaffNumbers",
    "Tie",
    "distinct_people",
    "fold_staff_number",
    "pad_staff_number",
    "read_people",
    "without_leading_zeros",
]


@dataclass(frozen=True, slots=True)
class Person:
    """A row together with what its phone cell means."""

    row: PersonRow
    phone: Phone | Unreachable

    @property
    def e164(self) -> str | None:
        """The number a text can be sent to, or None."""
        return self.phone.e164 if isinstance(self.phone, Phone) else None


def read_people(rows: Iterable[PersonRow], region: str) -> tuple[Person, ...]:
    """Each row with its phone read. `region` is the ISO code numbers without a country belong to.

    Raises InvalidInput("unknown_region") for a region without a numbering plan.
    """
    return tuple(Person(row, read_phone(row.phone_typed, region)) for row in rows)


def fold_staff_number(text: str) -> str:
    """The form staff numbers are compared in: compatibility forms, spaces and letter case do not count."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def without_leading_zeros(number: str) -> str:
    """A folded staff number as a spreadsheet leaves it: digits alone lose their leading zeros, others keep them."""
    if number.isascii() and number.isdigit():
        return number.lstrip("0") or "0"
    return number


def pad_staff_number(number: str, widths: Collection[int]) -> str:
    """Put back the zeros a spreadsheet cut, when every number on the pages has one same width.

    `widths` holds the widths seen on pages, or the single one the organisation sets. Several widths say nothing,
    so the number stays as it is; letters are never padded.
    """
    if len(set(widths)) == 1 and number.isascii() and number.isdigit():
        return number.zfill(max(widths))
    return number


class StaffNumbers:
    """Ties a number typed in a sheet to a number printed on pages: as typed first, else by its zeros alone."""

    def __init__(self, printed: Iterable[str]) -> None:
        """`printed` are the numbers read on pages, in any form."""
        self._printed = {fold_staff_number(number) for number in printed}
        self._widths = {len(number) for number in self._printed}
        self._by_bare_form: dict[str, list[str]] = {}
        for number in sorted(self._printed):
            self._by_bare_form.setdefault(without_leading_zeros(number), []).append(number)

    def tie(self, typed: str) -> "Tie":
        """The printed number that `typed` stands for."""
        number = fold_staff_number(typed)
        if number in self._printed:
            return Tie(number, repaired=False, ambiguous=False)
        candidates = self._by_bare_form.get(without_leading_zeros(number), [])
        if len(candidates) == 1:
            return Tie(candidates[0], repaired=True, ambiguous=False)
        if candidates:
            return Tie(number, repaired=False, ambiguous=True)
        # Nobody's payslip: written as the others are, so that next month's sheet finds the same person.
        return Tie(pad_staff_number(number, self._widths), repaired=False, ambiguous=False)


@dataclass(frozen=True, slots=True)
class Tie:
    """`number` is the printed one; when no page bears it, the typed one folded, as wide as all printed ones are.

    `repaired`: only leading zeros differed. `ambiguous`: zeros differ and several printed numbers would fit, so
    none is taken.
    """

    number: str
    repaired: bool
    ambiguous: bool


def _same_data_key(person: Person) -> tuple[object, ...]:
    row = person.row
    phone = person.e164 or row.phone_typed
    name = " ".join(unicodedata.normalize("NFC", row.name).casefold().split())
    return (name, phone, row.access_code, row.language, row.objection, row.unreadable)


def distinct_people(group: Iterable[Person]) -> Mapping[Person, tuple[Person, ...]]:
    """Rows that bear one staff number, folded: each really different row, with the later rows that repeat it.

    Two rows say the same when name, number (after reading), access code, language and objection agree.
    """
    kept: dict[tuple[object, ...], Person] = {}
    repeats: dict[Person, tuple[Person, ...]] = {}
    for person in group:
        first = kept.setdefault(_same_data_key(person), person)
        if first is person:
            repeats[person] = ()
        else:
            repeats[first] = (*repeats[first], person)
    return repeats
