"""The roads to networks that an operator set up, and who holds a lasting connection at present."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, json_field, text_field


class CarrierConnection(SQLModel, table=True):
    """An account at a carrier. `name` is what attempts and senders call it, `kind` chooses the code that speaks to it.

    `settings_sealed` is the JSON of that kind's settings, password included. `organisation_id` null means that every
    organisation may use it. `rate` is the contract's limit in segments a second. `channels`, `destinations`
    (metropole, overseas, foreign; empty means all), `senders` (addresses; empty means all), `rank` (0 first) and
    `weight` say which messages it gets. `renewals` counts how often its callback addresses were renewed.
    One that is not `enabled` carries nothing, and still hears of what it carried. `changed_at` moves when the carrier has
    to be put together anew, which running processes notice.
    """

    __tablename__ = "carrier_connection"

    id: UUID = id_field()
    name: str = text_field(20, unique=True)
    kind: str = text_field(12)
    organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id", index=True)
    settings_sealed: bytes
    rate: float
    channels: list[str] = json_field(list)
    destinations: list[str] = json_field(list)
    senders: list[str] = json_field(list)
    rank: int = 0
    weight: int = 1
    enabled: bool = True
    renewals: int = 0
    created_at: datetime
    changed_at: datetime


class ConnectionLease(SQLModel, table=True):
    """Which process holds the connection, for those that allow only one. Free when `expires_at` is past.

    `state` is what the holder says of the link: connecting, bound, refused or lost, and `reason` why.
    """

    __tablename__ = "connection_lease"

    connection_id: UUID = Field(foreign_key="carrier_connection.id", primary_key=True)
    owner: str = text_field(80)
    expires_at: datetime
    state: str = text_field(12, default="connecting")
    reason: str = text_field(40, default="")
    state_at: datetime
