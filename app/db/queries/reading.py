"""What a reader's page shows of a document and its sender."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from app.db.models import Batch, Document, Organisation


@dataclass(frozen=True)
class Shown:
    """A document with the batch and the organisation it came from."""

    document: Document
    batch: Batch
    organisation: Organisation


def shown(session: Session, document_id: UUID) -> Shown:
    """For a link whose secret was proven."""
    document = session.get_one(Document, document_id)
    return Shown(
        document,
        session.get_one(Batch, document.batch_id),
        session.get_one(Organisation, document.organisation_id),
    )
