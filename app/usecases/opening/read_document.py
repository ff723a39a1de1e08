"""The one guard of every route that serves a document's bytes, and the bytes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from app.core.errors import Overloaded
from app.crypto.records import RecordOpener
from app.db.queries import journal, reading
from app.documents.pdf.limits import Refused
from app.documents.pdf.renderer import PageImage
from app.evidence.tags import Tag
from app.runtime import Runtime
from links import sessions

_TAGS = {"viewed": Tag.DOCUMENT_VIEWED, "downloaded": Tag.DOCUMENT_DOWNLOADED}
IMAGE_WIDTH = 1080


@dataclass(frozen=True)
class Readable:
    """An open document. `began_at`: when it was opened for this browser. `etag` is the same for the same bytes and tells
    nothing of them."""

    organisation_id: UUID
    document_id: UUID
    sender: str
    brand: str
    kind: str
    period: str
    page_count: int
    size: int
    etag: str
    began_at: datetime
    _opener: RecordOpener = field(repr=False)

    def stream(self, start: int, end: int) -> Iterator[bytes]:
        """Bytes `start` to `end` (exclusive). Raises SealBroken before the first piece when that one is damaged."""
        pieces = self._opener.open_range(start, end)
        first = next(pieces, b"")
        return _chain(first, pieces)

    def whole(self) -> bytes:
        """Every byte."""
        return self._opener.read_all()


def authorize_bytes(rt: Runtime, ref: str, value: str, now: datetime) -> Readable | None:
    """The document that this cookie or ticket opens now; None when there is none. Moves no state."""
    with rt.read() as session:
        authorized = sessions.authorize(session, rt.vault.links, ref, value, now)
        if authorized is None:
            return None
        shown = reading.shown(session, authorized.facts.document_id)
    document = shown.document

    def read(offset: int, length: int) -> bytes:
        return rt.blobs.get_range(document.blob_key, document.blob_offset + offset, length)

    return Readable(
        organisation_id=document.organisation_id,
        document_id=document.id,
        sender=shown.organisation.name,
        brand=shown.organisation.brand_colour,
        kind=shown.batch.kind,
        period=document.period,
        page_count=len(document.pages),
        size=document.plain_size,
        etag=(document.content_index or b"")[:12].hex(),
        began_at=authorized.began_at,
        _opener=RecordOpener(
            authorized.dek,
            document.organisation_id,
            document.id,
            read,
            sealed=document.blob_size,
            plain=document.plain_size,
        ),
    )


def draw_first_page(rt: Runtime, readable: Readable) -> PageImage | None:
    """The first page as an image; None when it cannot be drawn, or not now. The document itself is not in doubt."""
    try:
        image = rt.renderer.image(readable.document_id.bytes, readable.whole(), 0, width=IMAGE_WIDTH)
    except Overloaded:
        return None
    return None if isinstance(image, Refused) else image


def read_first_page(rt: Runtime, readable: Readable) -> str:
    """What the first page says, for those who cannot see the image; empty when it cannot be read, or not now."""
    try:
        texts = rt.renderer.texts(readable.whole())
    except Overloaded:
        return ""
    return texts[0] if texts else ""


def note_reading(
    rt: Runtime, readable: Readable, how: Literal["viewed", "downloaded"], now: datetime
) -> None:
    """Append to the journal, before the first byte leaves: no journal, no byte.

    That a document was viewed is told once per opening, or whoever reloads a page would bury what happened before.
    """
    tag = _TAGS[how]
    if how == "viewed":
        with rt.read() as session:
            if journal.happened_since(
                session, readable.organisation_id, readable.document_id, tag, readable.began_at
            ):
                return
    entry = journal.Entry(tag, readable.document_id, {})
    with rt.begin() as session:
        journal.append(session, rt.vault, readable.organisation_id, [entry], now)


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
