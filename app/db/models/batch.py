"""One upload by the pay office, and the files in it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, json_field, reference, text_field


class Batch(SQLModel, table=True):
    """State: received, needs_mapping, splitting, in_review, failed, releasing, released, finished, recalled, cancelled.

    `review_day` (days since 1970-01-01) names the epoch key that protects the parts until release; after
    `release_before` the batch is cancelled and wiped. `failure` is a code, and sealed what it is about (`app.db.sending.failures`).
    `mapping` is the clerk's answer about the columns (`app.db.payroll.mappings`).
    `printed_period` is the month most of its payslips bear, empty while unknown or when none does.
    While its files are read, `pages_read` counts, and `page_count` is 0 as long as nobody can know it.
    `packs_deleted_at` says since when nothing of its documents is stored any more.
    """

    __tablename__ = "batch"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "idempotency_key"),)

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id")
    title: str = text_field(120)
    kind: str = text_field(20, default="payslip")
    period: str = text_field(7, default="")
    printed_period: str = text_field(7, default="")
    state: str = text_field(16, index=True)
    failure: dict[str, Any] = json_field(dict)
    expires_on: str = text_field(10, default="")
    password_policy: str = text_field(10)
    profile: str = text_field(10)
    channels: list[str] = json_field(list)
    mapping: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    sheet_warnings: list[dict[str, Any]] = json_field(list)
    page_count: int = 0
    pages_read: int = 0
    review_day: int
    release_before: datetime
    idempotency_key: str | None = text_field(200, default=None)
    request_hash: bytes | None = None
    same_files_as: UUID | None = None
    confirmed: list[str] = json_field(list)
    created_by: str = text_field(80)
    created_at: datetime
    released_by: str = text_field(80, default="")
    released_at: datetime | None = None
    finished_at: datetime | None = None
    packs_deleted_at: datetime | None = None


class Upload(SQLModel, table=True):
    """A file as it was given, sealed in records under a key of its own, wrapped under the batch's review key.

    `role` is documents or people. `content_index` is a keyed hash, to notice the same file given twice. `blob_key` is
    empty and `key_wrapped` null once the batch needs the file no more.
    """

    __tablename__ = "upload"

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id")
    batch_id: UUID = reference("batch.id")
    role: str = text_field(10)
    position: int
    name_sealed: bytes
    size: int
    content_index: bytes = Field(index=True)
    blob_key: str = text_field(120)
    key_wrapped: bytes | None = None


class MappingMemory(SQLModel, table=True):
    """Which field a folded heading meant when a clerk said so, proposed again next month. `headings` is sealed."""

    __tablename__ = "mapping_memory"

    organisation_id: UUID = Field(foreign_key="organisation.id", primary_key=True)
    headings: dict[str, str] = json_field(dict)
    updated_at: datetime
