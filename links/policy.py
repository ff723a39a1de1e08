"""Which links an organisation may make, how long their secret is, and when they end. Pure.

password  date   secret                 life
yes       yes    short (long for banks) the date, within the hard maximum
yes       no     short (long for banks) the hard maximum
no        yes    long                   the date, within the hard maximum
no        no     long                   the hard maximum, only where an administrator allowed it
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from links.errors import PolicyRefused
from links.text import LONG_SECRET, SHORT_SECRET, SecretLength

DEFAULT_DAYS: Final = 90
MOST_DAYS: Final = 400
_FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """What an organisation allows. `max_days` is the hard maximum (90 by default, 400 at most)."""

    max_days: int = DEFAULT_DAYS
    long_secrets: bool = False
    allow_without_password: bool = True
    allow_without_password_and_date: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.max_days <= MOST_DAYS:
            raise PolicyRefused("link_days", f"links live 1 to {MOST_DAYS} days, not {self.max_days}")


@dataclass(frozen=True, slots=True)
class LinkTerms:
    """How one link is made. `until` is the last day for the reader, `expires_at` the instant that day ends in the
    organisation's time zone, `hard_day` the UTC day of that end: its epoch key dies with it."""

    secret_length: SecretLength
    until: date
    expires_at: datetime
    hard_day: int


def terms(
    policy: LinkPolicy, *, password: bool, until: date | None, zone: ZoneInfo, now: datetime
) -> LinkTerms:
    """The terms of a link made at `now`.

    Raises PolicyRefused with the code `needs_password`, `needs_password_or_date`, `date_past` or `date_too_far`.
    """
    if not password and not policy.allow_without_password:
        raise PolicyRefused(
            "needs_password", "this organisation sends no link without a password; add access codes"
        )
    if not password and until is None and not policy.allow_without_password_and_date:
        raise PolicyRefused(
            "needs_password_or_date",
            "a link needs a password or a validity date; an administrator may allow neither",
        )
    today = now.astimezone(zone).date()
    last = today + timedelta(days=policy.max_days)
    if until is not None and until < today:
        raise PolicyRefused("date_past", f"the validity date {until.isoformat()} is over; choose a later one")
    if until is not None and until > last:
        raise PolicyRefused(
            "date_too_far",
            f"the validity date {until.isoformat()} is after {last.isoformat()}, the last one allowed",
        )
    day = until or last
    expires_at = end_of_day(day, zone)
    last_instant = expires_at - timedelta(microseconds=1)
    return LinkTerms(
        secret_length=LONG_SECRET if policy.long_secrets or not password else SHORT_SECRET,
        until=day,
        expires_at=expires_at,
        hard_day=(last_instant - _FIRST_DAY).days,
    )


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant after `day` in that time zone, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
