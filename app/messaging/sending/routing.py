"""Which channel first, and whether the second one may be used: one decision, at most one SMS a message.

RCS delivery and expiry run side by side at the platform, so an expiry is no proof and a revocation comes before a
fallback. Source: Google's RCS for Business guide, April 2026; the grace periods and the treatment of answers that
prove nothing are ours. The caller keeps the decision atomic: only the winner of a compare-and-set acts on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Channel(StrEnum):
    """How a message travels."""

    RCS = "rcs"
    SMS = "sms"


class Outcome(StrEnum):
    """What became of the last attempt, or of the attempt to take it back."""

    NO_RCS = "no_rcs"  # the send answered 404 or 403: phone or network cannot take it
    REFUSED = "refused"  # the send answered 400, already degraded: this body will never pass
    FAILED = "failed"  # a permanent failure, reported or answered
    DELIVERED = "delivered"  # DELIVERED or READ
    EXPIRED = "expired"  # the platform reports that it expired and was taken back
    EXPIRY_INCONCLUSIVE = "expiry_inconclusive"  # expired, but the platform could not take it back
    DEADLINE = "deadline"  # no event came in time
    REVOKED = "revoked"  # the revocation answered 200
    REVOKE_REFUSED = "revoke_refused"  # it answered 404, after a send that was answered: probably delivered
    REVOKE_REFUSED_UNSENT = "revoke_refused_unsent"  # it answered 404, after a send that never was answered
    REVOKE_UNAVAILABLE = "revoke_unavailable"  # it gave no answer, or a server error
    CONFIRMATION_LATE = "confirmation_late"  # no DELIVERED within CONFIRMATION_WAIT of REVOKE_REFUSED
    UNKNOWN = "unknown"  # the send gave no answer
    NO_RECEIPTS = "no_receipts"  # no event came, and none can: the sender gets no delivery reports
    NEVER_ANSWERED = "never_answered"  # repeated up to the deadline, still without an answer


@dataclass(frozen=True, slots=True)
class Send:
    """Start an attempt on this channel."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class Revoke:
    """Take the RCS message back, after waiting this many seconds."""

    after_seconds: float = 0


@dataclass(frozen=True, slots=True)
class Repeat:
    """Send the same message id again: the platform ignores a second one."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait this many seconds for a report, then ask again with CONFIRMATION_LATE."""

    seconds: float


class Ending(StrEnum):
    """How a message ends when nothing more is sent."""

    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    UNCONFIRMED = "unconfirmed"  # assumed delivered; shown to staff
    UNKNOWN = "unknown"  # nobody can say; a person decides


@dataclass(frozen=True, slots=True)
class Finish:
    """Send nothing more."""

    ending: Ending


Route = Send | Revoke | Repeat | Wait | Finish

GRACE = timedelta(seconds=30)
# The longest life of a card that is critical: whoever waits for a code does not wait a quarter of an hour.
CRITICAL_LIFE = timedelta(seconds=60)
CONFIRMATION_WAIT = timedelta(seconds=60)
REVOKE_RETRIES = (1.0, 2.0, 4.0, 8.0, 16.0)
CRITICAL_REVOKE_RETRIES = (1.0,)

_CERTAINLY_NOT_DELIVERED = {
    Outcome.NO_RCS,
    Outcome.REFUSED,
    Outcome.FAILED,
    Outcome.EXPIRED,
    Outcome.REVOKED,
}


def plan(rcs_capable: bool | None, rcs_enabled: bool, sms_enabled: bool) -> tuple[Channel, ...]:
    """The channels of a message, in order; empty when none is open.

    `rcs_capable` is what is known of the phone, None when nothing is: the send itself gives the true answer, so
    only a known "no" leaves RCS out.
    """
    route: list[Channel] = []
    if rcs_enabled and rcs_capable is not False:
        route.append(Channel.RCS)
    if sms_enabled:
        route.append(Channel.SMS)
    return tuple(route)


def deadline(channel: Channel, submitted_at: datetime, ttl: timedelta) -> datetime:
    """When silence means DEADLINE: the lifetime of the message, plus a grace where the platform reports expiry."""
    return submitted_at + ttl + (GRACE if channel is Channel.RCS else timedelta())


def next_route(
    plan: Sequence[Channel],
    tried: Sequence[Channel],
    outcome: Outcome,
    critical: bool = False,
    revoke_tries: int = 0,
) -> Route:
    """What to do after an outcome of the last channel tried.

    `critical` (a one-time code) prefers a double to a silence. `revoke_tries` counts revocations without answer.
    Once an SMS was tried, no answer sends another one. Raises ValueError when nothing was tried.
    """
    if not tried:
        raise ValueError("there is no outcome before a first attempt")
    if outcome is Outcome.DELIVERED:
        return Finish(Ending.DELIVERED)
    if tried[-1] is not Channel.RCS or Channel.SMS in tried:
        return Finish(_SMS_ENDINGS.get(outcome, Ending.FAILED))
    fallback = Channel.SMS in plan
    if outcome in _CERTAINLY_NOT_DELIVERED:
        if fallback:
            return Send(Channel.SMS)
        expired = outcome in {Outcome.EXPIRED, Outcome.REVOKED}
        return Finish(Ending.EXPIRED if expired else Ending.FAILED)
    if outcome is Outcome.UNKNOWN:
        return Repeat()
    if outcome is Outcome.NEVER_ANSWERED:
        return Send(Channel.SMS) if fallback else Finish(Ending.UNKNOWN)
    if outcome in {Outcome.EXPIRY_INCONCLUSIVE, Outcome.DEADLINE}:
        return Revoke()
    return _after_failed_revoke(outcome, fallback, critical, revoke_tries)


_SMS_ENDINGS = {
    Outcome.UNKNOWN: Ending.UNKNOWN,
    Outcome.NEVER_ANSWERED: Ending.UNKNOWN,
    Outcome.NO_RECEIPTS: Ending.UNKNOWN,
    Outcome.DEADLINE: Ending.EXPIRED,
    Outcome.EXPIRED: Ending.EXPIRED,
}


def _after_failed_revoke(outcome: Outcome, fallback: bool, critical: bool, revoke_tries: int) -> Route:
    if outcome is Outcome.REVOKE_UNAVAILABLE:
        retries = CRITICAL_REVOKE_RETRIES if critical else REVOKE_RETRIES
        if revoke_tries < len(retries):
            return Revoke(after_seconds=retries[revoke_tries])
    if critical and fallback:
        return Send(Channel.SMS)
    if outcome is Outcome.REVOKE_REFUSED_UNSENT:
        return Repeat()
    if outcome is Outcome.CONFIRMATION_LATE:
        return Finish(Ending.UNCONFIRMED)
    return Wait(CONFIRMATION_WAIT.total_seconds())
