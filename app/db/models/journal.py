"""The hash-chained journal of each organisation (rules in `app.evidence.chain`)."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.models.base import text_field


class JournalHead(SQLModel, table=True):
    """The last link of the chain. Whoever appends holds this row."""

    __tablename__ = "journal_head"

    organisation_id: UUID = Field(foreign_key="organisation.id", primary_key=True)
    seq: int = Field(sa_type=sa.BigInteger)
    head: bytes


class JournalEvent(SQLModel, table=True):
    """One event. `body_sealed` and `salt` are erased at the end of retention; `commitment` and `chain` stay."""

    __tablename__ = "journal_event"
    __table_args__ = (
        sa.Index("ix_journal_subject", "organisation_id", "subject_id", "seq"),
        sa.Index("ix_journal_tag_at", "tag", "at"),
    )

    organisation_id: UUID = Field(foreign_key="organisation.id", primary_key=True)
    seq: int = Field(primary_key=True, sa_type=sa.BigInteger)
    at: datetime
    tag: str = text_field(40)
    subject_id: UUID
    salt: bytes | None
    body_sealed: bytes | None
    commitment: bytes
    chain: bytes
