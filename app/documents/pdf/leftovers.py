"""What a PDF still holds besides the document it shows.

A program that deletes pages and saves quickly appends a new page list and leaves the old pages in the file; another
leaves objects that nothing leads to. Readers do not show them, and anybody can dig them out. A part is written anew and
has none of this, but a single is sent byte for byte, so what is left over in it may be another person's payslip.
"""

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import pikepdf

from app.documents.pdf.limits import PdfLimits, RefusedPdfError

_STREAM = re.compile(rb"\bstream\r?\n")
_END = b"endstream"
_DICTIONARY_WITHIN = 4096
# Streams by which a reader finds its way, and those that draw nothing by themselves.
_HARMLESS = re.compile(
    rb"/Type\s*/(?:XRef|ObjStm|Metadata)(?![A-Za-z0-9])"
    rb"|/Subtype\s*/(?:Image|Type1C|CIDFontType0C|OpenType)(?![A-Za-z0-9])|/Length1\s|/CMapName\s*/"
)
_FLATE = re.compile(rb"/Filter\s*(?:\[\s*)?/(?:FlateDecode|Fl)\s*(?:\]|[/>\r\n ])")
_FILTER = re.compile(rb"/(?:Filter|F)(?![A-Za-z])")
_SHOWS = re.compile(rb"(?<![A-Za-z0-9])(?:Tj|TJ|Do|BI|sh)(?![A-Za-z0-9])|['\"](?=\s|$)")


@dataclass(frozen=True)
class _Stream:
    dictionary: bytes
    data: bytes


def require_nothing_left_over(data: bytes, pdf: pikepdf.Pdf, limits: PdfLimits) -> None:
    """Raises `RefusedPdfError` with `left_over` when `data` holds a drawing that no page of `pdf` leads to.

    What every page leads to is what a plain copy of the file holds; streams are compared as they are stored.
    """
    copy = io.BytesIO()
    pdf.save(
        copy,
        static_id=True,
        compress_streams=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
    )
    shown = {sha256(stream.data).digest() for stream in _streams(copy.getvalue())}
    for stream in _streams(data):
        if sha256(stream.data).digest() not in shown and _may_draw(stream, limits):
            raise RefusedPdfError("left_over", "it holds a drawing that none of its pages shows")


def _streams(data: bytes) -> Iterator[_Stream]:
    """Every stream in the bytes, whether an object table names it or not."""
    position = 0
    while (found := _STREAM.search(data, position)) is not None:
        end = data.find(_END, found.end())
        if end < 0:
            return
        head = data[max(0, found.start() - _DICTIONARY_WITHIN) : found.start()]
        yield _Stream(head[head.rfind(b"obj") + 3 :], data[found.end() : end].rstrip(b"\r\n"))
        position = end + len(_END)


def _may_draw(stream: _Stream, limits: PdfLimits) -> bool:
    """Whether the stream could be a page or a form; one that cannot be read could."""
    if not stream.data or _HARMLESS.search(stream.dictionary):
        return False
    if not _FILTER.search(stream.dictionary):
        return _SHOWS.search(stream.data) is not None
    if not _FLATE.search(stream.dictionary):
        return True
    try:
        content = zlib.decompressobj().decompress(stream.data, limits.max_content_bytes)
    except zlib.error:
        return True
    return _SHOWS.search(content) is not None
