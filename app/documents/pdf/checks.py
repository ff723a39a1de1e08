"""Intake checks of one PDF: what is refused before anything else looks at it.

Every indirect object is written out, those inside object streams too, and searched for active content. Nothing here
inflates a page's content; the writer and the text reader do, under the child's memory limit.
"""

import io
import re
from dataclasses import dataclass

import pikepdf

from app.documents.pdf.limits import PdfLimits, Refused

_HEADER_WITHIN = 1024
_BLANK = b"\0\t\n\f\r \xef\xbb\xbf"

_NAME_END = rb"(?![^\x00\t\n\f\r ()<>\[\]{}/%])"
_SUSPECT = re.compile(
    rb"/(JavaScript|JS|Launch|XFA|RichMedia|RichMediaContent|EmbeddedFiles?|EF|FileAttachment|GoToE"
    rb"|SubmitForm|ImportData|Movie|Sound|Rendition|3D)" + _NAME_END
)
_STRING = re.compile(rb"\([^()\\]*(?:\\.[^()\\]*)*\)", re.DOTALL)
_CODES = {
    b"JavaScript": "script",
    b"JS": "script",
    b"Launch": "launch",
    b"XFA": "xfa",
    b"RichMedia": "rich_media",
    b"RichMediaContent": "rich_media",
    b"Movie": "rich_media",
    b"Sound": "rich_media",
    b"Rendition": "rich_media",
    b"3D": "rich_media",
    b"EmbeddedFile": "attachment",
    b"EmbeddedFiles": "attachment",
    b"EF": "attachment",
    b"FileAttachment": "attachment",
    b"GoToE": "attachment",
    b"SubmitForm": "submit_form",
    b"ImportData": "submit_form",
}


@dataclass(frozen=True)
class Accepted:
    """A PDF that passed. `pages` are the page dictionaries in order: indexing pikepdf's own list is linear in the index."""

    pdf: pikepdf.Pdf
    pages: tuple[pikepdf.Object, ...]


def check(data: bytes, limits: PdfLimits, *, single: bool) -> Accepted | Refused:
    """Open `data` and look for everything that refuses a file.

    With `single` the file will be sent as it is, so whatever acts by itself on opening refuses it too; the pages of
    a merged file are written anew and lose it. Nor may a single file be something else for another reader: bytes that
    stand before the header refuse it.
    """
    if not data:
        return Refused("empty")
    if len(data) > limits.max_bytes:
        return Refused("too_large", f"{len(data)} bytes, at most {limits.max_bytes}")
    before, header, _ = data[:_HEADER_WITHIN].partition(b"%PDF-")
    if not header:
        return Refused("not_pdf", f"no PDF header within the first {_HEADER_WITHIN} bytes")
    if single and before.strip(_BLANK):
        return Refused("not_pdf", "something else stands before the PDF header")
    try:
        pdf = pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True)
        return _check_opened(pdf, limits, single=single)
    except pikepdf.PasswordError:
        return Refused("encrypted", "a password is needed to open it")
    except (pikepdf.PdfError, RuntimeError, ValueError) as error:
        return Refused("damaged", type(error).__name__)


def open_again(data: bytes) -> Accepted:
    """A file that was accepted before, without what the check made its reader remember."""
    pdf = pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True)
    return Accepted(pdf, tuple(page.obj for page in pdf.pages))


def _check_opened(pdf: pikepdf.Pdf, limits: PdfLimits, *, single: bool) -> Accepted | Refused:
    if pdf.is_encrypted:
        return Refused("encrypted", "it opens without a password, and is encrypted all the same")
    size = pdf.trailer.get("/Size", 0)
    if not isinstance(size, int) or size > limits.max_objects:
        return Refused("too_many_objects", f"at most {limits.max_objects}")
    refusal = _active_content(pdf) or (_acts_on_opening(pdf) if single else None)
    if refusal is not None:
        return refusal
    pages = tuple(page.obj for page in pdf.pages)
    warnings = pdf.get_warnings()
    if warnings:
        return Refused("damaged", f"{len(warnings)} repairs would be needed")
    if not pages:
        return Refused("no_pages")
    if len(pages) > limits.max_pages:
        return Refused("too_many_pages", f"{len(pages)}, at most {limits.max_pages}")
    return Accepted(pdf, pages)


def _active_content(pdf: pikepdf.Pdf) -> Refused | None:
    written = (obj.unparse(resolved=True) for obj in pdf.objects if isinstance(obj, pikepdf.Object))
    for text in (pdf.trailer.unparse(), *written):
        if _SUSPECT.search(text):
            # A title may quote such a name: only names outside strings count.
            found = _SUSPECT.search(_STRING.sub(b"()", text))
            if found:
                return Refused(_CODES[found[1]], f"found /{found[1].decode('ascii')}")
    return None


def _acts_on_opening(pdf: pikepdf.Pdf) -> Refused | None:
    """An OpenAction that only goes to a page is normal office output; any other action that runs by itself is not."""
    action = pdf.Root.get("/OpenAction")
    if isinstance(action, pikepdf.Dictionary) and action.get("/S") != pikepdf.Name.GoTo:
        return Refused("open_action", "an action runs when the file is opened")
    if isinstance(action, pikepdf.Dictionary) and "/Next" in action:
        return Refused("open_action", "a chain of actions runs when the file is opened")
    if "/AA" in pdf.Root or any("/AA" in page.obj for page in pdf.pages):
        return Refused("open_action", "an action runs when a page is shown")
    return None
