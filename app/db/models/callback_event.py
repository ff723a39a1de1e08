"""What a carrier told us that is not yet, or never, part of a message's story."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, text_field


class CallbackEvent(SQLModel, table=True):
    """What a carrier told us that could not be put where it belongs. `kind` says why:

    early     a report on a message whose reference is not written down yet; matched again for a day
    unrouted  an answer to a number that is no sender of ours, by a connection that not one alone uses, from a phone
              we never wrote to
    unknown   authentic, and of a kind this version does not know

    `content_sealed` is what was received, for whoever has to find out; a report needs none.
    """

    __tablename__ = "callback_event"
    __table_args__ = (sa.UniqueConstraint("carrier", "event_key"),)

    id: UUID = id_field()
    carrier: str = text_field(20)
    event_key: str = text_field(80)
    kind: str = text_field(10, index=True)
    reference: str = text_field(80, default="")
    state: str = text_field(12, default="")
    code: str = text_field(40, default="")
    content_sealed: bytes | None = None
    received_at: datetime = Field(index=True)
