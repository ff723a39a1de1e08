"""How well each carrier works, as the last calls told."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.db.models.base import text_field


class CarrierHealth(SQLModel, table=True):
    """The counts of `app.messaging.sending.breaker.Health`, by the carrier's name. `probed_at` is when a message was last let
    through to find out whether a pause is over. Until `rests_until` nobody calls it, for it asked for that, and
    `rest_reason` is the code it did so with. Without a row nothing is known, and the carrier works."""

    __tablename__ = "carrier_health"

    carrier: str = Field(primary_key=True, max_length=20)
    since: datetime | None = None
    calls: int = 0
    failed: int = 0
    slow: int = 0
    pauses: int = 0
    paused_until: datetime | None = None
    slow_until: datetime | None = None
    probed_at: datetime | None = None
    rests_until: datetime | None = None
    rest_reason: str = text_field(40, default="")
    seen_at: datetime
