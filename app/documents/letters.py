"""Access-code letters: one page per person, to be printed and handed over. They carry a code and never a link."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from app.documents.fonts import BOLD, REGULAR, fit, printable, register_fonts

_WIDTH, _HEIGHT = A4
_MARGIN = 25 * mm
# Where the window of a French DL envelope shows the address.
_ADDRESS_LEFT, _ADDRESS_TOP = 110 * mm, _HEIGHT - 55 * mm
_INK, _SOFT, _LINE, _BAND = map(HexColor, ("#10201d", "#5a6a66", "#b9c4c1", "#eef2f1"))
_CODE_FONT = "Courier-Bold"

_WORDS = {
    "fr": {
        "title": "Code d’accès",
        "staff": "Matricule",
        "hello": "Bonjour,",
        "why": "Vous recevrez un message sur votre téléphone, avec un lien vers ce document : {subject}. "
        "Pour l’ouvrir, il faut aussi ce code.",
        "code": "Votre code d’accès",
        "how": "Majuscules ou minuscules, avec ou sans le tiret : les deux conviennent.",
        "keep_1": "Gardez cette lettre en lieu sûr. Ne donnez ce code à personne.",
        "keep_2": "Nous ne vous le demanderons jamais, ni par téléphone, ni par message.",
        "help": "Une question ? {contact}",
    },
    "en": {
        "title": "Access code",
        "staff": "Staff number",
        "hello": "Hello,",
        "why": "You will get a message on your phone with a link to this document: {subject}. "
        "To open it you also need this code.",
        "code": "Your access code",
        "how": "Capitals or small letters, with or without the hyphen: both work.",
        "keep_1": "Keep this letter in a safe place. Give this code to nobody.",
        "keep_2": "We will never ask you for it, by phone or by message.",
        "help": "A question? {contact}",
    },
}


@dataclass(frozen=True)
class AccessLetter:
    """One person's letter, in "fr" or "en". `subject` names the document in that language; `code` is shown as it is."""

    name: str
    staff_number: str
    subject: str
    code: str = field(repr=False)
    language: str = "fr"


@dataclass(frozen=True)
class LetterHead:
    """What all letters of a batch share. `contact` is who answers questions."""

    organisation: str
    contact: str
    day: date


def access_letters_pdf(head: LetterHead, letters: Sequence[AccessLetter]) -> bytes:
    """A4, one page each, in the order given. The same letters make the same bytes."""
    register_fonts()
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=A4, invariant=1, pageCompression=1)
    canvas.setTitle(printable(head.organisation))
    canvas.setAuthor(printable(head.organisation))
    for letter in letters:
        _draw(canvas, head, letter)
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def _draw(canvas: Canvas, head: LetterHead, letter: AccessLetter) -> None:
    words = _WORDS["en" if letter.language == "en" else "fr"]
    inside = _WIDTH - 2 * _MARGIN
    canvas.setFillColor(_INK)
    _line(canvas, _MARGIN, _HEIGHT - 28 * mm, head.organisation, 13, inside, BOLD)
    canvas.setFillColor(_SOFT)
    _line(canvas, _MARGIN, _HEIGHT - 34 * mm, head.day.strftime("%d/%m/%Y"), 9, inside)
    canvas.setFillColor(_INK)
    _line(canvas, _ADDRESS_LEFT, _ADDRESS_TOP, letter.name, 11, 80 * mm)
    _line(
        canvas, _ADDRESS_LEFT, _ADDRESS_TOP - 6 * mm, f"{words['staff']} {letter.staff_number}", 10, 80 * mm
    )
    y = _HEIGHT - 100 * mm
    _line(canvas, _MARGIN, y, words["title"], 16, inside, BOLD)
    y = _paragraph(canvas, y - 12 * mm, words["hello"])
    y = _paragraph(canvas, y - 2 * mm, words["why"].format(subject=letter.subject))
    y -= 34 * mm
    canvas.setFillColor(_BAND)
    canvas.setStrokeColor(_LINE)
    canvas.roundRect(_MARGIN, y, inside, 30 * mm, 3 * mm, stroke=1, fill=1)
    canvas.setFillColor(_SOFT)
    canvas.setFont(REGULAR, 9)
    canvas.drawCentredString(_WIDTH / 2, y + 22 * mm, printable(words["code"]))
    canvas.setFillColor(_INK)
    canvas.setFont(_CODE_FONT, 28)
    canvas.drawCentredString(_WIDTH / 2, y + 8 * mm, letter.code)
    y = _paragraph(canvas, y - 9 * mm, words["how"])
    y = _paragraph(canvas, y - 4 * mm, words["keep_1"])
    y = _paragraph(canvas, y, words["keep_2"])
    _paragraph(canvas, y - 4 * mm, words["help"].format(contact=head.contact))


def _line(
    canvas: Canvas, x: float, y: float, text: str, size: float, width: float, font: str = REGULAR
) -> None:
    canvas.setFont(font, size)
    canvas.drawString(x, y, fit(text, font, size, width))


def _paragraph(canvas: Canvas, y: float, text: str) -> float:
    """Draw wrapped text below `y`; returns where the next paragraph begins."""
    canvas.setFillColor(_INK)
    canvas.setFont(REGULAR, 10.5)
    for line in _wrapped(printable(text), 10.5, _WIDTH - 2 * _MARGIN):
        canvas.drawString(_MARGIN, y, line)
        y -= 5.5 * mm
    return y


def _wrapped(text: str, size: float, width: float) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if stringWidth(longer, REGULAR, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
