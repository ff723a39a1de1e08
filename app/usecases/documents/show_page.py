"""A page of a line as an image, for the clerk who reviews it. Only before release: then its key is gone."""

from uuid import UUID

from app.core.errors import InvalidInput, NotFound
from app.db.payroll.openings import open_part
from app.db.queries import batches, documents
from app.documents.pdf.limits import Refused
from app.runtime import Runtime


def show_page(rt: Runtime, organisation_id: UUID, document_id: UUID, page: int, *, width: int) -> bytes:
    """Page `page` (from 1) as a PNG of `width` pixels. Read only.

    Raises NotFound, InvalidInput when the page cannot be drawn, Overloaded when too many are being drawn.
    """
    with rt.read() as session:
        document = documents.get(session, organisation_id, document_id)
        batch = batches.get(session, organisation_id, document.batch_id) if document else None
    if document is None or batch is None:
        raise NotFound("document_unknown", "this document does not exist")
    if batch.state != "in_review" or not 1 <= page <= len(document.pages):
        raise NotFound("no_pages_to_show", "this line has no such page that can be shown")
    pdf = open_part(rt.vault, batch, document, rt.blobs.get_range)
    drawn = rt.renderer.image(document.id.bytes, pdf, page - 1, width=width)
    if isinstance(drawn, Refused):
        raise InvalidInput("page_not_drawn", f"this page cannot be drawn ({drawn.code})")
    return drawn.png
