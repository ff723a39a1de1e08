"""A page of the documents of a batch with what became of each, for programs."""

from dataclasses import dataclass
from uuid import UUID

from app.core.errors import NotFound
from app.db.models import Document, Message
from app.db.payroll.lines import read_staff_number
from app.db.queries import batches, pages
from app.runtime import Runtime


@dataclass(frozen=True)
class DocumentEntry:
    """A line with its staff number in clear, its newest message and the ref of its newest link."""

    document: Document
    staff_number: str
    message: Message | None
    ref: str | None


@dataclass(frozen=True)
class DocumentPage:
    """In review order; `next` is the position behind which the next page begins, None on the last page."""

    entries: list[DocumentEntry]
    next: int | None


def list_documents(
    rt: Runtime, organisation_id: UUID, batch_id: UUID, after: int, limit: int
) -> DocumentPage:
    """At most `limit` lines behind position `after` (-1 for the beginning). Raises NotFound."""
    with rt.read() as session:
        if batches.get(session, organisation_id, batch_id) is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        found = pages.documents(session, batch_id, after, limit + 1)
    entries = [
        DocumentEntry(line.document, read_staff_number(rt.vault, line.document), line.message, line.ref)
        for line in found[:limit]
    ]
    return DocumentPage(entries, entries[-1].document.position if len(found) > limit else None)
