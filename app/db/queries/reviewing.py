"""Holding a batch while a person changes its review, so that no release passes in between."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.core.errors import Conflict, NotFound
from app.db.models import Batch, Document
from app.db.queries import batches


def hold_batch(session: Session, organisation_id: UUID, batch_id: UUID, now: datetime) -> Batch:
    """The batch, held until the transaction ends. Raises NotFound, or Conflict when it is not in review any more."""
    batch = batches.lock(session, batch_id)
    if batch is None or batch.organisation_id != organisation_id:
        raise NotFound("batch_unknown", "this batch does not exist")
    if batch.state != "in_review" or batch.release_before <= now:
        raise Conflict("not_in_review", "this batch is not in review any more; load the page again")
    return batch


def hold_line(
    session: Session, organisation_id: UUID, document_id: UUID, now: datetime
) -> tuple[Batch, Document]:
    """A line with its batch, both held until the transaction ends. Raises as `hold_batch` does."""
    query = select(Document).where(Document.id == document_id, Document.organisation_id == organisation_id)
    document = session.exec(query.with_for_update(key_share=True)).one_or_none()
    if document is None:
        raise NotFound("document_unknown", "this document does not exist")
    return hold_batch(session, organisation_id, document.batch_id, now), document


def forget_leftovers(session: Session, batch_id: UUID) -> None:
    """Delete the review keys and codes of lines that did not leave with their batch; the lines stay to be looked up."""
    session.execute(
        sa.update(Document)
        .where(col(Document.batch_id) == batch_id, col(Document.state).in_(("in_review", "excluded")))
        .values(key_review=None, access_code_review=None)
    )
