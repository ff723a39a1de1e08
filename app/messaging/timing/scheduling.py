"""When a scheduled message should leave: at one instant for everybody, or at a local time of each recipient.

One instant cannot be right from Nouméa to Martinique, so a local time is kept as it was typed and becomes an instant
in the recipient's zone. A time the clock skips becomes the instant after the gap; one it shows twice, the first.
The window is asked afterwards, as for any message. How far ahead one may plan is ours.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.messaging.numbers.place import Place

FARTHEST = timedelta(days=400)


class Refusal(StrEnum):
    """Why a message cannot be scheduled so; screens translate it."""

    PAST = "past"
    TOO_FAR = "too_far"


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A day and a time as the recipient's own clock shows them."""

    day: date
    at: time


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The instant, in UTC."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """Not then. `limit` is the nearest instant that would do, in UTC."""

    reason: Refusal
    limit: datetime


def instant_of(wish: datetime | LocalTime, place: Place) -> datetime:
    """The instant in UTC. Raises ValueError for a datetime without offset."""
    if isinstance(wish, LocalTime):
        # Through UTC: the zone reads a skipped time with the offset before the gap, which lands after it.
        return datetime.combine(wish.day, wish.at, ZoneInfo(place.zone)).astimezone(UTC)
    if wish.utcoffset() is None:
        raise ValueError("the instant must carry its offset")
    return wish.astimezone(UTC)


def schedule(
    wish: datetime | LocalTime, place: Place, now: datetime, farthest: timedelta = FARTHEST
) -> Scheduled | Refused:
    """Whether a message may be planned for then; `farthest` is shorter where what it carries lives less long."""
    at = instant_of(wish, place)
    if at < now:
        return Refused(Refusal.PAST, now.astimezone(UTC))
    if at > now + farthest:
        return Refused(Refusal.TOO_FAR, (now + farthest).astimezone(UTC))
    return Scheduled(at)
