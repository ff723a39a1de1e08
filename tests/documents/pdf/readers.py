"""Independent looks at a PDF: pypdf for what is in it, pdfium for what it shows."""

import io
import re
from typing import Any

import pypdfium2
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

_MARKER = re.compile(rb"(?:TEXT-OF|PICTURE)-(\d{3})-ONLY")


def expanded(pdf: bytes) -> bytes:
    """Everything in the file, as far as pypdf can see: raw bytes, every object, every stream decoded, hex text spelled."""
    reader = PdfReader(io.BytesIO(pdf))
    numbers = {number for table in reader.xref.values() for number in table} | set(reader.xref_objStm)
    out = [pdf]
    for number in sorted(numbers):
        _dump(reader.get_object(IndirectObject(number, 0, reader)), out)
    text = b"\n".join(out)
    spelled = [
        bytes.fromhex(found.decode()).replace(b"\0", b"")
        for found in re.findall(rb"<((?:[0-9A-Fa-f]{2})+)>", text)
    ]
    return text + b"\n".join(spelled)


def people_in(pdf: bytes) -> set[int]:
    """Whose markers are anywhere in the file, in text or in picture bytes."""
    return {int(found) for found in _MARKER.findall(expanded(pdf))}


def picture(pdf: bytes, page: int) -> bytes:
    """The page's pixels, without annotations."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return bytes(document[page].render(scale=1, may_draw_forms=False, draw_annots=False).buffer)
    finally:
        document.close()


def _dump(value: Any, out: list[bytes]) -> None:
    if isinstance(value, StreamObject):
        out.append(value.get_data())
    if isinstance(value, DictionaryObject):
        for key, entry in value.raw_items() if hasattr(value, "raw_items") else value.items():
            out.append(str(key).encode("utf-8", "replace"))
            _dump(entry, out)
    elif isinstance(value, ArrayObject):
        for entry in value:
            _dump(entry, out)
    elif not isinstance(value, IndirectObject) and value is not None:
        out.append(
            value.original_bytes
            if hasattr(value, "original_bytes")
            else str(value).encode("utf-8", "replace")
        )
