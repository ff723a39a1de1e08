"""Small payrolls of invented people, as a pay office would have them: a PDF and a list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from app.documents.sample_payslips import SamplePerson, draw_payslips

SAMPLES = Path(__file__).parents[1] / "samples"
OCTOBER = date(2026, 10, 1)
NOVEMBER = date(2026, 11, 1)


@dataclass(frozen=True)
class Employee:
    """One line of the list and one payslip. `phone` is typed as on the list."""

    staff: str
    last: str
    first: str
    phone: str
    code: str = "R7K2-W9PX"
    pages: int = 1
    pay: str = "15.00"
    objects: str = ""
    language: str = ""


ZOE = Employee("00100007", "MARTIN", "Zoé", "06 11 00 10 01", "T8QX-4MKW")
NOEL = Employee("00100014", "DUPRÉ", "Noël", "06 11 00 10 02", "H3VN-7RBC", pages=2)
INES = Employee("00100021", "GIRARD", "Inès", "06 11 00 10 03", "K5ZD-2YGP")
TEAM = (ZOE, NOEL, INES)

COLUMNS: dict[str, Callable[[Employee], str]] = {
    "Matricule": lambda one: one.staff,
    "Nom": lambda one: one.last,
    "Prénom": lambda one: one.first,
    "Portable": lambda one: one.phone,
    "Code d'accès": lambda one: one.code,
    "Refus dématérialisation": lambda one: one.objects,
    "Langue": lambda one: one.language,
}


def pdf_of(people: Sequence[Employee], period: date = OCTOBER) -> bytes:
    """One merged file with a payslip per person, in this order."""
    return draw_payslips(
        [
            SamplePerson(
                staff_number=one.staff,
                first_name=one.first,
                last_name=one.last,
                phone=one.phone,
                access_code=one.code,
                job="Comptable",
                hourly_rate=Decimal(one.pay),
                seniority_bonus=Decimal("50.00"),
                tax_percent=Decimal("4.0"),
                hired_on=date(2019, 3, 4),
                pages=one.pages,
            )
            for one in people
        ],
        period,
    )


def list_of(people: Sequence[Employee], *, without: Sequence[str] = ()) -> bytes:
    """The list of these people as a CSV file, without some columns."""
    columns = {heading: read for heading, read in COLUMNS.items() if heading not in without}
    rows = [list(columns), *([read(one) for read in columns.values()] for one in people)]
    return "\r\n".join(";".join(row) for row in rows).encode()


def e164(phone: str) -> str:
    """A French mobile as the network knows it; a number in that form already stays."""
    return phone if phone.startswith("+") else "+33" + phone.replace(" ", "").removeprefix("0")


def sample_file(name: str) -> bytes:
    """One of the payrolls made by real producers."""
    return (SAMPLES / name).read_bytes()


def person(suffix: str) -> Employee:
    """Somebody whose number asks the simulated network for a behaviour."""
    return Employee(f"00200{suffix[-3:]}", "EXEMPLE", "Zoé", f"0610{suffix}", f"Q{suffix[-3:]}-K7XP")


def crew(count: int) -> list[Employee]:
    """So many people without anything particular."""
    return [
        Employee(f"{300_000 + at:08d}", "EXEMPLE", "Zoé", f"06 12 40 {at:02d} 10", f"K{at:03d}-QX7P")
        for at in range(count)
    ]
