"""Every question asked of the lines of a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db.bulk import UNSYNCHRONISED, insert_rows, table_of
from app.db.models import Batch, Document, JournalEvent, Message
from app.evidence.tags import Tag

_document = table_of(Document)
_MARK_OPENED = (
    sa.update(_document)
    .where(_document.c.id == sa.bindparam("document_id"), _document.c.opened_at.is_(None))
    .values(opened_at=sa.bindparam("now"))
)


@dataclass(frozen=True)
class Line:
    """A document with its latest message, as the batch page lists them."""

    document: Document
    message: Message | None


class Received(NamedTuple):
    """A document that somebody has; `password_policy` is that of its batch."""

    document_id: UUID
    name_sealed: bytes | None
    content_index: bytes | None
    password_policy: str


def get(session: Session, organisation_id: UUID, document_id: UUID) -> Document | None:
    """The document, if it belongs to the organisation."""
    return session.exec(
        select(Document).where(Document.id == document_id, Document.organisation_id == organisation_id)
    ).one_or_none()


def of_batch(session: Session, batch_id: UUID) -> list[Document]:
    """Every line of a batch, in review order."""
    return list(
        session.exec(select(Document).where(Document.batch_id == batch_id).order_by(col(Document.position)))
    )


def insert_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Bulk insert; each mapping names every column that has no default in the database."""
    insert_rows(session, Document, rows)


def delete_of_batch(session: Session, batch_id: UUID) -> None:
    """Drop the lines of a batch that is being split again."""
    session.execute(
        sa.delete(Document).where(col(Document.batch_id) == batch_id), execution_options=UNSYNCHRONISED
    )


def set_states(session: Session, batch_id: UUID, *, old: str, new: str, **values: Any) -> int:
    """Move every line of a batch from one state to another; returns how many moved."""
    result = session.execute(
        sa.update(Document)
        .where(col(Document.batch_id) == batch_id, col(Document.state) == old)
        .values(state=new, **values),
        execution_options=UNSYNCHRONISED,
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def lines(session: Session, batch_id: UUID) -> list[Line]:
    """Documents with their newest message."""
    newest = (
        sa.select(col(Message.document_id), sa.func.max(col(Message.created_at)).label("at"))
        .where(col(Message.batch_id) == batch_id)
        .group_by(col(Message.document_id))
        .subquery()
    )
    query = (
        sa.select(Document, Message)
        .outerjoin(newest, newest.c.document_id == col(Document.id))
        .outerjoin(
            Message,
            sa.and_(col(Message.document_id) == col(Document.id), col(Message.created_at) == newest.c.at),
        )
        .where(col(Document.batch_id) == batch_id)
        .order_by(col(Document.position))
    )
    return [Line(document, message) for document, message in session.execute(query)]


def mark_opened(session: Session, document_id: UUID, now: datetime) -> None:
    """The first opening, kept once."""
    session.connection().execute(_MARK_OPENED, {"document_id": document_id, "now": now})


def downloads_not_noted(session: Session, since: datetime) -> dict[UUID, datetime]:
    """Documents that the journal says were downloaded since then, and whose line does not say so yet."""
    rows = session.execute(
        sa.select(col(JournalEvent.subject_id), sa.func.min(col(JournalEvent.at)))
        .join(Document, col(Document.id) == col(JournalEvent.subject_id))
        .where(
            col(JournalEvent.tag) == Tag.DOCUMENT_DOWNLOADED.value,
            col(JournalEvent.at) >= since,
            col(Document.downloaded_at).is_(None),
        )
        .group_by(col(JournalEvent.subject_id))
    )
    return {row[0]: row[1] for row in rows}


def note_downloads(session: Session, downloads: Mapping[UUID, datetime]) -> None:
    """Write first downloads into the lines."""
    for document_id, at in downloads.items():
        session.execute(
            sa.update(Document)
            .where(col(Document.id) == document_id, col(Document.downloaded_at).is_(None))
            .values(downloaded_at=at),
            execution_options=UNSYNCHRONISED,
        )


def revoke(session: Session, document_ids: Sequence[UUID], now: datetime) -> None:
    """Mark documents as revoked."""
    if document_ids:
        session.execute(
            sa.update(Document)
            .where(col(Document.id).in_(document_ids), col(Document.state) == "sealed")
            .values(state="revoked", revoked_at=now),
            execution_options=UNSYNCHRONISED,
        )


def received_before(
    session: Session, staff_indexes: Sequence[bytes], batch_id: UUID
) -> dict[tuple[bytes, str], list[Received]]:
    """What these people already received in other batches, by staff index and period, oldest first.

    Staff indexes are keyed by organisation; naming it as well would make SQLite walk through all its documents.
    """
    found: dict[tuple[bytes, str], list[Received]] = {}
    for start in range(0, len(staff_indexes), 500):
        rows = session.execute(
            sa.select(
                col(Document.staff_index),
                col(Document.period),
                col(Document.id),
                col(Document.name_sealed),
                col(Document.content_index),
                col(Batch.password_policy),
            )
            .join(Batch, col(Batch.id) == col(Document.batch_id))
            .where(
                col(Document.staff_index).in_(staff_indexes[start : start + 500]),
                col(Document.state).in_(("sealed", "releasing")),
                col(Document.batch_id) != batch_id,
            )
            .order_by(col(Document.created_at))
        )
        for index, period, *received in rows:
            found.setdefault((index, period), []).append(Received(*received))
    return found


def forget_review(session: Session, batch_id: UUID) -> None:
    """Delete the keys and codes that waited for release, and close the lines."""
    session.execute(
        sa.update(Document)
        .where(col(Document.batch_id) == batch_id, col(Document.state).in_(("in_review", "excluded")))
        .values(state="cancelled", key_review=None, access_code_review=None),
        execution_options=UNSYNCHRONISED,
    )


def expire(session: Session, document_ids: Sequence[UUID]) -> None:
    """Mark documents whose last day is over."""
    if document_ids:
        session.execute(
            sa.update(Document)
            .where(col(Document.id).in_(document_ids), col(Document.state) == "sealed")
            .values(state="expired"),
            execution_options=UNSYNCHRONISED,
        )
