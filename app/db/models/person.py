"""A recipient, as the organisation knows them from one batch to the next."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel

from app.db.models.base import id_field, reference, text_field


class Person(SQLModel, table=True):
    """One employee or customer. Name, phone and staff number are sealed; the indexes are keyed hashes.

    `password_key_sealed` is the derived key of the person's usual password with its salt, kept only in the standard
    profile. `objected_at` is the day the person refused electronic payslips.
    """

    __tablename__ = "person"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "staff_index"),)

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id")
    staff_sealed: bytes
    staff_index: bytes
    name_sealed: bytes
    phone_sealed: bytes | None = None
    phone_index: bytes | None = None
    language: str = text_field(2, default="fr")
    objected_at: datetime | None = None
    password_key_sealed: bytes | None = None
    updated_at: datetime
