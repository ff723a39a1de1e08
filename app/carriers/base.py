"""What every carrier does, whatever road it takes to the network.

One carrier is one file: how it sends, how it reads what comes back, and what its answers mean.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, Protocol, runtime_checkable
from uuid import UUID

from app.core.errors import PliError
from app.messaging.numbers.place import place_of
from app.messaging.texts.segmentation import PLAIN, CarrierOptions

Channel = Literal["sms", "rcs"]


@dataclass(frozen=True)
class Submission:
    """One message handed to a carrier.

    `attempt_id` is our reference and the carrier's idempotency key where it has one. `text` is the SMS text, or what
    a phone shows that cannot draw `card` (the JSON body of an RCS message, only for the channel `rcs`). `again` says that
    an earlier call with this `attempt_id` may have been taken, so that a refusal now does not settle it alone.
    """

    attempt_id: UUID
    organisation_id: UUID
    channel: Channel
    sender: str
    to: str
    text: str
    card: dict[str, Any] | None
    ttl_seconds: int
    again: bool = False


@dataclass(frozen=True)
class Accepted:
    """The carrier took the message. `reference` is its own id for it."""

    reference: str


@dataclass(frozen=True)
class Refused:
    """The carrier said no, for certain: nothing was sent. `code` is ours, for example `no_rcs` or `unknown_number`."""

    code: str


# Nothing else is handed to a network: a short code or a name would be a call to whoever pays for being called.
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


def is_addressable(to: str) -> bool:
    """Whether a message may go there: a number in E.164 of a country that exists."""
    return _E164.fullmatch(to) is not None and place_of(to).territory != ""


class CarrierError(PliError):
    """The call did not end in an answer.

    `retryable`: the same submission may be tried again. `in_doubt`: the carrier may have taken it, so a second try is
    safe only where the carrier is idempotent. `retry_after` are the seconds the carrier asks to be left alone.
    """

    def __init__(
        self, code: str, message: str, *, retryable: bool, in_doubt: bool, retry_after: float = 0.0
    ) -> None:
        super().__init__(code, message)
        self.retryable = retryable
        self.in_doubt = in_doubt
        self.retry_after = retry_after


@dataclass(frozen=True)
class Departed:
    """What a carrier made of a message that had a slot, and how many seconds after the call it left. Without an outcome
    it could not leave in its slot and was certainly not sent."""

    outcome: Accepted | Refused | CarrierError | None
    after: float


RevokeOutcome = Literal["revoked", "already_delivered", "unknown"]


class Carrier(Protocol):
    """The road to a network. `idempotent` means that the same `attempt_id` is never sent twice by the carrier."""

    name: str
    channels: frozenset[Channel]
    idempotent: bool

    def submit(self, submission: Submission, now: datetime) -> Accepted | Refused:
        """Hand one message over. Raises CarrierError when there was no clear answer."""

    def revoke(self, attempt_id: UUID, to: str, now: datetime) -> RevokeOutcome:
        """Ask the network not to deliver a message to the number `to` any more. `already_delivered` may also mean that the
        network never had it. Raises CarrierError as `submit` does."""

    def reaches_rcs(self, organisation_id: UUID, to: str) -> bool | None:
        """Whether the number takes RCS; None when nobody knows."""


@runtime_checkable
class Alphabets(Protocol):
    """A carrier that passes on more than the plain alphabets, and cuts texts into segments accordingly."""

    @property
    def text_options(self) -> CarrierOptions: ...


def options_of(carrier: Carrier | None) -> CarrierOptions:
    """How a carrier cuts texts into segments."""
    return carrier.text_options if isinstance(carrier, Alphabets) else PLAIN


ReportState = Literal["enroute", "delivered", "read", "failed", "expired", "inconclusive"]


@dataclass(frozen=True)
class Report:
    """What the network tells about an attempt it accepted. `code` says why, in our words. `enroute` is not final, nor is
    `inconclusive`: the lifetime of an RCS message is over and the platform could not take it back, so it may have arrived.

    The same report may come again, late, or out of order: `event_key` is the same for the same event of an attempt.
    """

    attempt_id: UUID
    event_key: str
    state: ReportState
    code: str
    occurred_at: datetime


# What `Inbound.postback` holds when a person ended or allowed advertising by the switch in the phone's own menu.
STOPPED: Final = "stop"
STARTED: Final = "start"


@dataclass(frozen=True)
class Inbound:
    """What a phone sent to one of our senders. It may come again with the same `event_key`, which may hold the number and
    the text and is never stored as it is.

    `from_` is the number as the network gave it; `national` says that it came without a country code,
    `proven` that it came over a link that logged in or a call that was signed, and not by an address alone.
    `postback` is the data of the tapped button, empty when the person typed `text`; `pictures` counts what an MMS held,
    of which only its text is kept. `channel` is the one it came by.
    """

    organisation_id: UUID
    from_: str
    to_sender: str
    text: str
    received_at: datetime
    event_key: str
    postback: str = ""
    pictures: int = 0
    national: bool = False
    proven: bool = True
    channel: Channel = "sms"


@dataclass(frozen=True)
class Remark:
    """One thing that was looked at in a check of a connection. `words` say what was found and, when it is not well, what
    to do next."""

    well: bool
    words: str


@runtime_checkable
class Checkable(Protocol):
    """A carrier that can say whether its settings work."""

    def check(self, now: datetime) -> Iterator[Remark]:
        """Everything that can be looked at without sending a message, in the order in which it must be right."""
