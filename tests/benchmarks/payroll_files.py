"""Payrolls of any size for benchmarks: one merged PDF with shared embedded fonts and logo, as payroll programs write them.

The same `seed` gives the same file. People are invented; a quarter of the payslips run over two pages. A page holds as
much as a French payslip does, about 2,700 letters: 2,000 pages are 7 MB.
"""

import io
import random
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import reportlab
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

_FONT_FOLDER = Path(reportlab.__file__).parent / "fonts"
_FIRST_NAMES = ("Élodie", "François", "Gaëlle", "Hervé", "Océane", "Jérôme", "Maëlys", "Noël", "Agnès", "Zoé")
_LAST_NAMES = (
    "DUPRÉ",
    "LEFÈVRE",
    "GARÇON",
    "BENOÎT",
    "CHÂTELAIN",
    "HÉLÈNE-ROUX",
    "D'AOUST",
    "MOREAU",
    "GIRARD",
    "PÉREZ",
)
_LINES = (
    "Salaire de base",
    "Heures supplémentaires à 25 %",
    "Prime d'ancienneté",
    "Prime exceptionnelle",
    "Indemnité congés payés",
    "Absence congés payés",
    "SALAIRE BRUT",
    "Santé",
    "Sécurité sociale - Maladie Maternité Invalidité Décès",
    "Complémentaire Incapacité Invalidité Décès",
    "Complémentaire Santé",
    "Accidents du travail - Maladies professionnelles",
    "Retraite",
    "Sécurité sociale plafonnée",
    "Sécurité sociale déplafonnée",
    "Complémentaire Tranche 1",
    "Complémentaire Tranche 2",
    "Famille",
    "Assurance chômage",
    "APEC",
    "Autres contributions dues par l'employeur",
    "Cotisations statutaires ou prévues par la conv. coll.",
    "CSG déductible de l'impôt sur le revenu",
    "CSG/CRDS non déductible de l'impôt sur le revenu",
    "Exonérations et allègements de cotisations",
    "TOTAL DES COTISATIONS ET CONTRIBUTIONS",
    "Titres-restaurant",
    "Remboursement frais de transport (50 %)",
    "MONTANT NET SOCIAL",
    "NET À PAYER AVANT IMPÔT SUR LE REVENU",
    "Impôt sur le revenu prélevé à la source - PAS",
    "NET PAYÉ EN EUROS",
)
_HEADINGS = ("Base", "Taux sal.", "Part salarié", "Taux pat.", "Part employeur")
_NOTICES = (
    "Dans votre intérêt et pour vous aider à faire valoir vos droits, conservez ce bulletin de paie sans limitation de durée.",
    "Informations sur les mentions du bulletin : www.service-public.fr (rubrique « cotisations salariales »)",
)


@dataclass(frozen=True)
class _Person:
    staff_number: str
    name: str
    national_id: str


def _logo(rng: random.Random) -> ImageReader:
    """A picture that does not compress to nothing, as a scanned logo does not."""
    picture = Image.frombytes("RGB", (72, 62), rng.randbytes(72 * 62 * 3))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    buffer.seek(0)
    return ImageReader(buffer)


def _amount(rng: random.Random) -> str:
    euros = rng.randint(10, 3999)
    thousands = f"{euros // 1000} {euros % 1000:03d}" if euros >= 1000 else str(euros)
    return f"{thousands},{rng.randint(0, 99):02d}"


def _leave(rng: random.Random) -> str:
    taken = rng.randint(0, 25)
    earned = rng.randint(0, 24) + 0.08
    return (
        f"Congés N-1 : acquis 25,00 pris {taken},00 solde {25 - taken},00"
        f" Congés N : acquis {earned:.2f} pris 0,00 solde {earned:.2f} RTT : {rng.randint(0, 9)},00"
    ).replace(".", ",")


def _first_page(canvas: Canvas, rng: random.Random, person: _Person, logo: ImageReader, of: int) -> None:
    canvas.drawImage(logo, 40, 770, 36, 31)
    canvas.setFont("Vera-Bold", 14)
    canvas.drawString(220, 790, "BULLETIN DE PAIE")
    canvas.setFont("Vera", 8)
    head = (
        f"Période : septembre 2025 - Page 1/{of}",
        f"Matricule : {person.staff_number}",
        f"N° Sécurité sociale : {person.national_id}",
        "Emploi : Chargé d'études & développement",
        f"Qualification : Cadre - coefficient {rng.randint(9, 27)}0",
        "Convention collective : Bureaux d'études techniques (Syntec)",
        f"Entrée le : {rng.randint(1, 28):02d}/{rng.randint(1, 12):02d}/{rng.randint(1998, 2024)}",
    )
    for index, line in enumerate(head):
        canvas.drawString(40, 755 - 11 * index, line)
    canvas.drawString(330, 740, person.name)
    canvas.drawString(330, 729, f"{rng.randint(1, 199)} rue de l'Église")
    canvas.drawString(330, 718, f"{rng.randint(10000, 95999)} SAINT-ÉTIENNE-DU-RHÔNE")
    for column, heading in enumerate(_HEADINGS):
        canvas.drawRightString(320 + 55 * column, 664, heading)
    for row, label in enumerate(_LINES):
        y = 650 - 14 * row
        canvas.setFont("Vera-Bold" if label.isupper() else "Vera", 7)
        canvas.drawString(40, y, label)
        for column in range(5):
            if rng.random() < 0.7:
                canvas.drawRightString(320 + 55 * column, y, _amount(rng))
    canvas.line(40, 185, 560, 185)
    canvas.drawString(40, 170, f"Net payé : {_amount(rng)} € par virement")
    canvas.drawString(40, 150, _leave(rng))
    cumuls = f"brut : {_amount(rng)} net imposable : {_amount(rng)} PAS : {_amount(rng)}"
    canvas.drawString(40, 135, f"Cumuls annuels - {cumuls}")
    canvas.setFont("Vera", 6)
    for index, line in enumerate(_NOTICES):
        canvas.drawString(40, 70 - 9 * index, line)
    canvas.showPage()


def _second_page(canvas: Canvas, rng: random.Random, person: _Person, logo: ImageReader) -> None:
    canvas.drawImage(logo, 40, 770, 36, 31)
    canvas.setFont("Vera-Bold", 12)
    canvas.drawString(200, 790, "Annexe au bulletin de paie")
    canvas.setFont("Vera", 8)
    canvas.drawString(40, 755, f"Matricule : {person.staff_number} - Période : septembre 2025 - Page 2/2")
    for day in range(1, 31):
        kind = rng.choice(("Télétravail", "Présence", "Congé payé", "Récupération"))
        canvas.drawString(
            40, 740 - 14 * day, f"{day:02d}/09/2025 {kind} {rng.randint(0, 9)},{rng.randint(0, 99):02d} h"
        )
    canvas.showPage()


def make_joined(pages: int, seed: int) -> tuple[bytes, list[tuple[str, str]]]:
    """The same people, a page each, in documents of their own that were joined: each carries its own fonts and logo, 48 KB
    a page."""
    joined, everybody = pikepdf.new(), []
    for number in range(pages):
        pdf, people = make_payroll(1, seed=seed + number, first=number + 1)
        with pikepdf.open(io.BytesIO(pdf)) as single:
            joined.pages.extend(single.pages)
        everybody += people
    buffer = io.BytesIO()
    joined.save(buffer, deterministic_id=True)
    return buffer.getvalue(), everybody


def make_payroll(pages: int, seed: int, first: int = 1) -> tuple[bytes, list[tuple[str, str]]]:
    """A merged payroll of exactly `pages` pages, and its people as (staff number, name) in the order of the file. They
    are numbered from `first`."""
    rng = random.Random(seed)
    for name, file in (("Vera", "Vera.ttf"), ("Vera-Bold", "VeraBd.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(_FONT_FOLDER / file)))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    logo = _logo(rng)
    people: list[tuple[str, str]] = []
    written = 0
    while written < pages:
        person = _Person(
            staff_number=f"{100_000 + 7 * (len(people) + first):08d}",
            name=f"{rng.choice(_FIRST_NAMES)} {rng.choice(_LAST_NAMES)}",
            national_id=f"{rng.randint(1, 2)} {rng.randint(10, 99)} 0{rng.randint(1, 9)} {rng.randint(10, 95)} {rng.randint(100, 999)} {rng.randint(100, 999)} {rng.randint(10, 97)}",
        )
        of = 2 if written + 2 <= pages and rng.random() < 0.25 else 1
        _first_page(canvas, rng, person, logo, of)
        if of == 2:
            _second_page(canvas, rng, person, logo)
        people.append((person.staff_number, person.name))
        written += of
    canvas.save()
    return buffer.getvalue(), people
