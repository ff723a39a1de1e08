"""What a reader's page shows of a document and its sender."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.db.models import Batch, Document, Organisation
from links.state import LinkFacts


@dataclass(frozen=True)
class Shown:
    """A document with the batch and the organisation it came from."""

    document: Document
    batch: Batch
    organisation: Organisation


@dataclass(frozen=True)
class Introduction:
    """What a page may say of a link once its secret was proven, and not before.

    `last_day` is in the sender's time zone; `password_policy` is `none` for a link that opens without a password.
    """

    sender: str
    contact: str
    brand: str
    kind: str
    period: str
    last_day: date
    password_policy: str


def shown(session: Session, document_id: UUID) -> Shown:
    """For a link whose secret was proven."""
    document = session.get_one(Document, document_id)
    return Shown(
        document,
        session.get_one(Batch, document.batch_id),
        session.get_one(Organisation, document.organisation_id),
    )


def introduce(session: Session, link: LinkFacts) -> Introduction:
    """Who sent it, what it is, until when, and which password opens it."""
    found = shown(session, link.document_id)
    zone = ZoneInfo(found.organisation.timezone)
    return Introduction(
        sender=found.organisation.name,
        contact=found.organisation.contact,
        brand=found.organisation.brand_colour,
        kind=found.batch.kind,
        period=found.document.period,
        last_day=(link.expires_at - timedelta(microseconds=1)).astimezone(zone).date(),
        password_policy=found.batch.password_policy if link.needs_password else "none",
    )
