"""The simulated network: handsets, what they received, and the reports it still owes us. Sealed like the outbox."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, reference, text_field


class SimulatedHandset(SQLModel, table=True):
    """A phone of the simulator, created by the first message to its number."""

    __tablename__ = "simulated_handset"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "phone_index"),)

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id", index=False)
    phone_sealed: bytes
    phone_index: bytes
    powered: bool = True
    rcs: bool = True
    created_at: datetime


class SimulatedMessage(SQLModel, table=True):
    """A message inside the simulated network. `attempt_id` is the sender's reference and unique: the network takes
    the same message once.

    `state`: outage (the first try met a failing network, nothing was taken), queued, delivered, failed, expired,
    revoked; from the phone to us received (what it shows: written, or done by a button) and tapped (a link, which shows nothing). `due_at` is when the
    phone is to get it; None means never.
    `body_sealed` is erased as soon as no phone will show it any more, and in any case after some days.
    """

    __tablename__ = "simulated_message"

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id", index=False)
    handset_id: UUID = reference("simulated_handset.id")
    attempt_id: UUID | None = Field(default=None, unique=True)
    channel: str = text_field(4)
    sender: str = text_field(40)
    body_sealed: bytes | None
    state: str = text_field(10)
    due_at: datetime | None = Field(default=None, index=True)
    expires_at: datetime | None = Field(default=None, index=True)
    created_at: datetime = Field(index=True)
    delivered_at: datetime | None = None
    read_at: datetime | None = None


class SimulatedReport(SQLModel, table=True):
    """What the network has to tell us about a message, deleted once we said that it is recorded.

    `state` is that of a delivery report, or `inbound` for a message that a phone sent. `due_at` is the next time to
    tell it, `tries` how often it was told.
    """

    __tablename__ = "simulated_report"

    id: UUID = id_field()
    message_id: UUID = reference("simulated_message.id")
    state: str = text_field(12)
    code: str = text_field(40, default="")
    occurred_at: datetime
    due_at: datetime = Field(index=True)
    tries: int = 0
