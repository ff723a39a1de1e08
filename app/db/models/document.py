"""One line of a batch: a person, a document, or what is missing between them."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, json_field, reference, text_field


class Document(SQLModel, table=True):
    """`state`: in_review, excluded, releasing, sealed, revoked, expired, cancelled. `match` is the review's verdict.

    `row_key` is the line's id within the review and `conflict` says that it competes with others of its staff number.
    `findings` hold codes and severities; `details_sealed` what names people or numbers. The blob lies in the batch's
    pack at `blob_offset`. `key_review` wraps the document key until release and is null after it.
    """

    __tablename__ = "document"
    __table_args__ = (sa.UniqueConstraint("batch_id", "position"),)

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id")
    batch_id: UUID = reference("batch.id")
    person_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    block_id: UUID | None = Field(default=None, index=True)
    position: int
    match: str = text_field(20)
    state: str = text_field(12)
    row_key: str = text_field(24)
    conflict: bool = False
    findings: list[dict[str, str]] = json_field(list)
    confirmed: list[str] = json_field(list)
    details_sealed: bytes | None = None
    sheet_row: int | None = None
    pages: list[int] = json_field(list)
    period: str = text_field(7, default="")
    language: str = text_field(2, default="fr")
    staff_sealed: bytes | None = None
    staff_index: bytes | None = Field(default=None, index=True)
    name_sealed: bytes | None = None
    phone_sealed: bytes | None = None
    phone_index: bytes | None = Field(default=None, index=True)
    access_code_review: bytes | None = None
    blob_key: str = text_field(120, default="")
    blob_offset: int = 0
    blob_size: int = 0
    plain_size: int = 0
    content_index: bytes | None = Field(default=None, index=True)
    content_hash_sealed: bytes | None = None
    key_review: bytes | None = None
    opened_at: datetime | None = None
    downloaded_at: datetime | None = None
    revoked_at: datetime | None = None
    created_at: datetime
