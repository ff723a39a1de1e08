"""The whole text of every page, by pdfium.

pdfium is not safe on two threads, not even with two documents; the child process that calls this has one. Its memory
grows with every page it has seen, so the file is opened again now and then.
"""

import ctypes
import re
from collections.abc import Iterator

import pypdfium2.raw as pdfium

from app.documents.limits import RefusedPdfError

UNREADABLE = "\ufffd"
"""Stands for a glyph whose letter the PDF does not tell."""

_PAGES_PER_OPENING = 500
_LINE_MARK = "\x1e"
_NO_LETTER = re.compile(r"[\x00-\x1d\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufff9-\uffff]")


def page_count(data: bytes) -> int:
    """How many pages pdfium sees."""
    document = _open(data)
    try:
        return int(pdfium.FPDF_GetPageCount(document))
    finally:
        pdfium.FPDF_CloseDocument(document)


def page_texts(data: bytes) -> Iterator[str]:
    """The text of each page in order: lines in the order of the content, unreadable glyphs as U+FFFD."""
    pages = page_count(data)
    for start in range(0, pages, _PAGES_PER_OPENING):
        document = _open(data)
        try:
            for index in range(start, min(start + _PAGES_PER_OPENING, pages)):
                yield _page_text(document, index)
        finally:
            pdfium.FPDF_CloseDocument(document)


def cleaned(raw: str) -> str:
    """pdfium's text with line ends as newlines, no-break spaces as spaces and everything that is no letter as U+FFFD."""
    text = raw.replace("\u00a0", " ").replace("\u202f", " ")
    if text.replace("\r\n", "").isprintable():
        return text.replace("\r\n", "\n")
    return _NO_LETTER.sub(UNREADABLE, text.replace("\r\n", _LINE_MARK)).replace(_LINE_MARK, "\n")


def _open(data: bytes) -> ctypes.c_void_p:
    pdfium.FPDF_InitLibrary()
    document: ctypes.c_void_p = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        raise RefusedPdfError("damaged", "the text reader cannot open it")
    return document


def _page_text(document: ctypes.c_void_p, index: int) -> str:
    page = pdfium.FPDF_LoadPage(document, index)
    if not page:
        raise RefusedPdfError("damaged", "the text reader cannot read a page")
    text_page = pdfium.FPDFText_LoadPage(page)
    try:
        count = pdfium.FPDFText_CountChars(text_page)
        if count <= 0:
            return ""
        buffer = (ctypes.c_ushort * (count + 1))()
        units = pdfium.FPDFText_GetText(text_page, 0, count, buffer) - 1
        if units == count:
            return cleaned(ctypes.string_at(buffer, 2 * units).decode("utf-16-le", "surrogatepass"))
        # The text leaves out glyphs that it takes for control characters; one by one they are all there.
        letters = (pdfium.FPDFText_GetUnicode(text_page, position) for position in range(count))
        return cleaned("".join(map(chr, letters)))
    finally:
        pdfium.FPDFText_ClosePage(text_page)
        pdfium.FPDF_ClosePage(page)
