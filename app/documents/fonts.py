"""The embedded fonts of the PDFs we make ourselves, and text those fonts can show."""

import unicodedata
from functools import cache

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR = "Vera"
BOLD = "VeraBd"
_ELLIPSIS = "…"
_SPACES = {0x202F: "\u00a0", 0x2007: "\u00a0", 0x2009: "\u00a0"}


@cache
def register_fonts() -> None:
    """Give reportlab the two fonts, once per process: registering costs more than drawing a page."""
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))


@cache
def _glyphs(font: str) -> frozenset[int]:
    register_fonts()
    return frozenset(pdfmetrics.getFont(font).face.charToGlyph)


def printable(text: str, font: str = REGULAR) -> str:
    """The text with each character the font lacks brought to the nearest one it has: accents go first.

    A name in a script the fonts do not know shows as question marks rather than as empty boxes.
    """
    glyphs = _glyphs(font)
    shown = []
    for character in unicodedata.normalize("NFC", text).translate(_SPACES):
        while ord(character) not in glyphs:
            decomposed = unicodedata.normalize("NFD", character)
            character = unicodedata.normalize("NFC", decomposed[:-1]) if len(decomposed) > 1 else "?"
        shown.append(character)
    return "".join(shown)


def fit(text: str, font: str, size: float, width: float) -> str:
    """`printable(text)`, cut with an ellipsis when wider than `width` points."""
    shown = printable(text, font)
    if pdfmetrics.stringWidth(shown, font, size) <= width:
        return shown
    while shown and pdfmetrics.stringWidth(shown + _ELLIPSIS, font, size) > width:
        shown = shown[:-1]
    return shown.rstrip() + _ELLIPSIS
