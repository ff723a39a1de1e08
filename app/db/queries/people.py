"""Every question asked of recipients and their objections."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db.bulk import insert_rows
from app.db.models import Batch, Document, Objection, Person
from links.tables import Link

CHUNK = 500


class LastSent(NamedTuple):
    """The name and the phone a person's last batch went to."""

    person_id: UUID
    name_sealed: bytes
    phone_index: bytes | None
    phone_sealed: bytes


def by_staff_index(session: Session, organisation_id: UUID, indexes: Sequence[bytes]) -> dict[bytes, Person]:
    """Known people among those staff numbers."""
    found: dict[bytes, Person] = {}
    for start in range(0, len(indexes), CHUNK):
        query = select(Person).where(
            Person.organisation_id == organisation_id,
            col(Person.staff_index).in_(indexes[start : start + CHUNK]),
        )
        found |= {person.staff_index: person for person in session.exec(query)}
    return found


def last_sent(session: Session, organisation_id: UUID, indexes: Sequence[bytes]) -> dict[bytes, LastSent]:
    """Name and phone of each of those people who was written to before, by staff index."""
    found: dict[bytes, LastSent] = {}
    for start in range(0, len(indexes), CHUNK):
        rows = session.execute(
            sa.select(
                col(Person.staff_index),
                col(Person.id),
                col(Person.name_sealed),
                col(Person.phone_index),
                col(Person.phone_sealed),
            ).where(
                col(Person.organisation_id) == organisation_id,
                col(Person.staff_index).in_(indexes[start : start + CHUNK]),
                col(Person.phone_sealed).is_not(None),
            )
        )
        found |= {staff: LastSent(*last) for staff, *last in rows}
    return found


def sent_outside(
    session: Session, organisation_id: UUID, indexes: Sequence[bytes], batch_id: UUID
) -> dict[bytes, Document]:
    """What each of those staff numbers was sent last, leaving out one batch, the recalled ones, and documents that
    were withdrawn for their own sake: of those the number may have been wrong."""
    found: dict[bytes, Document] = {}
    replaced = sa.select(col(Link.id)).where(
        col(Link.document_id) == col(Document.id), col(Link.revoked_reason) == "replaced"
    )
    for start in range(0, len(indexes), CHUNK):
        query = (
            select(Document)
            .join(Batch, col(Batch.id) == col(Document.batch_id))
            .where(
                Document.organisation_id == organisation_id,
                col(Document.staff_index).in_(indexes[start : start + CHUNK]),
                col(Document.person_id).is_not(None),
                col(Document.batch_id) != batch_id,
                col(Batch.state) != "recalled",
                sa.or_(col(Document.state).in_(("sealed", "expired")), replaced.exists()),
            )
            .order_by(col(Batch.released_at), col(Document.position))
        )
        for document in session.exec(query):
            if document.staff_index is not None:
                found[document.staff_index] = document
    return found


def of_block(session: Session, block_id: UUID) -> dict[bytes, Person]:
    """Known people among those whose documents are in a block."""
    query = (
        select(Person)
        .join(
            Document,
            sa.and_(
                col(Document.staff_index) == col(Person.staff_index),
                col(Document.organisation_id) == col(Person.organisation_id),
            ),
        )
        .where(Document.block_id == block_id)
    )
    return {person.staff_index: person for person in session.exec(query)}


def insert_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Bulk insert of new people."""
    insert_rows(session, Person, rows)


def update_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Bulk update by primary key; every mapping has the same keys, `id` among them."""
    if rows:
        session.execute(sa.update(Person), list(rows))


def objections(
    session: Session, organisation_id: UUID, kinds: Sequence[str], subjects: Sequence[bytes]
) -> set[tuple[bytes, str]]:
    """Objections in force: for each subject and kind the last record decides."""
    state: dict[tuple[bytes, str], bool] = {}
    for start in range(0, len(subjects), CHUNK):
        query = (
            select(Objection)
            .where(
                Objection.organisation_id == organisation_id,
                col(Objection.kind).in_(kinds),
                col(Objection.subject_index).in_(subjects[start : start + CHUNK]),
            )
            .order_by(col(Objection.recorded_at))
        )
        for record in session.exec(query):
            state[record.subject_index, record.kind] = not record.withdrawn
    return {key for key, in_force in state.items() if in_force}


def record_objection(
    session: Session,
    organisation_id: UUID,
    subject: bytes,
    kind: str,
    how: str,
    now: datetime,
    *,
    withdrawn: bool,
) -> None:
    """Add one record; nothing is ever changed or removed."""
    session.add(
        Objection(
            organisation_id=organisation_id,
            subject_index=subject,
            kind=kind,
            withdrawn=withdrawn,
            how=how,
            recorded_at=now,
        )
    )
