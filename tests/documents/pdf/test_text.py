"""The text of every page, whole, with what cannot be read marked as such."""

import pytest

from app.documents.pdf import text
from app.documents.pdf.limits import RefusedPdfError
from app.documents.pdf.text import cleaned, page_count, page_texts
from tests.documents.pdf.files import many_pages, sample, saved


def test_opening_the_file_again_in_between_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(many_pages([[f"page {number}"] for number in range(130)]))
    monkeypatch.setattr(text, "MAX_GROWTH", -(1 << 60))
    assert list(page_texts(data)) == [f"page {number}" for number in range(130)]


def test_glyphs_that_pdfium_leaves_out_are_there_as_unreadable_ones() -> None:
    first = next(page_texts(sample("ghostscript")))
    assert "Chlo\ufffd CH\ufffdTELAIN" in first
    assert "S\ufffdcurit\ufffd sociale" in first


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("one\r\ntwo", "one\ntwo"),
        ("1\u00a0234\u202f5", "1 234 5"),
        ("No\rl ZO\x0e\r\nnext", "No\ufffdl ZO\ufffd\nnext"),
        ("a\nb", "a\ufffdb"),
        ("\ue000x\ud800", "\ufffdx\ufffd"),
        ("é — € œ", "é — € œ"),
        ("", ""),
    ],
)
def test_line_ends_are_newlines_and_everything_else_that_is_no_letter_is_unreadable(
    raw: str, clean: str
) -> None:
    assert cleaned(raw) == clean


def test_what_pdfium_cannot_open_is_refused() -> None:
    with pytest.raises(RefusedPdfError, match="damaged"):
        page_count(b"%PDF-1.7 nothing")
