"""Draws French payslips that look like real ones, with amounts that add up. Employer and employees are invented."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from app.documents.fonts import BOLD, REGULAR, fit, register_fonts

EMPLOYER = "Maison Exemple SAS"

_WIDTH, _HEIGHT = float(A4[0]), float(A4[1])
_LEFT: float = 14 * mm
_RIGHT: float = _WIDTH - 14 * mm
_ROW: float = 6.4 * mm
_BLUE, _INK, _SOFT, _LINE, _PALE = map(HexColor, ("#1d4f73", "#1f2937", "#5b6470", "#c9d3dc", "#eef3f7"))
_COLUMN_ENDS = (_LEFT + 98 * mm, _LEFT + 115 * mm, _LEFT + 136 * mm, _LEFT + 153 * mm, _RIGHT - 1 * mm)
_COLUMN_TITLES = ("Base", "Taux sal.", "Part salarié", "Taux pat.", "Part employeur")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
_HOURS = Decimal("151.67")
_CSG_SHARE = Decimal("0.9825")
# Label, then the employee's and the employer's rate in per cent: plausible for 2025, meant to be looked at only.
_CONTRIBUTIONS = (
    ("Sécurité sociale - Maladie Maternité Invalidité Décès", "0", "7.00"),
    ("Complémentaire Santé", "0.65", "0.65"),
    ("Accidents du travail - Maladies professionnelles", "0", "1.20"),
    ("Sécurité sociale plafonnée", "6.90", "8.55"),
    ("Sécurité sociale déplafonnée", "0.40", "2.02"),
    ("Complémentaire Tranche 1", "4.01", "6.01"),
    ("Famille", "0", "3.45"),
    ("Assurance chômage", "0", "4.00"),
    ("Autres contributions dues par l’employeur", "0", "1.92"),
)


@dataclass(frozen=True)
class SamplePerson:
    """One invented employee, as the payslip and the sheet show them. `phone` is typed text, maybe a bad one."""

    staff_number: str
    first_name: str
    last_name: str
    phone: str
    access_code: str
    job: str
    hourly_rate: Decimal
    seniority_bonus: Decimal
    tax_percent: Decimal
    hired_on: date
    pages: int = 1
    objects: bool = False


def draw_payslips(people: Sequence[SamplePerson], period: date) -> bytes:
    """One merged PDF, a payslip of one or two pages per person, in the order given."""
    register_fonts()
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=A4, invariant=1, pageCompression=1, lang="fr")
    canvas.setTitle(f"Bulletins de paie - {month_name(period)}")
    canvas.setAuthor(EMPLOYER)
    for person in people:
        for page in range(1, person.pages + 1):
            _Page(canvas, person, period).draw(page)
            canvas.showPage()
    canvas.save()
    return written.getvalue()


def month_name(period: date) -> str:
    """The month in French words: "septembre 2025"."""
    return f"{_MONTHS[period.month - 1]} {period.year}"


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _french(amount: Decimal) -> str:
    return f"{amount:,.2f}".replace(",", "\u00a0").replace(".", ",")


@dataclass(frozen=True)
class _Line:
    label: str
    base: Decimal | None = None
    employee_rate: Decimal | None = None
    employee: Decimal | None = None
    employer_rate: Decimal | None = None
    employer: Decimal | None = None
    strong: bool = False

    def cells(self) -> tuple[str, ...]:
        values = (self.base, self.employee_rate, self.employee, self.employer_rate, self.employer)
        return tuple("" if not value else _french(value) for value in values)


class _Page:
    """One page of one payslip; amounts are worked out from the person, so both pages agree."""

    def __init__(self, canvas: Canvas, person: SamplePerson, period: date) -> None:
        self._canvas = canvas
        self._person = person
        self._period = period
        self._pay = _work_out(person)

    def draw(self, page: int) -> None:
        self._draw_header(page)
        if page == 1:
            self._draw_address()
            bottom = self._draw_lines(_HEIGHT - 84 * mm)
            self._draw_net(bottom - 16 * mm)
            self._draw_year(bottom - 36 * mm)
        else:
            self._draw_details(_HEIGHT - 62 * mm)
        notice = "Dans votre intérêt et pour vous aider à faire valoir vos droits, conservez ce bulletin de paie sans limitation de durée."
        self._text(_LEFT, 12 * mm, notice, 6.5, color=_SOFT)
        self._text(
            _LEFT,
            8.5 * mm,
            "Document d’exemple : employeur, salariés et montants sont inventés.",
            6.5,
            color=_SOFT,
        )

    def _text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        font: str = REGULAR,
        color: Color = _INK,
        width: float = 0,
    ) -> None:
        self._canvas.setFillColor(color)
        self._canvas.setFont(font, size)
        self._canvas.drawString(x, y, fit(text, font, size, width or _RIGHT - x))

    def _right(
        self, x: float, y: float, text: str, size: float, font: str = REGULAR, color: Color = _INK
    ) -> None:
        self._canvas.setFillColor(color)
        self._canvas.setFont(font, size)
        self._canvas.drawRightString(x, y, text)

    def _draw_header(self, page: int) -> None:
        canvas, person = self._canvas, self._person
        canvas.setFillColor(_BLUE)
        canvas.rect(0, _HEIGHT - 20 * mm, _WIDTH, 20 * mm, stroke=0, fill=1)
        white = HexColor("#ffffff")
        self._text(_LEFT, _HEIGHT - 12.5 * mm, "BULLETIN DE PAIE", 15, BOLD, white)
        self._right(_RIGHT, _HEIGHT - 10 * mm, f"Période : {month_name(self._period)}", 9, BOLD, white)
        self._right(_RIGHT, _HEIGHT - 15 * mm, f"Page {page}/{person.pages}", 8, REGULAR, white)
        self._text(_LEFT, _HEIGHT - 28 * mm, EMPLOYER, 9.5, BOLD)
        for at, line in enumerate(
            (
                "1 rue du Modèle, 00000 Exempleville",
                "SIRET : 000 000 000 00000 - APE : 0000Z",
                "Convention collective : exemple",
            )
        ):
            self._text(_LEFT, _HEIGHT - (32.5 + 4 * at) * mm, line, 7.5, color=_SOFT, width=80 * mm)
        canvas.setStrokeColor(_LINE)
        canvas.setFillColor(_PALE)
        canvas.roundRect(_LEFT, _HEIGHT - 57 * mm, 84 * mm, 12.5 * mm, 1.5 * mm, stroke=0, fill=1)
        self._text(_LEFT + 3 * mm, _HEIGHT - 50 * mm, f"Matricule : {person.staff_number}", 9, BOLD)
        details = f"Emploi : {person.job} - Entrée le {person.hired_on:%d/%m/%Y}"
        self._text(_LEFT + 3 * mm, _HEIGHT - 54.5 * mm, details, 7, color=_SOFT, width=79 * mm)
        if page > 1:
            self._text(
                _LEFT + 100 * mm, _HEIGHT - 50 * mm, f"{person.first_name} {person.last_name}", 9, BOLD
            )

    def _draw_address(self) -> None:
        person, x = self._person, _LEFT + 100 * mm
        self._text(x, _HEIGHT - 50 * mm, f"{person.first_name} {person.last_name}", 10.5, BOLD)
        number = int(person.staff_number) % 90 + 1
        for at, line in enumerate((f"{number} avenue de la Fiction", "00000 EXEMPLEVILLE", "FRANCE")):
            self._text(x, _HEIGHT - (55 + 4.5 * at) * mm, line, 9)

    def _draw_lines(self, top: float) -> float:
        """Draw the table under `top` and return where it ends."""
        canvas = self._canvas
        canvas.setFillColor(_BLUE)
        canvas.rect(_LEFT, top, _RIGHT - _LEFT, 6 * mm, stroke=0, fill=1)
        white = HexColor("#ffffff")
        self._text(_LEFT + 2 * mm, top + 2 * mm, "Rubriques", 7.5, BOLD, white)
        for end, title in zip(_COLUMN_ENDS, _COLUMN_TITLES, strict=True):
            self._right(end, top + 2 * mm, title, 7, BOLD, white)
        y: float = top + 1 * mm
        for line in self._pay.lines:
            y -= _ROW
            if line.strong:
                canvas.setFillColor(_PALE)
                canvas.rect(_LEFT, y - 2.2 * mm, _RIGHT - _LEFT, _ROW, stroke=0, fill=1)
            font = BOLD if line.strong else REGULAR
            self._text(_LEFT + 2 * mm, y, line.label, 7.2, font, width=82 * mm)
            for end, cell in zip(_COLUMN_ENDS, line.cells(), strict=True):
                self._right(end, y, cell, 7.2, font)
        canvas.setStrokeColor(_LINE)
        canvas.rect(_LEFT, y - 2.4 * mm, _RIGHT - _LEFT, top - y + 2.4 * mm, stroke=1, fill=0)
        return y

    def _draw_net(self, y: float) -> None:
        canvas = self._canvas
        canvas.setFillColor(_BLUE)
        canvas.roundRect(_RIGHT - 82 * mm, y - 4 * mm, 82 * mm, 13 * mm, 2 * mm, stroke=0, fill=1)
        white = HexColor("#ffffff")
        self._text(_RIGHT - 78 * mm, y + 0.8 * mm, "NET À PAYER", 10, BOLD, white)
        self._right(_RIGHT - 4 * mm, y + 0.3 * mm, f"{_french(self._pay.net)} €", 13, BOLD, white)
        self._text(
            _LEFT,
            y + 3 * mm,
            "Paiement par virement le dernier jour ouvré du mois.",
            7.5,
            color=_SOFT,
            width=95 * mm,
        )
        self._text(
            _LEFT, y - 1.5 * mm, "Congés payés : acquis 25,00 - pris 11,00 - solde 14,00", 7.5, width=95 * mm
        )

    def _draw_year(self, y: float) -> None:
        self._canvas.setFillColor(_PALE)
        self._canvas.roundRect(_LEFT, y - 4 * mm, _RIGHT - _LEFT, 13 * mm, 1.5 * mm, stroke=0, fill=1)
        month = self._period.month
        gross, taxable, tax = (f"{_french(amount * month)} €" for amount in self._pay.summed_over_the_year)
        for at, (label, value) in enumerate(
            (("Cumul brut", gross), ("Cumul net imposable", taxable), ("Cumul PAS", tax))
        ):
            x = _LEFT + (4 + 61 * at) * mm
            self._text(x, y + 4 * mm, f"{label} depuis janvier", 6.8, color=_SOFT, width=58 * mm)
            self._text(x, y - 1 * mm, value, 9, BOLD, width=58 * mm)

    def _draw_details(self, top: float) -> None:
        self._text(_LEFT, top - 8 * mm, "Détail des heures", 11, BOLD, _BLUE)
        week = _cents(_HOURS / 4)
        for at in range(4):
            y = top - (16 + 6 * at) * mm
            hours = week if at < 3 else _HOURS - 3 * week
            self._text(_LEFT + 2 * mm, y, f"Semaine {at + 1}", 8)
            self._right(_LEFT + 90 * mm, y, f"{_french(hours)} h", 8)
        self._text(_LEFT + 2 * mm, top - 42 * mm, "Total du mois", 8, BOLD)
        self._right(_LEFT + 90 * mm, top - 42 * mm, f"{_french(_HOURS)} h", 8, BOLD)


@dataclass(frozen=True)
class _Pay:
    """Lines of the table, the net to pay, and what is summed over the year: gross, taxable, tax."""

    lines: Sequence[_Line]
    net: Decimal
    summed_over_the_year: tuple[Decimal, Decimal, Decimal]


def _work_out(person: SamplePerson) -> _Pay:
    base = _cents(_HOURS * person.hourly_rate)
    gross = base + person.seniority_bonus
    lines = [
        _Line("Salaire de base", _HOURS, person.hourly_rate, base),
        _Line("Prime d’ancienneté", employee=person.seniority_bonus),
        _Line("SALAIRE BRUT", employee=gross, strong=True),
    ]
    kept = paid = Decimal(0)
    for label, employee_percent, employer_percent in _CONTRIBUTIONS:
        rates = Decimal(employee_percent), Decimal(employer_percent)
        employee, employer = (_cents(gross * rate / 100) for rate in rates)
        kept, paid = kept + employee, paid + employer
        lines.append(_Line(label, gross, rates[0], employee, rates[1], employer))
    csg_base = _cents(gross * _CSG_SHARE)
    csg, crds = _cents(csg_base * Decimal("0.068")), _cents(csg_base * Decimal("0.029"))
    lines.append(_Line("CSG déductible de l’impôt sur le revenu", csg_base, Decimal("6.80"), csg))
    lines.append(_Line("CSG/CRDS non déductible de l’impôt sur le revenu", csg_base, Decimal("2.90"), crds))
    lines.append(
        _Line(
            "TOTAL DES COTISATIONS ET CONTRIBUTIONS", employee=kept + csg + crds, employer=paid, strong=True
        )
    )
    before_tax = gross - kept - csg - crds
    taxable = before_tax + crds
    tax = _cents(taxable * person.tax_percent / 100)
    lines.append(_Line("MONTANT NET SOCIAL", employee=before_tax, strong=True))
    lines.append(_Line("NET À PAYER AVANT IMPÔT SUR LE REVENU", employee=before_tax, strong=True))
    lines.append(_Line("Impôt sur le revenu prélevé à la source - PAS", taxable, person.tax_percent, tax))
    return _Pay(lines, before_tax - tax, (gross, taxable, tax))
