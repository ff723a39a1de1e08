import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pypdf
import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from app.documents.exports_report import BatchReport, ReportPerson, batch_report_pdf
from app.documents.fonts import REGULAR, fit, printable

SENT = datetime(2025, 9, 30, 14, 5, tzinfo=UTC)


def _people(count: int) -> list[ReportPerson]:
    return [
        ReportPerson(f"{at:08d}", f"Zoé ŒUVRARD {at}", "Remis", SENT, SENT + timedelta(minutes=1))
        for at in range(count)
    ]


REPORT = BatchReport(
    organisation="Mairie de Saint-Étienne",
    batch="Paie de septembre",
    period="septembre 2025",
    generated_at=SENT + timedelta(hours=1),
    zone=ZoneInfo("Europe/Paris"),
    zone_name="Europe/Paris",
    figures=[("Préparés", 120), ("Remis", 118)],
    people=_people(120),
    released_at=SENT,
    released_by="Inès Démo",
)


def _pages(data: bytes) -> list[str]:
    return [page.extract_text().replace("\u00a0", " ") for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def test_the_french_report_tells_figures_release_and_every_person() -> None:
    pages = _pages(batch_report_pdf(REPORT, "fr"))
    for text in ("Rapport d’envoi", "Mairie de Saint-Étienne", "Période : septembre 2025", "Préparés", "118"):
        assert text in pages[0]
    assert "Envoi validé le 30/09/2025 16:05 par Inès Démo" in pages[0]
    assert "heures : Europe/Paris" in pages[0]
    whole = "\n".join(pages)
    assert all(f"{at:08d}" in whole and f"Zoé ŒUVRARD {at}" in whole for at in range(120))
    assert whole.count("30/09 16:06") == 120


def test_the_english_report() -> None:
    pages = _pages(batch_report_pdf(REPORT, "en"))
    assert "Delivery report" in pages[0]
    assert "Approved on 30 Sep 2025 16:05 by Inès Démo" in pages[0]


@pytest.mark.parametrize("count", [0, 1, 27, 28, 29, 30, 31, 32, 33, 34, 35, 200])
def test_every_page_says_which_of_how_many_and_repeats_the_headings(count: int) -> None:
    pages = _pages(batch_report_pdf(replace(REPORT, people=_people(count)), "fr"))
    assert all(f"Page {at} sur {len(pages)}" in page for at, page in enumerate(pages, start=1))
    assert all("Matricule" in page for page in pages)
    assert sum(page.count("Zoé ŒUVRARD") for page in pages) == count
    assert len(pages) == 1 or "Zoé ŒUVRARD" in pages[-1]


def test_a_batch_not_released_says_nothing_of_a_release() -> None:
    assert "validé" not in _pages(batch_report_pdf(replace(REPORT, released_at=None), "fr"))[0]


def test_the_same_report_makes_the_same_bytes() -> None:
    assert batch_report_pdf(REPORT, "fr") == batch_report_pdf(REPORT, "fr")


def test_fonts_are_registered_once_per_process(monkeypatch: pytest.MonkeyPatch) -> None:
    batch_report_pdf(REPORT, "fr")

    def refuse(_font: TTFont) -> None:
        raise AssertionError("fonts were registered again")

    monkeypatch.setattr(pdfmetrics, "registerFont", refuse)
    assert batch_report_pdf(REPORT, "en")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("NGUYỄN", "NGUYÊN"),
        ("Œuvrard", "Œuvrard"),
        ("Ștefan", "Ştefan"),
        ("a\u202fb", "a\u00a0b"),
        ("李", "?"),
    ],
)
def test_letters_the_font_lacks_lose_accents_before_they_are_lost(text: str, shown: str) -> None:
    assert printable(text) in (shown, shown.replace("Ş", "S"))


def test_text_too_wide_ends_in_an_ellipsis() -> None:
    cut = fit("Une très longue particule", REGULAR, 8, 60)
    assert cut.endswith("…")
    assert pdfmetrics.stringWidth(cut, REGULAR, 8) <= 60
    assert fit("Court", REGULAR, 8, 60) == "Court"
