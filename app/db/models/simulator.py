"""The simulated network: handsets and what they received, sealed like the outbox."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, json_field, reference, text_field


class SimulatedHandset(SQLModel, table=True):
    """A phone of the simulator, created by the first message to its number."""

    __tablename__ = "simulated_handset"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "phone_index"),)

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id")
    phone_sealed: bytes
    phone_index: bytes
    powered: bool = True
    rcs: bool = True
    created_at: datetime


class SimulatedMessage(SQLModel, table=True):
    """A message inside the simulated network. `attempt_id` is the sender's reference and unique: the network takes
    the same message once. `state`: queued, delivered, revoked, failed, received (from the phone to us)."""

    __tablename__ = "simulated_message"

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id")
    handset_id: UUID = reference("simulated_handset.id")
    attempt_id: UUID | None = Field(default=None, unique=True)
    channel: str = text_field(4)
    sender: str = text_field(40)
    body_sealed: bytes | None
    state: str = text_field(10)
    due_at: datetime | None = Field(default=None, index=True)
    pending: list[str] = json_field(list)
    created_at: datetime
    delivered_at: datetime | None = None
    read_at: datetime | None = None
