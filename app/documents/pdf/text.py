"""The whole text of every page, by pdfium.

pdfium is not safe on two threads, not even with two documents; the child process that calls this has one. Its memory
grows with every page it has seen, so the file is opened again when it has grown a lot; opening costs
a walk through the page tree to the page where it goes on.
"""

import ctypes
import re
from collections import deque
from collections.abc import Iterator

import pypdfium2.raw as pdfium

from app.documents.pdf.limits import RefusedPdfError
from app.documents.pdf.memory import MAX_GROWTH, give_back, resident_bytes

UNREADABLE = "\ufffd"
"""Stands for a glyph whose letter the PDF does not tell."""

_PAGES_BETWEEN_LOOKS = 50
# Fonts are forgotten with the last open page that uses them; loading them again for every page costs a tenth.
_PAGES_HELD = 2
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
    start = 0
    while start < pages:
        for text in _texts_of_one_opening(data, start, pages):
            yield text
            start += 1
        give_back()


def _texts_of_one_opening(data: bytes, start: int, end: int) -> Iterator[str]:
    """Texts from page `start` on, until the end or until the reader has grown too much."""
    document = _open(data)
    held: deque[ctypes.c_void_p] = deque()
    at_opening = resident_bytes()
    try:
        for index in range(start, end):
            page = pdfium.FPDF_LoadPage(document, index)
            if not page:
                raise RefusedPdfError("damaged", "the text reader cannot read a page")
            held.append(page)
            yield _page_text(page)
            if len(held) > _PAGES_HELD:
                pdfium.FPDF_ClosePage(held.popleft())
            if index % _PAGES_BETWEEN_LOOKS == 0 and resident_bytes() - at_opening > MAX_GROWTH:
                return
    finally:
        for page in held:
            pdfium.FPDF_ClosePage(page)
        pdfium.FPDF_CloseDocument(document)


def cleaned(raw: str) -> str:
    """pdfium's text with line ends as newlines, no-break spaces as spaces and everything that is no letter as U+FFFD."""
    text = raw.replace("\u00a0", " ").replace("\u202f", " ") if "\u00a0" in raw or "\u202f" in raw else raw
    if text.replace("\r\n", "").isprintable():
        return text.replace("\r\n", "\n")
    return _NO_LETTER.sub(UNREADABLE, text.replace("\r\n", _LINE_MARK)).replace(_LINE_MARK, "\n")


def _open(data: bytes) -> ctypes.c_void_p:
    pdfium.FPDF_InitLibrary()
    document: ctypes.c_void_p = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        raise RefusedPdfError("damaged", "the text reader cannot open it")
    return document


def _page_text(page: ctypes.c_void_p) -> str:
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
