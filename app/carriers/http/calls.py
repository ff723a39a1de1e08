"""What the providers that are reached by HTTP share: one call, what its answer means, and the callbacks' addresses.

The one question that matters is whether the provider may have taken the message. It cannot have when no connection
was made, or when it answered that it would not; it may have when the request left and no clear answer came. None of
them knows an idempotency key, so a doubt is never sent again. Which status is which is our reading of RFC 9110.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import httpx
from pydantic import AfterValidator

from app.carriers.base import CarrierError, Channel, ReportState
from app.carriers.hosts import is_here
from app.core import clock

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 20.0
CONNECTIONS = 20
# The answers of these services are a few hundred bytes.
MOST_BYTES = 256 * 1024
LONGEST_REST_SECONDS = 3600.0
TOKEN_CHARACTERS = 32
CONNECTION = "connection"
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True)
class Call:
    """One HTTP request. `content` are the exact bytes of the body, for a signature may cover them."""

    method: Literal["GET", "POST"]
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What came back. `retry_after` are the seconds of that header, 0 without one."""

    status: int
    body: bytes
    retry_after: float = 0.0

    def json(self) -> dict[str, Any]:
        """The body as an object; empty when it is none."""
        try:
            read = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}


@dataclass(frozen=True)
class CallbackRequest:
    """What a provider sent to us. `address` is the public address it called, query included; `form` are the fields of
    the body."""

    address: str
    query: Mapping[str, str]
    form: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, str]:
        """The form, last value of each name."""
        return dict(self.form)

    def json(self) -> dict[str, Any]:
        """The body as an object; empty when it is none."""
        return Answer(200, self.body).json()


@dataclass(frozen=True)
class Reply:
    """What a phone sent, before we know to which organisation. `from_` is its number as the provider writes it, `pictures`
    counts what an MMS held: none is fetched. `postback`, `channel` and `at` are those of `Inbound`; `at` is None when the
    provider does not say when it was sent."""

    from_: str
    to_sender: str
    text: str
    event_key: str
    pictures: int = 0
    postback: str = ""
    channel: Channel = "sms"
    at: datetime | None = None


@dataclass(frozen=True)
class StatusNote:
    """What a provider says of a message. Found by `attempt_id` where our reference came back, else by the provider's
    own `reference`. `at` is when it happened, None when the provider does not say."""

    state: ReportState
    code: str
    event_key: str
    attempt_id: UUID | None = None
    reference: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Unknown:
    """Authentic, and nothing we know. It is stored, and changes nothing."""

    event_key: str


@dataclass(frozen=True)
class Greeting:
    """The provider asks whether the address is ours, and wants to read exactly `answer`. Nothing is stored."""

    answer: str = field(repr=False)


@dataclass(frozen=True)
class Passing:
    """Authentic, and gone as soon as it is heard: somebody is writing. Nothing is stored."""


CallbackEvent = StatusNote | Reply | Unknown
Heard = CallbackEvent | Greeting | Passing


class NotAuthentic(Exception):
    """The signature or the token of a callback is missing or wrong."""


def make_client() -> httpx.Client:
    """A client for one connection, for several threads. Redirects are not followed: a signed body goes to one address."""
    return httpx.Client(
        timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        follow_redirects=False,
        trust_env=False,
    )


def exchange(client: httpx.Client, call: Call) -> Answer:
    """Make one call. Raises CarrierError: `carrier_unreachable` or `carrier_misconfigured` when nothing left,
    `no_answer` when it may have."""
    host = urlsplit(call.url).hostname
    try:
        request = client.build_request(
            call.method, call.url, headers=dict(call.headers), content=call.content
        )
    except (httpx.InvalidURL, ValueError) as error:
        raise _unsent(
            "carrier_misconfigured", f"no request can be made of the settings ({_name(error)})"
        ) from None
    try:
        return _read(client, request)
    except httpx.LocalProtocolError as error:
        raise _unsent(
            "carrier_misconfigured", f"no request can be made of the settings ({_name(error)})"
        ) from None
    except _UNSENT as error:
        raise _unsent(
            "carrier_unreachable", f"no connection to {host} ({_name(error)}); nothing was sent"
        ) from None
    except httpx.HTTPError as error:
        raise CarrierError(
            "no_answer",
            f"{host} did not answer ({_name(error)}); it may have taken the message",
            retryable=False,
            in_doubt=True,
        ) from None


def _read(client: httpx.Client, request: httpx.Request) -> Answer:
    response = client.send(request, stream=True)
    until = time.monotonic() + ANSWER_SECONDS
    try:
        body = b""
        for piece in response.iter_bytes():
            body += piece
            if len(body) > MOST_BYTES:
                break
            if time.monotonic() > until:
                raise httpx.ReadTimeout("the answer never ended", request=request)
        return Answer(response.status_code, body, _seconds(response.headers.get("Retry-After", "")))
    finally:
        response.close()


def _seconds(retry_after: str) -> float:
    """Seconds as they are, or until a date (RFC 9110, 10.2.3), at most LONGEST_REST_SECONDS; 0 for anything else."""
    left: float = number(retry_after.strip()) or 0
    if not left:
        try:
            left = (parsedate_to_datetime(retry_after) - clock.now()).total_seconds()
        except (TypeError, ValueError, OverflowError):
            return 0.0
    return min(max(0.0, left), LONGEST_REST_SECONDS)


def _name(error: Exception) -> str:
    return type(error).__name__


def failed_call(status: int) -> CarrierError | None:
    """What a status says of the connection rather than of the message; None when it is about the message.

    The message was not taken, and may go by another road or later, after 401 and 403 (credentials), 402 (no credit),
    404 and redirects (wrong address or account), 408, 425 and 429 (too fast) and 503 (not now). Any other status from
    500 on leaves the doubt that the provider took the message before it failed.
    """
    if status in (401, 403):
        return _unsent("carrier_credentials", f"the provider refused our credentials ({status})")
    if status == 402:
        return _unsent("carrier_account", "the account at the provider has no credit left (402)")
    if status == 404 or 300 <= status < 400:
        return _unsent("carrier_misconfigured", f"the provider knows no such address or account ({status})")
    if status in (408, 425, 429):
        return _unsent("carrier_throttled", f"the provider asks us to slow down ({status})")
    if status == 503:
        return _unsent("carrier_busy", "the provider takes nothing at present (503)")
    if status >= 500:
        return CarrierError(
            "carrier_error",
            f"the provider failed ({status}); it may have taken the message",
            retryable=False,
            in_doubt=True,
        )
    return None


def unreadable() -> CarrierError:
    """A success that does not say what became of the message."""
    return CarrierError(
        "carrier_error", "the provider said yes without a reference; it may have taken the message",
        retryable=False, in_doubt=True,
    )  # fmt: skip


def _unsent(code: str, message: str) -> CarrierError:
    return CarrierError(code, message, retryable=True, in_doubt=False)


@dataclass(frozen=True)
class Callbacks:
    """Where a provider calls us for one connection. Providers that sign nothing get addresses with a token: it cannot be
    guessed and opens one purpose only, so that an address that leaked can at most repeat what it was made for.

    `address` is public, as `https://pli.example.fr/callbacks/<connection>`; `secret` never leaves this process.
    """

    address: str
    secret: str = field(repr=False)

    @classmethod
    def at(cls, public_url: str, connection: str, secret: str) -> "Callbacks":
        """Those of one connection, by its name."""
        return cls(f"{public_url}/callbacks/{connection}", secret)

    def of_attempt(self, attempt_id: UUID, *, signed: bool = False) -> str:
        """The address for the reports on one attempt; without a token where the provider signs."""
        reference = attempt_id.hex
        proof = {} if signed else {"k": self._token(_of_attempt(reference))}
        return f"{self.address}?{urlencode({'a': reference, **proof})}"

    def of_connection(self) -> str:
        """The address for what is about no attempt of ours: replies, or the reports of a whole account."""
        return f"{self.address}?{urlencode({'k': self._token(CONNECTION)})}"

    def require_token(self, request: "CallbackRequest") -> str:
        """Our reference in the address, empty at the address of the connection. Raises NotAuthentic."""
        reference, given = request.query.get("a", ""), request.query.get("k", "")
        wanted = self._token(_of_attempt(reference) if reference else CONNECTION)
        if not hmac.compare_digest(wanted.encode(), given.encode()):
            raise NotAuthentic
        return reference

    def _token(self, purpose: str) -> str:
        digest = hmac.new(self.secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()
        return digest[:TOKEN_CHARACTERS]


def _of_attempt(reference: str) -> str:
    return f"attempt {reference}"


def attempt_of(text: str) -> UUID | None:
    """Our reference as it came back, or None."""
    try:
        return UUID(hex=text)
    except ValueError:
        return None


def event_key(*parts: str) -> str:
    """What is the same for the same event. The provider chooses what is in it, so only a keyed hash of it is stored."""
    return ":".join(parts).encode(errors="replace").decode()


def number(text: str) -> int | None:
    """A whole number of a few digits, or None."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _http_address(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
        raise ValueError("must be an http or https address without a user name")
    return address.rstrip("/")


def is_private(address: str) -> bool:
    """Whether what is sent there can be read by nobody on the way: https, or this very machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or is_here(parts.hostname or "")


def _private_address(address: str) -> str:
    if not is_private(address):
        raise ValueError("must be https: credentials, numbers and links travel with every call")
    return address


Address = Annotated[str, AfterValidator(_http_address)]
PrivateAddress = Annotated[Address, AfterValidator(_private_address)]
