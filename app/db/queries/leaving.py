"""Every question asked on the way of a reviewed batch out of the house: release, then announcement block by block.

A batch may hold ten thousand lines, so only the columns that the way needs are read, as tuples.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.db.bulk import UNSYNCHRONISED
from app.db.models import Batch, Document, Person
from links.tables import Link

_Earlier = aliased(Document)
# The same staff number and month in another batch.
_SAME_PLACE = sa.and_(
    col(Document.staff_index) == col(_Earlier.staff_index),
    col(Document.period) == col(_Earlier.period),
    col(Document.batch_id) != col(_Earlier.batch_id),
)


class LeavingDocument(NamedTuple):
    """What a link and a message are made from; the fields are the columns of those names."""

    id: UUID
    period: str
    language: str
    staff_sealed: bytes | None
    staff_index: bytes | None
    name_sealed: bytes | None
    phone_sealed: bytes | None
    phone_index: bytes | None
    access_code_review: bytes | None
    key_review: bytes | None


def of_block(session: Session, block_id: UUID) -> list[LeavingDocument]:
    """Documents of a block that were released and have no link yet, in review order."""
    query = sa.select(*_columns(LeavingDocument)).where(
        col(Document.block_id) == block_id, col(Document.state) == "releasing"
    )
    return [LeavingDocument(*row) for row in session.execute(query.order_by(col(Document.position)))]


def assign_blocks(session: Session, assignment: Mapping[UUID, Sequence[UUID]]) -> None:
    """Put documents into announcement blocks and mark them as leaving."""
    for block_id, ids in assignment.items():
        session.execute(
            sa.update(Document)
            .where(col(Document.id).in_(ids), col(Document.state) == "in_review")
            .values(block_id=block_id, state="releasing"),
            execution_options=UNSYNCHRONISED,
        )


class Replaceable(NamedTuple):
    """A sealed document of another batch for the staff number and period of one that leaves, with the name of each
    and what a person confirmed on the new one's line."""

    earlier_id: UUID
    earlier_name: bytes | None
    document_id: UUID
    name: bytes | None
    confirmed: list[str]


def replaceable_by(session: Session, block_id: UUID) -> list[Replaceable]:
    """Sealed documents of other batches for the staff numbers and periods of a block that leaves: a corrected payslip
    may take their place.

    Staff indexes are keyed by organisation, so none of another organisation can match. Asking for the organisation as
    well would make SQLite walk through all its documents for each block.
    """
    query = (
        sa.select(
            col(_Earlier.id),
            col(_Earlier.name_sealed),
            col(Document.id),
            col(Document.name_sealed),
            col(Document.confirmed),
        )
        .join(
            Document,
            _SAME_PLACE,
        )
        .where(
            col(Document.block_id) == block_id,
            col(Document.state) == "releasing",
            col(Document.period) != "",
            col(_Earlier.state) == "sealed",
        )
        .order_by(col(_Earlier.created_at), col(_Earlier.position))
    )
    return [Replaceable(*row) for row in session.execute(query)]


def replaced_in(session: Session, batch: Batch) -> list[Document]:
    """Documents of other batches whose links closed because this batch replaced them."""
    query = (
        sa.select(_Earlier)
        .join(
            Document,
            _SAME_PLACE,
        )
        .join(Link, col(Link.document_id) == col(_Earlier.id))
        .where(
            col(Document.batch_id) == batch.id,
            col(Document.person_id).is_not(None),
            col(_Earlier.state) == "revoked",
            col(_Earlier.revoked_at) >= batch.released_at,
            col(Link.revoked_reason) == "replaced",
        )
        .order_by(col(_Earlier.position))
    )
    return list({document.id: document for document in session.scalars(query)}.values())


def seal_block(session: Session, block_id: UUID) -> None:
    """The links of a block were minted and its people are known: the review wraps go, the state becomes sealed."""
    person = (
        sa.select(col(Person.id))
        .where(
            col(Person.organisation_id) == col(Document.organisation_id),
            col(Person.staff_index) == col(Document.staff_index),
        )
        .scalar_subquery()
    )
    session.execute(
        sa.update(Document)
        .where(col(Document.block_id) == block_id, col(Document.state) == "releasing")
        .values(state="sealed", person_id=person, key_review=None, access_code_review=None),
        execution_options=UNSYNCHRONISED,
    )


def _columns(shape: type[NamedTuple]) -> list[Any]:
    return [getattr(Document, name) for name in shape._fields]
