"""Every question asked of batches and their files."""

import json
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.core.errors import Forbidden
from app.crypto.vault import Vault
from app.db.bulk import UNSYNCHRONISED
from app.db.models import Batch, Document, MappingMemory, Message, Upload

BEFORE_RELEASE = ("received", "needs_mapping", "splitting", "in_review")
RECALLABLE = ("releasing", "released", "finished")
BEING_READ = ("received", "needs_mapping", "splitting")
OVER = ("released", "finished", "recalled", "cancelled", "failed")


@dataclass(frozen=True)
class Progress:
    """Figures of one batch: documents by review verdict and by state, messages by state, and what readers did."""

    matches: Mapping[str, int]
    documents: Mapping[str, int]
    messages: Mapping[str, int]
    opened: int
    downloaded: int


def get(session: Session, organisation_id: UUID, batch_id: UUID) -> Batch | None:
    """The batch, if it belongs to the organisation."""
    return session.exec(
        select(Batch).where(Batch.id == batch_id, Batch.organisation_id == organisation_id)
    ).one_or_none()


def require_author(batch: Batch, actor: str) -> None:
    """Raises Forbidden unless the actor uploaded the batch."""
    if batch.created_by != actor:
        raise Forbidden(
            "test_key_never_sends", "a test key may do this only to what it uploaded itself; use a live key"
        )


def get_any(session: Session, batch_id: UUID) -> Batch | None:
    """The batch, for a job that was given its id."""
    return session.get(Batch, batch_id)


def lock(session: Session, batch_id: UUID) -> Batch | None:
    """The batch, held until the transaction ends."""
    return session.exec(
        select(Batch).where(Batch.id == batch_id).with_for_update(key_share=True)
    ).one_or_none()


def state(session: Session, batch_id: UUID) -> str:
    """The state of a batch."""
    return session.exec(select(Batch.state).where(Batch.id == batch_id)).one_or_none() or ""


def lock_state(session: Session, batch_id: UUID) -> str:
    """The state of a batch, held until the transaction ends."""
    batch = lock(session, batch_id)
    return batch.state if batch else ""


def reopen(session: Session, batch_ids: Collection[UUID]) -> None:
    """Those that counted as finished, and one of whose messages leaves after all. Hold no message of theirs."""
    session.execute(
        sa.update(Batch)
        .where(col(Batch.id).in_(batch_ids), Batch.state == "finished")  # type: ignore[arg-type]
        .values(state="released"),
        execution_options=UNSYNCHRONISED,
    )


def set_state(session: Session, batch_id: UUID, state: str) -> None:
    """Move a batch to a state."""
    session.execute(
        sa.update(Batch).where(col(Batch.id) == batch_id).values(state=state),
        execution_options=UNSYNCHRONISED,
    )


def note_pages_read(session: Session, batch_id: UUID, pages_read: int, page_count: int) -> None:
    """How far the files of a batch are read, for those who watch; `page_count` is 0 while unknown."""
    session.execute(
        sa.update(Batch)
        .where(col(Batch.id) == batch_id, col(Batch.state) == "splitting")
        .values(pages_read=pages_read, page_count=page_count),
        execution_options=UNSYNCHRONISED,
    )


def by_idempotency_key(session: Session, organisation_id: UUID, key: str) -> Batch | None:
    """The batch that an earlier request with this key created."""
    return session.exec(
        select(Batch).where(Batch.organisation_id == organisation_id, Batch.idempotency_key == key)
    ).one_or_none()


def recent(
    session: Session, organisation_id: UUID, *, limit: int, before: datetime | None = None
) -> list[Batch]:
    """The newest batches first."""
    query = select(Batch).where(Batch.organisation_id == organisation_id)
    if before is not None:
        query = query.where(col(Batch.created_at) < before)
    return list(session.exec(query.order_by(col(Batch.created_at).desc()).limit(limit)))


def uploads(session: Session, batch_id: UUID, role: str) -> list[Upload]:
    """Files of one role, in the order they were given."""
    query = select(Upload).where(Upload.batch_id == batch_id, Upload.role == role)
    return list(session.exec(query.order_by(col(Upload.position))))


def with_same_files(
    session: Session, organisation_id: UUID, contents: Sequence[bytes], before: datetime
) -> Batch | None:
    """A batch made before that instant, not cancelled or failed, that already holds a document file with the same
    content: the newest one that was sent, else the newest that may be sent, else the newest that was recalled."""
    sent_first = sa.case(
        (col(Batch.state).in_(RECALLABLE), 0), (col(Batch.state).in_(BEFORE_RELEASE), 1), else_=2
    )
    query = (
        select(Batch)
        .join(Upload, col(Upload.batch_id) == Batch.id)
        .where(
            Batch.organisation_id == organisation_id,
            Upload.role == "documents",
            col(Upload.content_index).in_(contents),
            col(Batch.state).not_in(("cancelled", "failed")),
            col(Batch.created_at) < before,
        )
        .order_by(sent_first, col(Batch.created_at).desc())
        .limit(1)
    )
    return session.exec(query).first()


def remembered_headings(session: Session, vault: Vault, organisation_id: UUID) -> dict[str, str]:
    """Folded headings a clerk gave a field to, earlier."""
    memory = session.get(MappingMemory, organisation_id)
    sealed = memory.headings.get("sealed") if memory else None
    if sealed is None:
        return {}
    text = vault.columns.open_column(
        organisation_id, "mapping_memory", "headings", organisation_id, b64decode(sealed)
    )
    return dict(json.loads(text))


def remember_headings(
    session: Session, vault: Vault, organisation_id: UUID, headings: dict[str, str], now: datetime
) -> None:
    """Keep the clerk's choice for next month. It is sealed: where a sheet has no headings, the first person's line may
    be taken for them."""
    known = remembered_headings(session, vault, organisation_id)
    text = json.dumps({**known, **headings})
    sealed = vault.columns.seal_column(organisation_id, "mapping_memory", "headings", organisation_id, text)
    memory = session.get(MappingMemory, organisation_id) or MappingMemory(
        organisation_id=organisation_id, headings={}, updated_at=now
    )
    memory.headings = {"sealed": b64encode(sealed).decode("ascii")}
    memory.updated_at = now
    session.add(memory)


def progress(session: Session, batch_id: UUID) -> Progress:
    """Counted by the database, whatever the size of the batch."""

    def tally(column: Any, model: Any) -> dict[str, int]:
        rows = session.execute(
            sa.select(column, sa.func.count()).where(model.batch_id == batch_id).group_by(column)
        )
        return {str(key): count for key, count in rows}

    read = session.execute(
        sa.select(
            sa.func.count(col(Document.opened_at)),
            sa.func.count(col(Document.downloaded_at)),
        ).where(col(Document.batch_id) == batch_id)
    ).one()
    return Progress(
        matches=tally(col(Document.match), Document),
        documents=tally(col(Document.state), Document),
        messages=tally(col(Message.state), Message),
        opened=read[0],
        downloaded=read[1],
    )


def in_state(session: Session, state: str) -> list[UUID]:
    """Batches that are in a state."""
    return list(session.exec(select(Batch.id).where(Batch.state == state)))


def uploads_to_wipe(session: Session) -> list[Upload]:
    """Uploads whose batch needs them no more."""
    query = (
        select(Upload)
        .join(Batch, col(Batch.id) == Upload.batch_id)
        .where(
            col(Upload.key_wrapped).is_not(None),
            col(Batch.state).in_(OVER),
        )
    )
    return list(session.exec(query))


def forget_upload_key(session: Session, upload_id: UUID) -> None:
    """From now on the upload is unreadable, wherever a copy of it lies."""
    session.execute(
        sa.update(Upload).where(col(Upload.id) == upload_id).values(key_wrapped=None, blob_key=""),
        execution_options=UNSYNCHRONISED,
    )


def with_dead_packs(session: Session) -> list[UUID]:
    """Batches whose documents are still stored although none of them can be opened by anybody any more."""
    openable = sa.select(col(Document.id)).where(
        col(Document.batch_id) == Batch.id,
        sa.or_(col(Document.state).in_(("releasing", "sealed")), col(Document.key_review).is_not(None)),
    )
    query = select(Batch.id).where(
        col(Batch.packs_deleted_at).is_(None), col(Batch.state).in_(OVER), ~openable.exists()
    )
    return list(session.exec(query))


def forget_packs(session: Session, batch_id: UUID, now: datetime) -> None:
    """Note that nothing of the batch's documents is stored any more."""
    session.execute(
        sa.update(Document)
        .where(col(Document.batch_id) == batch_id, col(Document.blob_key) != "")
        .values(blob_key=""),
        execution_options=UNSYNCHRONISED,
    )
    session.execute(
        sa.update(Batch).where(col(Batch.id) == batch_id).values(packs_deleted_at=now),
        execution_options=UNSYNCHRONISED,
    )


def stored_for(session: Session, batch_ids: Collection[UUID]) -> set[str]:
    """Keys of every object that a row of these batches points to."""
    uploaded = select(Upload.blob_key).where(col(Upload.batch_id).in_(batch_ids))
    packed = select(Document.blob_key).where(col(Document.batch_id).in_(batch_ids)).distinct()
    return {*session.exec(uploaded), *session.exec(packed)}


def known(session: Session, batch_ids: Collection[UUID]) -> set[UUID]:
    """Those of these batches that this database has a row of."""
    return set(session.exec(select(Batch.id).where(col(Batch.id).in_(batch_ids))))


def still_read(session: Session, batch_ids: Collection[UUID]) -> set[UUID]:
    """Those of these batches whose packs may exist before the rows that point to them."""
    query = select(Batch.id).where(col(Batch.id).in_(batch_ids), col(Batch.state).in_(BEING_READ))
    return set(session.exec(query))


def overdue_for_release(session: Session, now: datetime) -> list[UUID]:
    """Batches nobody released in time."""
    query = select(Batch.id).where(
        col(Batch.state).in_(("received", "needs_mapping", "splitting", "in_review")),
        Batch.release_before <= now,
    )
    return list(session.exec(query))
