"""Lists by cursor, for programs: a page begins after the last row of the page before, whatever was added meanwhile."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db.models import Batch, Document, Message
from links import lifecycle


@dataclass(frozen=True)
class BatchPlace:
    """Where a page of batches ended."""

    created_at: datetime
    batch_id: UUID


@dataclass(frozen=True)
class DocumentLine:
    """A document with its newest message and the ref of its newest link."""

    document: Document
    message: Message | None
    ref: str | None


def batches(session: Session, organisation_id: UUID, after: BatchPlace | None, limit: int) -> list[Batch]:
    """Batches of an organisation, newest first."""
    query = select(Batch).where(Batch.organisation_id == organisation_id)
    if after is not None:
        query = query.where(
            sa.or_(
                col(Batch.created_at) < after.created_at,
                sa.and_(col(Batch.created_at) == after.created_at, col(Batch.id) < after.batch_id),
            )
        )
    return list(session.exec(query.order_by(col(Batch.created_at).desc(), col(Batch.id).desc()).limit(limit)))


def documents(session: Session, batch_id: UUID, after: int, limit: int) -> list[DocumentLine]:
    """Lines of a batch in review order, from the one behind position `after`."""
    query = select(Document).where(Document.batch_id == batch_id, Document.position > after)
    page = list(session.exec(query.order_by(col(Document.position)).limit(limit)))
    ids = [document.id for document in page]
    newest: dict[UUID | None, Message] = {}
    for message in session.exec(
        select(Message).where(col(Message.document_id).in_(ids)).order_by(col(Message.created_at))
    ):
        newest[message.document_id] = message
    links = lifecycle.of_documents(session, ids)
    return [
        DocumentLine(
            document,
            newest.get(document.id),
            links[document.id][-1].ref if document.id in links else None,
        )
        for document in page
    ]
