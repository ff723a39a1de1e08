"""The one guard of every route that serves a document's bytes, and the bytes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.crypto.records import RecordOpener
from app.db.models import Document
from app.db.queries import journal, reading
from app.evidence.tags import Tag
from app.runtime import Runtime
from links import sessions

_TAGS = {"viewed": Tag.DOCUMENT_VIEWED, "downloaded": Tag.DOCUMENT_DOWNLOADED}


@dataclass(frozen=True)
class Readable:
    """An open document. `etag` is the same for the same bytes and tells nothing of them."""

    sender: str
    brand: str
    kind: str
    period: str
    language: str
    size: int
    etag: str
    expires_at: datetime
    document: Document = field(repr=False)
    _opener: RecordOpener = field(repr=False)

    def stream(self, start: int, end: int) -> Iterator[bytes]:
        """Bytes `start` to `end` (exclusive)."""
        return self._opener.open_range(start, end)

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
        sender=shown.organisation.name,
        brand=shown.organisation.brand_colour,
        kind=shown.batch.kind,
        period=document.period,
        language=document.language,
        size=document.plain_size,
        etag=(document.content_index or b"")[:12].hex(),
        expires_at=authorized.expires_at,
        document=document,
        _opener=RecordOpener(
            authorized.dek,
            document.organisation_id,
            document.id,
            read,
            sealed=document.blob_size,
            plain=document.plain_size,
        ),
    )


def note_reading(
    rt: Runtime, readable: Readable, how: Literal["viewed", "downloaded"], now: datetime
) -> None:
    """Append to the journal, before the first byte leaves: no journal, no byte."""
    document = readable.document
    with rt.begin() as session:
        journal.append(
            session, rt.vault, document.organisation_id, [journal.Entry(_TAGS[how], document.id, {})], now
        )
