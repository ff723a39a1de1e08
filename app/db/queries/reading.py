"""What a reader's page shows of a document and its sender."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session

from app.db.bulk import table_of
from app.db.models import Batch, Document, Organisation
from links.state import LinkFacts

_document, _batch, _organisation = table_of(Document), table_of(Batch), table_of(Organisation)
_INTRODUCTION = (
    sa.select(
        _organisation.c.name,
        _organisation.c.contact,
        _organisation.c.brand_colour,
        _organisation.c.timezone,
        _batch.c.kind,
        _batch.c.password_policy,
        _document.c.period,
    )
    .join_from(_document, _batch, _batch.c.id == _document.c.batch_id)
    .join(_organisation, _organisation.c.id == _document.c.organisation_id)
    .where(_document.c.id == sa.bindparam("document_id"))
)


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
    found = session.connection().execute(_INTRODUCTION, {"document_id": link.document_id}).one()
    return Introduction(
        sender=found.name,
        contact=found.contact,
        brand=found.brand_colour,
        kind=found.kind,
        period=found.period,
        last_day=(link.expires_at - timedelta(microseconds=1)).astimezone(ZoneInfo(found.timezone)).date(),
        password_policy=found.password_policy if link.needs_password else "none",
    )
