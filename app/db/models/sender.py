"""Where messages come from, how fast they may leave, and what they say."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, reference, text_field


class Sender(SQLModel, table=True):
    """Where messages come from. `kind` and `state` are those of `app.messaging.sending.senders`, `rate` its limit in segments a
    second; its pace is kept in `Pace`. `kind`, `state` and `address` say together whether it may be used.
    """

    __tablename__ = "sender"

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id")
    kind: str = text_field(16)
    address: str = text_field(40)
    carrier: str = text_field(20)
    rate: float
    state: str = text_field(10)
    state_since: datetime
    created_at: datetime


class Pace(SQLModel, table=True):
    """The slots granted in the last second to a sender or to a connection of a carrier (`app.messaging.timing.throttle`): the
    one hot row of each. It points to nothing, so that holding it stops nobody who writes about a sender."""

    __tablename__ = "pace"

    owner_id: UUID = id_field()
    log: bytes = b""


class Template(SQLModel, table=True):
    """A text with `{fields}`, per organisation, key, channel and language. `kind` is one of
    `app.messaging.permission.categories.Kind`."""

    __tablename__ = "template"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "key", "channel", "language"),)

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id")
    key: str = text_field(40)
    channel: str = text_field(4)
    language: str = text_field(2)
    category: str = text_field(16)
    kind: str = text_field(20, default="notice")
    title: str = text_field(200, default="")
    text: str = text_field(2000)
    updated_at: datetime


class Objection(SQLModel, table=True):
    """Append-only: a person refused the electronic payslip (`kind` electronic_payslip), or took that back; `how` tells by
    which way. `subject_index` is a keyed hash of the staff number, so erasing a person keeps it. What people say about
    messages is in `consent_record`."""

    __tablename__ = "objection"

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id", index=False)
    subject_index: bytes = Field(index=True)
    kind: str = text_field(20)
    withdrawn: bool = False
    how: str = text_field(20)
    recorded_at: datetime
