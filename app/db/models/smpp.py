"""What SMPP needs between a submission and its receipt. Numbers are keyed hashes and texts sealed; nothing else of a
message is here."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, text_field


class SmppPart(SQLModel, table=True):
    """One submit_sm of an attempt. `reference` is the SMSC's id for it, empty until it answered.

    `state`: offered (another process is asked to send it; `body_sealed` is what to send), sent, taken, refused, later,
    unsent, missed (its slot), doubt, then enroute, delivered or failed. `code` is in our words, `vendor` the number
    behind it. `leaves_at` is the slot of what is offered, None when it may leave at once.
    """

    __tablename__ = "smpp_part"
    __table_args__ = (
        sa.Index("ix_smpp_part_reference", "connection_id", "reference"),
        sa.Index("ix_smpp_part_to", "connection_id", "to_index", "sent_at"),
        sa.Index(
            "ix_smpp_part_open",
            "connection_id",
            "state",
            sqlite_where=sa.text("state IN ('offered', 'sent')"),
            postgresql_where=sa.text("state IN ('offered', 'sent')"),
        ),
        sa.Index("ix_smpp_part_sent_at", "sent_at"),
    )

    id: UUID = id_field()
    connection_id: UUID
    attempt_id: UUID = Field(index=True)
    number: int
    total: int
    to_index: bytes
    reference: str = text_field(64, default="")
    state: str = text_field(10)
    code: str = text_field(40, default="")
    vendor: str = text_field(20, default="")
    body_sealed: bytes | None = None
    leaves_at: datetime | None = None
    sent_at: datetime
    done_at: datetime | None = None


class SmppReceipt(SQLModel, table=True):
    """A receipt that fits no submission yet: its answer may still be on the way. Kept for a day."""

    __tablename__ = "smpp_receipt"
    __table_args__ = (
        sa.UniqueConstraint("connection_id", "reference", "to_index", "state"),
        sa.Index("ix_smpp_receipt_received_at", "received_at"),
    )

    id: UUID = id_field()
    connection_id: UUID
    reference: str = text_field(64)
    to_index: bytes
    state: str = text_field(10)
    code: str = text_field(40, default="")
    vendor: str = text_field(20, default="")
    received_at: datetime


class SmppPiece(SQLModel, table=True):
    """One part of a long message from a person, until the others have come."""

    __tablename__ = "smpp_piece"
    __table_args__ = (sa.UniqueConstraint("connection_id", "series", "number"),)

    id: UUID = id_field()
    connection_id: UUID
    series: bytes
    number: int
    total: int
    content_sealed: bytes
    received_at: datetime
