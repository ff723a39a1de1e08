"""Numbers that took no text, so that nobody writes to them again without having been warned."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, reference, text_field


class DeadNumber(SQLModel, table=True):
    """One number of one organisation, known by its keyed hash alone. `code` is one of
    `app.messaging.sending.failures.DEAD_NUMBER`, and `failures` counts how often it was told."""

    __tablename__ = "dead_number"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "phone_index"),)

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id", index=False)
    phone_index: bytes
    code: str = text_field(40)
    failures: int = 1
    last_failed_at: datetime = Field(index=True)
