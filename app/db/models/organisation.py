"""An organisation is a tenant: an employer or a bank."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, text_field


class Organisation(SQLModel, table=True):
    """Settings of one tenant. `staff_pattern` empty means the built-in pattern for French payslips.

    `profile` is `standard` (a lost link can be re-issued, so the server alone can read) or `strict` (it cannot).
    """

    __tablename__ = "organisation"

    id: UUID = id_field()
    name: str = text_field(120)
    slug: str = text_field(40, unique=True)
    timezone: str = text_field(64, default="Europe/Paris")
    region: str = text_field(2, default="FR")
    language: str = text_field(2, default="fr")
    profile: str = text_field(10, default="standard")
    staff_pattern: str = text_field(400, default="")
    sender_name: str = text_field(11)
    contact: str = text_field(200)
    contact_phone: str = text_field(16, default="")
    brand_colour: str = text_field(7, default="#0b6e63")
    password_policy: str = text_field(10, default="sheet")
    link_days: int = Field(default=90)
    rcs_enabled: bool = Field(default=True)
    simulator_only: bool = Field(default=False)
    custody: str = text_field(10, default="online")
    public_key: bytes
    private_key_sealed: bytes
    created_at: datetime
