"""Reading streams: as they are stored, and decoded under a limit when their content must be understood."""

import zlib
from collections.abc import Iterable
from typing import Any

import pikepdf

from app.documents.pdf.limits import PdfLimits, RefusedPdfError

_TEXT_FILTERS = frozenset(
    {"/FlateDecode", "/LZWDecode", "/ASCII85Decode", "/ASCIIHexDecode", "/RunLengthDecode"}
)
_BLANK = b"\x00\t\n\f\r "
_FILTERS = _TEXT_FILTERS | {"/CCITTFaxDecode", "/JBIG2Decode", "/DCTDecode", "/JPXDecode"}


def encoded_stream(stream: Any) -> tuple[bytes, list[bytes]]:
    """The stored bytes and the `/Filter` entry. A stream whose data lies in another file is refused."""
    if "/F" in stream or "/FFilter" in stream:
        raise RefusedPdfError("external_stream", "a stream's data lies in another file")
    names = _filter_names(stream)
    if not _FILTERS.issuperset(names):
        raise RefusedPdfError("unsupported_object", "a stream uses a filter that is not known")
    entry = [b"/Filter[" + "".join(names).encode("ascii") + b"]"] if names else []
    return stream.read_raw_bytes(), entry


class ContentReader:
    """Decodes the content streams of one open file."""

    def __init__(self, pdf: pikepdf.Pdf, limits: PdfLimits) -> None:
        self._pdf = pdf
        self._max_bytes = limits.max_content_bytes
        self._scratch_pdf = pikepdf.new()
        self._scratch = self._scratch_pdf.make_stream(b"")

    def content(self, streams: Iterable[Any]) -> bytes:
        """The content of a page or form, its streams joined as the standard says (by white space).

        Raises `RefusedPdfError` with `content_unreadable` for a stream that is damaged or cut off, and with
        `content_too_large` past the limit.
        """
        parts = []
        room = self._max_bytes
        for stream in streams:
            part = self._decoded(stream, room)
            room -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"\n".join(parts)

    def _decoded(self, stream: Any, room: int) -> bytes:
        names = _filter_names(stream)
        if not _TEXT_FILTERS.issuperset(names) or "/F" in stream:
            raise RefusedPdfError("content_unreadable", "a content stream uses a filter meant for pictures")
        if "/DecodeParms" not in stream:
            if names == ["/FlateDecode"]:
                return _inflated(stream.read_raw_bytes(), room)
            if names == ["/ASCII85Decode", "/FlateDecode"]:
                return _inflated(self._from_ascii85(stream.read_raw_bytes()), room)
        try:
            content = bytes(stream.read_bytes())
        except pikepdf.PdfError:
            raise RefusedPdfError("content_unreadable", "a content stream does not decode") from None
        if self._pdf.get_warnings():
            raise RefusedPdfError("content_unreadable", "a content stream is cut off")
        if len(content) > room:
            raise RefusedPdfError("content_too_large", "a page's content inflates past the limit")
        return content

    def _from_ascii85(self, text: bytes) -> bytes:
        """The first of two filters by itself: qpdf would hand its result to the second four bytes at a time, which costs
        as much again as inflating them."""
        if text.partition(b"~")[2].strip(_BLANK + b">"):
            raise RefusedPdfError("content_unreadable", "bytes follow the end of a content stream")
        self._scratch.write(text, filter=pikepdf.Name.ASCII85Decode)
        try:
            packed = bytes(self._scratch.read_bytes())
        except pikepdf.PdfError:
            raise RefusedPdfError("content_unreadable", "a content stream does not decode") from None
        if self._scratch_pdf.get_warnings():
            raise RefusedPdfError("content_unreadable", "a content stream is cut off")
        return packed


def _inflated(packed: bytes, room: int) -> bytes:
    if not packed:
        return b""
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(packed, room + 1)
    except zlib.error:
        raise RefusedPdfError("content_unreadable", "a content stream does not decode") from None
    if len(content) > room:
        raise RefusedPdfError("content_too_large", "a page's content inflates past the limit")
    if not inflater.eof:
        raise RefusedPdfError("content_unreadable", "a content stream is cut off")
    if inflater.unused_data.strip(_BLANK):
        # The stored bytes go into the part as they are, and what follows the content could be anybody's.
        raise RefusedPdfError("content_unreadable", "bytes follow the end of a content stream")
    return content


def _filter_names(stream: Any) -> list[str]:
    value = stream.get("/Filter")
    if value is None:
        return []
    names = list(value) if isinstance(value, pikepdf.Array) else [value]
    if not all(isinstance(name, pikepdf.Name) for name in names):
        raise RefusedPdfError("content_unreadable", "a stream's filters are not names")
    return [str(name) for name in names]
