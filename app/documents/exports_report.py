"""The batch report: one PDF that tells what became of every payslip of a batch."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from app.documents.fonts import BOLD, REGULAR, fit, printable, register_fonts

_WIDTH, _HEIGHT = A4
_MARGIN = 15 * mm
_ROW = 6 * mm
_TABLE_TOP = _HEIGHT - 25 * mm
_TABLE_BOTTOM = 20 * mm
_TILE_WIDTH, _TILE_HEIGHT, _TILE_GAP = 33 * mm, 16 * mm, 3.75 * mm
_TILES_PER_LINE = 5
_COLUMNS = (22 * mm, 48 * mm, 34 * mm, 19 * mm, 19 * mm, 19 * mm, 19 * mm)
_INK, _SOFT, _LINE, _BAND, _ZEBRA = map(HexColor, ("#1f2937", "#6b7280", "#d1d5db", "#0b6e63", "#f3f4f6"))

_WORDS = {
    "fr": {
        "title": "Rapport d’envoi",
        "period": "Période\u00a0: {period}",
        "released": "Envoi validé le {when} par {who}",
        "generated": "Rapport établi le {when} (heures : {zone})",
        "page": "Page {page} sur {pages}",
        "columns": ("Matricule", "Nom", "État", "Parti", "Remis", "Ouvert", "Téléchargé"),
        "date": "%d/%m/%Y %H:%M",
        "short": "%d/%m %H:%M",
    },
    "en": {
        "title": "Delivery report",
        "period": "Period: {period}",
        "released": "Approved on {when} by {who}",
        "generated": "Report made on {when} (times: {zone})",
        "page": "Page {page} of {pages}",
        "columns": ("Staff number", "Name", "Status", "Sent", "Delivered", "Opened", "Downloaded"),
        "date": "%d %b %Y %H:%M",
        "short": "%d %b %H:%M",
    },
}


@dataclass(frozen=True)
class ReportPerson:
    """One line of the report. `status` is already in the report's language; times are aware, None for not yet."""

    staff_number: str
    name: str
    status: str
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    opened_at: datetime | None = None
    downloaded_at: datetime | None = None


@dataclass(frozen=True)
class BatchReport:
    """All that the report shows. `figures` are (label, value) in the report's language, in order; the first ten show.

    `zone` is where all times are told, with its name as `zone_name`.
    """

    organisation: str
    batch: str
    period: str
    generated_at: datetime
    zone: tzinfo
    zone_name: str
    figures: Sequence[tuple[str, int]]
    people: Sequence[ReportPerson]
    released_at: datetime | None = None
    released_by: str = ""


def batch_report_pdf(report: BatchReport, language: str) -> bytes:
    """The report as A4 pages, in "fr" or "en". The same report makes the same bytes."""
    register_fonts()
    return _Report(report, language).draw()


class _Report:
    def __init__(self, report: BatchReport, language: str) -> None:
        self._report = report
        self._words = _WORDS[language]
        self._written = io.BytesIO()
        self._canvas = Canvas(self._written, pagesize=A4, invariant=1, pageCompression=1, lang=language)
        self._canvas.setTitle(printable(f"{self._word('title')} - {report.batch}"))
        self._canvas.setAuthor(printable(report.organisation))
        tile_lines = -(-min(len(report.figures), 2 * _TILES_PER_LINE) // _TILES_PER_LINE)
        self._first_table_top = _HEIGHT - 62 * mm - tile_lines * (_TILE_HEIGHT + _TILE_GAP)
        on_first = int((self._first_table_top - _TABLE_BOTTOM) / _ROW) - 1
        on_others = int((_TABLE_TOP - _TABLE_BOTTOM) / _ROW) - 1
        people = report.people
        self._pages = [people[:on_first]]
        self._pages += [people[at : at + on_others] for at in range(on_first, len(people), on_others)]

    def draw(self) -> bytes:
        for number, people in enumerate(self._pages, start=1):
            if number == 1:
                self._draw_summary()
            self._draw_table(self._first_table_top if number == 1 else _TABLE_TOP, people)
            self._draw_footer(number)
            self._canvas.showPage()
        self._canvas.save()
        return self._written.getvalue()

    def _word(self, key: str) -> str:
        return str(self._words[key])

    def _time(self, moment: datetime | None, form: str) -> str:
        return "" if moment is None else moment.astimezone(self._report.zone).strftime(self._word(form))

    def _text(self, x: float, y: float, text: str, size: float, width: float, font: str = REGULAR) -> None:
        self._canvas.setFont(font, size)
        self._canvas.drawString(x, y, fit(text, font, size, width))

    def _draw_summary(self) -> None:
        report, canvas = self._report, self._canvas
        inside = _WIDTH - 2 * _MARGIN
        canvas.setFillColor(_BAND)
        canvas.rect(0, _HEIGHT - 30 * mm, _WIDTH, 30 * mm, stroke=0, fill=1)
        canvas.setFillColor(HexColor("#ffffff"))
        self._text(_MARGIN, _HEIGHT - 14 * mm, self._word("title"), 18, inside, BOLD)
        self._text(_MARGIN, _HEIGHT - 22 * mm, report.organisation, 11, inside)
        canvas.setFillColor(_INK)
        self._text(_MARGIN, _HEIGHT - 39 * mm, report.batch, 13, inside, BOLD)
        canvas.setFillColor(_SOFT)
        lines = [self._word("period").format(period=report.period)]
        if report.released_at is not None:
            when = self._time(report.released_at, "date")
            lines.append(self._word("released").format(when=when, who=report.released_by))
        lines.append(
            self._word("generated").format(
                when=self._time(report.generated_at, "date"), zone=report.zone_name
            )
        )
        for at, line in enumerate(lines):
            self._text(_MARGIN, _HEIGHT - (45 + 4.5 * at) * mm, line, 8.5, inside)
        for at, (label, value) in enumerate(report.figures[: 2 * _TILES_PER_LINE]):
            tile_line, column = divmod(at, _TILES_PER_LINE)
            x = _MARGIN + column * (_TILE_WIDTH + _TILE_GAP)
            self._draw_tile(x, _HEIGHT - 76 * mm - tile_line * (_TILE_HEIGHT + _TILE_GAP), label, value)

    def _draw_tile(self, x: float, y: float, label: str, value: int) -> None:
        canvas = self._canvas
        canvas.setFillColor(_ZEBRA)
        canvas.roundRect(x, y, _TILE_WIDTH, _TILE_HEIGHT, 2 * mm, stroke=0, fill=1)
        canvas.setFillColor(_INK)
        self._text(x + 3 * mm, y + 7.5 * mm, str(value), 15, _TILE_WIDTH - 6 * mm, BOLD)
        canvas.setFillColor(_SOFT)
        self._text(x + 3 * mm, y + 3 * mm, label, 7.5, _TILE_WIDTH - 6 * mm)

    def _draw_table(self, top: float, people: Sequence[ReportPerson]) -> None:
        canvas = self._canvas
        canvas.setFillColor(_INK)
        self._draw_cells(top - _ROW, tuple(self._words["columns"]), BOLD)
        canvas.setStrokeColor(_LINE)
        canvas.line(_MARGIN, top - _ROW - 1 * mm, _WIDTH - _MARGIN, top - _ROW - 1 * mm)
        for at, person in enumerate(people):
            y = top - (at + 2) * _ROW
            if at % 2:
                canvas.setFillColor(_ZEBRA)
                canvas.rect(_MARGIN, y - 2 * mm, _WIDTH - 2 * _MARGIN, _ROW, stroke=0, fill=1)
                canvas.setFillColor(_INK)
            moments = (person.sent_at, person.delivered_at, person.opened_at, person.downloaded_at)
            times = (self._time(moment, "short") for moment in moments)
            self._draw_cells(y, (person.staff_number, person.name, person.status, *times), REGULAR)

    def _draw_cells(self, y: float, cells: Sequence[str], font: str) -> None:
        x = _MARGIN
        for cell, width in zip(cells, _COLUMNS, strict=True):
            self._text(x + 1 * mm, y, cell, 7.5 if font == REGULAR else 7, width - 2 * mm, font)
            x += width

    def _draw_footer(self, number: int) -> None:
        self._canvas.setFillColor(_SOFT)
        half = _WIDTH / 2 - _MARGIN
        self._text(_MARGIN, 10 * mm, f"{self._report.organisation} - {self._report.batch}", 7.5, half)
        page = printable(self._word("page").format(page=number, pages=len(self._pages)))
        self._canvas.setFont(REGULAR, 7.5)
        self._canvas.drawRightString(_WIDTH - _MARGIN, 10 * mm, page)
