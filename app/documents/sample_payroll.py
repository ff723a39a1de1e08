"""A payroll to try Pli with: a merged PDF of payslips and its people sheet, with the mistakes real sheets have.

Names are words for "example"; phone numbers are well-formed French mobiles that may belong to somebody, so a sample
goes through the simulator only.
"""

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from xlsxwriter import Workbook

from app.documents.sample_payslips import SamplePerson, draw_payslips

FEWEST_PEOPLE = 8
MOST_PEOPLE = 200

_FIRST_NAMES = (
    "Aïcha", "Benoît", "Chloé", "Démétrius", "Éloïse", "François", "Gaëlle", "Hervé", "Inès", "Joël", "Kévin", "Léa",
    "Maëlys", "Noël", "Océane", "Pénélope", "Quentin", "Raphaël", "Sélène", "Théo",
)  # fmt: skip
_LAST_NAMES = (
    "EXEMPLE",
    "SPÉCIMEN",
    "MODÈLE",
    "FICTIF",
    "MAQUETTE",
    "ÉCHANTILLON",
    "GABARIT",
    "BROUILLON",
    "D’ESSAI",
    "PATRON",
)
_JOBS = (
    "Comptable",
    "Technicienne",
    "Cheffe de projet",
    "Conducteur de ligne",
    "Assistant RH",
    "Ingénieure",
    "Acheteur",
)
_CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_CHARACTERS = 8
_HEADINGS = ("Matricule", "Nom", "Prénom", "Portable", "Code d'accès", "Refus dématérialisation")

# Places of the mistakes, far enough apart to meet one at a time in the review.
_TWO_PAGES = (1, 6)
_ZERO_LOST_IN_PHONE = 2
_LANDLINE = 3
_OBJECTS = 4
_ZEROS_LOST_IN_NUMBER = 5
_LEFT_OUT_OF_SHEET = 7


@dataclass(frozen=True)
class SamplePayroll:
    """`people` have a payslip each, in page order; the sheet leaves one of them out and names one person more."""

    pdf: bytes
    sheet_xlsx: bytes
    people: tuple[SamplePerson, ...]


def make_sample(seed: int, period: date, people: int = 12, magic_phones: Sequence[str] = ()) -> SamplePayroll:
    """The same seed, month and count make the same bytes.

    In the sheet: a phone that lost its zero, a landline, one person who objects to electronic payslips, a staff number
    stored as a number, one payslip without a person and one person without a payslip; two payslips have two pages.
    `magic_phones` are given to people without a mistake, so that the simulator's failures show up in a demo.
    Raises ValueError for a count outside FEWEST_PEOPLE..MOST_PEOPLE.
    """
    if not FEWEST_PEOPLE <= people <= MOST_PEOPLE:
        raise ValueError(f"a sample has {FEWEST_PEOPLE} to {MOST_PEOPLE} people")
    chance = random.Random(seed)  # noqa: S311 -- a repeatable sample, nothing secret
    invented = [_invent(chance, at) for at in range(people + 1)]
    *employees, newcomer = invented
    for at in _TWO_PAGES:
        employees[at] = replace(employees[at], pages=2)
    employees[_LANDLINE] = replace(employees[_LANDLINE], phone="01 99 00 12 34")
    employees[_OBJECTS] = replace(employees[_OBJECTS], objects=True)
    for at, phone in zip(_places_without_mistake(people), magic_phones, strict=False):
        employees[at] = replace(employees[at], phone=phone)
    listed = [person for at, person in enumerate(employees) if at != _LEFT_OUT_OF_SHEET]
    return SamplePayroll(
        draw_payslips(employees, period), _sheet([*listed, newcomer], employees), tuple(employees)
    )


def _places_without_mistake(people: int) -> list[int]:
    taken = {_ZERO_LOST_IN_PHONE, _LANDLINE, _OBJECTS, _ZEROS_LOST_IN_NUMBER, _LEFT_OUT_OF_SHEET}
    return [at for at in range(people) if at not in taken]


def _invent(chance: random.Random, at: int) -> SamplePerson:
    # 7 is prime to the 20 first names: each goes once round before a pair of names could come back.
    rounds, place = divmod(at, len(_FIRST_NAMES))
    return SamplePerson(
        staff_number=f"{4200 + 7 * at:08d}",
        first_name=_FIRST_NAMES[place * 7 % len(_FIRST_NAMES)],
        last_name=_LAST_NAMES[(place + rounds) % len(_LAST_NAMES)],
        phone=f"06 00 {at // 100:02d} {at % 100:02d} {chance.randrange(100):02d}",
        access_code="".join(chance.choice(_CODE_ALPHABET) for _ in range(_CODE_CHARACTERS)),
        job=chance.choice(_JOBS),
        hourly_rate=Decimal(chance.randrange(1250, 3100)) / 100,
        seniority_bonus=Decimal(chance.randrange(2000, 18000)) / 100,
        tax_percent=Decimal(chance.randrange(0, 120)) / 10,
        hired_on=date(chance.randrange(2009, 2025), chance.randrange(1, 13), chance.randrange(1, 29)),
    )


def _sheet(listed: Sequence[SamplePerson], employees: Sequence[SamplePerson]) -> bytes:
    written = io.BytesIO()
    workbook = Workbook(written, {"in_memory": True})
    workbook.set_properties({"created": datetime(2025, 1, 1, tzinfo=UTC)})
    sheet = workbook.add_worksheet("Effectif")
    bold = workbook.add_format({"bold": True, "bottom": 1})
    for column, heading in enumerate(_HEADINGS):
        sheet.write_string(0, column, heading, bold)
    for at, person in enumerate(listed, start=1):
        if person is employees[_ZEROS_LOST_IN_NUMBER]:
            sheet.write_number(at, 0, int(person.staff_number))
        else:
            sheet.write_string(at, 0, person.staff_number)
        sheet.write_string(at, 1, person.last_name)
        sheet.write_string(at, 2, person.first_name)
        if person is employees[_ZERO_LOST_IN_PHONE]:
            sheet.write_number(at, 3, int(person.phone.replace(" ", "")))
        else:
            sheet.write_string(at, 3, person.phone)
        sheet.write_string(at, 4, person.access_code)
        sheet.write_string(at, 5, "oui" if person.objects else "")
    sheet.set_column(0, len(_HEADINGS) - 1, 16)
    sheet.freeze_panes(1, 0)
    workbook.close()
    return written.getvalue()
