"""What a link is at a moment. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

_FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)


class LinkState(StrEnum):
    """The state of a link. Only `live` opens; `not_released` is shown as if the link did not exist."""

    LIVE = "live"
    NOT_RELEASED = "not_released"
    EXPIRED = "expired"
    REVOKED = "revoked"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What a page may know of a link once its secret was proven, and all that decides its state.

    `expires_at` is the first instant at which the link is over. `revoked_reason` is `revoked`, `recalled` or
    `replaced`; empty while the link is not revoked.
    """

    id: UUID
    ref: str
    organisation_id: UUID
    document_id: UUID
    expires_at: datetime
    hard_day: int
    needs_password: bool
    released_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_reason: str = ""
    frozen_at: datetime | None = None
    wiped_at: datetime | None = None
    last_opened_at: datetime | None = None
    openings: int = 0


def hard_end(hard_day: int) -> datetime:
    """The first instant after a link's last day."""
    return _FIRST_DAY + timedelta(days=hard_day + 1)


def decide(facts: LinkFacts, now: datetime) -> LinkState:
    """The state at `now`. What a person decided comes before what time did, and both before the limiter."""
    if facts.released_at is None or facts.released_at > now:
        return LinkState.NOT_RELEASED
    if facts.revoked_at is not None:
        return LinkState.REVOKED
    if now >= min(facts.expires_at, hard_end(facts.hard_day)) or facts.wiped_at is not None:
        return LinkState.EXPIRED
    if facts.frozen_at is not None:
        return LinkState.FROZEN
    return LinkState.LIVE
