"""What the platform's answers mean. Pure.

The one question that matters is whether the platform may have taken a message: after `InDoubt` it may, after every other
failure it certainly did not. Statuses follow Google's guide of April 2026; where its pages disagree (an agent that is not
launched on a network answers 403 or 404) both are understood.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from uuid import UUID

LONGEST_REASON: Final = 200
LONGEST_PAUSE: Final = 3_600.0
# What an error text of the platform may repeat of a message: numbers, and addresses with their secret.
_PERSONAL = re.compile(r"https?://\S+|\+?[0-9][0-9 .()-]{5,}[0-9]|#\S+")


@dataclass(frozen=True)
class Accepted:
    """The platform has the message, for a phone that may be off. `duplicate`: it said that it had it before."""

    message_id: UUID
    duplicate: bool = False


@dataclass(frozen=True)
class Unreachable:
    """No RCS, switched off, or the agent is not launched on this network."""


@dataclass(frozen=True)
class NotPermitted:
    """The agent or the account may not do this. The operator must hear of it."""

    reason: str


@dataclass(frozen=True)
class Invalid:
    """This very request will never pass: it is wrong, or the phone lacks a feature it needs."""

    reason: str


@dataclass(frozen=True)
class Throttled:
    """Too fast. `retry_after` is in seconds, None when the platform does not say."""

    retry_after: float | None


@dataclass(frozen=True)
class Unauthorized:
    """The credentials were refused, also with a new token. The operator must hear of it."""

    reason: str


@dataclass(frozen=True)
class Unavailable:
    """No connection, no token, or an answer that is not the platform's: nothing was taken, and it may be tried again."""

    reason: str


@dataclass(frozen=True)
class InDoubt:
    """The request left and no clear answer came: the platform may have taken it. `retry_after` as in Throttled."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True)
class Revoked:
    """The message will not be shown. A DELIVERED may still follow, rarely."""


@dataclass(frozen=True)
class NotRevocable:
    """The message was delivered before; or the platform never had it, which looks the same."""


@dataclass(frozen=True)
class Done:
    """The platform did it."""


@dataclass(frozen=True)
class Uploaded:
    """The platform has the file under this name."""

    name: str


@dataclass(frozen=True)
class Capability:
    """What is known of a phone. `features` is None when only its being reachable is known."""

    reachable: bool
    features: frozenset[str] | None = None


@dataclass(frozen=True)
class Reachable:
    """Which of the asked numbers take RCS. The platform also counts a random sample of them: `sampled` numbers, of which
    `sampled_reachable` take RCS."""

    numbers: frozenset[str]
    sampled: int = 0
    sampled_reachable: int = 0


NotTaken = NotPermitted | Invalid | Throttled | Unauthorized | Unavailable
Failure = NotTaken | InDoubt
SendOutcome = Accepted | Unreachable | Failure
RevokeOutcome = Revoked | NotRevocable | Failure


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. Names of `headers` are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def json(self) -> dict[str, Any]:
        """The body as an object; empty when it is none."""
        try:
            read = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}

    @property
    def error(self) -> tuple[str, str]:
        """The platform's own name of an error, as NOT_FOUND, and its words without what may be personal."""
        error = self.json().get("error")
        if not isinstance(error, dict):
            return "", ""
        words = _PERSONAL.sub("(…)", str(error.get("message", "")))
        return str(error.get("status", "")), "".join(filter(str.isprintable, words))[:LONGEST_REASON]


def is_not_found(answer: Answer) -> bool:
    """A 404 of the platform, about a phone or a message; one without its error is of a wrong address."""
    return answer.status == 404 and answer.error[0] == "NOT_FOUND"


def read_send(answer: Answer, message_id: UUID, now: datetime) -> SendOutcome:
    """What became of a message."""
    if answer.status == 200:
        return Accepted(message_id)
    if answer.status == 409 and answer.error[0] == "ALREADY_EXISTS":
        return Accepted(message_id, duplicate=True)
    if is_not_found(answer):
        return Unreachable()
    return read_failure(answer, now)


def read_revoke(answer: Answer, now: datetime) -> RevokeOutcome:
    """What became of a revocation."""
    if answer.status == 200:
        return Revoked()
    if is_not_found(answer):
        return NotRevocable()
    return read_failure(answer, now)


def read_capability(answer: Answer, now: datetime) -> Capability | Failure:
    """What a phone can do."""
    if answer.status == 200:
        features = answer.json().get("features", [])
        return Capability(
            True, frozenset(str(one) for one in features) if isinstance(features, list) else None
        )
    if is_not_found(answer):
        return Capability(False)
    return read_failure(answer, now)


def read_reachable(answer: Answer, now: datetime) -> Reachable | Failure:
    """Which numbers take RCS."""
    if answer.status != 200:
        return read_failure(answer, now)
    body = answer.json()
    listed = body.get("reachableUsers", [])
    numbers = frozenset(str(one) for one in listed) if isinstance(listed, list) else frozenset[str]()
    return Reachable(
        numbers, _count(body, "totalRandomSampleUserCount"), _count(body, "reachableRandomSampleUserCount")
    )


def read_upload(answer: Answer, now: datetime) -> Uploaded | Failure:
    """The name of a file."""
    if answer.status != 200:
        return read_failure(answer, now)
    name = answer.json().get("name")
    if not isinstance(name, str) or not name.startswith("files/"):
        return InDoubt("the platform took the file and did not name it")
    return Uploaded(name)


def read_done(answer: Answer, now: datetime) -> Done | Unreachable | Failure:
    """Whether something without a result was done."""
    if answer.status == 200:
        return Done()
    if is_not_found(answer):
        return Unreachable()
    return read_failure(answer, now)


def read_failure(answer: Answer, now: datetime) -> Failure:
    """Any other answer."""
    status, (_, words) = answer.status, answer.error
    said = f"{status}: {words}" if words else str(status)
    if status == 401:
        return Unauthorized(said)
    if status == 403:
        return NotPermitted(said)
    if status == 429:
        return Throttled(retry_after(answer, now))
    if status == 404 or 300 <= status < 400:
        return Unavailable(f"{said}: this is not the platform; check its address")
    if 400 <= status < 500 and status not in (408, 499):
        return Invalid(said)
    return InDoubt(said, retry_after(answer, now))


def retry_after(answer: Answer, now: datetime) -> float | None:
    """The seconds of a Retry-After, which is a number or a date; None without one that can be read."""
    given = answer.headers.get("retry-after", "").strip()
    if given.isascii() and given.isdecimal():
        return min(float(given), LONGEST_PAUSE)
    try:
        at = parsedate_to_datetime(given)
    except (ValueError, OverflowError):
        return None
    seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return min(max(0.0, seconds), LONGEST_PAUSE)


def _count(body: Mapping[str, Any], field: str) -> int:
    value = body.get(field, 0)
    return value if isinstance(value, int) else 0
