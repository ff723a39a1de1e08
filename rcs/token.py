"""The access token of a service account: asked for by one call while the others wait, kept in memory, renewed early.

The grant is that of RFC 7523 as Google documents it for service accounts. The key is not here: who holds it hands in a
function that signs (RSASSA-PKCS1-v1_5 with SHA-256), as `docs/decisions/0009-rcs-client.md` tells.
"""

import base64
import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from rcs.limits import RcsError
from rcs.outcomes import Answer, InDoubt, Throttled, Unauthorized, Unavailable, read_failure
from rcs.transport import exchange

SCOPE: Final = "https://www.googleapis.com/auth/rcsbusinessmessaging"
# Whom the assertion is for. It stays the same when the token is asked for elsewhere, at a double for example.
AUDIENCE: Final = "https://oauth2.googleapis.com/token"
GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_LIFE: Final = timedelta(hours=1)
RENEW_EARLY: Final = timedelta(minutes=5)

Sign = Callable[[bytes], bytes]
NoToken = Unauthorized | Unavailable | Throttled


@dataclass(frozen=True)
class ServiceAccount:
    """Who asks: the `client_email` and `private_key_id` of a key file."""

    email: str
    key_id: str


@dataclass(frozen=True)
class KeyFile:
    """The JSON file that Google's console hands out once. `private_key` is PEM (PKCS #8)."""

    account: ServiceAccount
    private_key: str = field(repr=False)


def read_key_file(text: str) -> KeyFile:
    """Raises RcsError, whose message repeats nothing of the file. Its `token_uri` is not used: where a token is asked for is
    a setting, so that a file cannot send an assertion elsewhere."""
    try:
        read = json.loads(text)
        if read.get("type") != "service_account":
            raise RcsError("key_file", "this is not the key file of a service account")
        account = ServiceAccount(_text(read, "client_email"), _text(read, "private_key_id"))
        return KeyFile(account, _text(read, "private_key"))
    except (ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, RcsError):
            raise
        raise RcsError("key_file", "the key file is not the JSON that the console hands out") from None


def assertion(account: ServiceAccount, sign: Sign, now: datetime) -> str:
    """The signed JWT that is exchanged for a token; good for an hour."""
    header = {"alg": "RS256", "typ": "JWT", "kid": account.key_id}
    claims = {
        "iss": account.email,
        "scope": SCOPE,
        "aud": AUDIENCE,
        "iat": int(now.timestamp()),
        "exp": int((now + ASSERTION_LIFE).timestamp()),
    }
    signed = b".".join(_encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return b".".join((signed, _encode(sign(signed)))).decode()


@dataclass(frozen=True)
class _Token:
    text: str = field(repr=False)
    fresh_until: datetime


class TokenSource:
    """The token of one account, for every thread that sends with it."""

    def __init__(self, account: ServiceAccount, sign: Sign, address: str, http: httpx.Client) -> None:
        self._account = account
        self._sign = sign
        self._address = address
        self._http = http
        self._lock = Lock()
        self._kept: _Token | None = None
        self._flight: Future[str | NoToken] | None = None

    def token(self, now: datetime) -> str | NoToken:
        """A token good for some minutes at least. Of callers that come together one asks, and all get its answer."""
        with self._lock:
            if self._kept and now < self._kept.fresh_until:
                return self._kept.text
            flight, mine = self._flight, self._flight is None
            if flight is None:
                flight = self._flight = Future()
        if mine:
            self._fly(flight, now)
        return flight.result()

    def discard(self, token: str) -> None:
        """The platform refused this token. A newer one that another thread has got since stays."""
        with self._lock:
            if self._kept and self._kept.text == token:
                self._kept = None

    def _fly(self, flight: Future[str | NoToken], now: datetime) -> None:
        outcome: _Token | NoToken = Unavailable("the token request failed")
        try:
            outcome = self._ask(now)
        finally:
            with self._lock:
                self._kept = outcome if isinstance(outcome, _Token) else None
                self._flight = None
            flight.set_result(outcome.text if isinstance(outcome, _Token) else outcome)

    def _ask(self, now: datetime) -> _Token | NoToken:
        form = urlencode({"grant_type": GRANT, "assertion": assertion(self._account, self._sign, now)})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = exchange(self._http, "POST", self._address, headers=headers, content=form.encode())
        match answer:
            case Answer(status=200):
                return _read(answer, now)
            case Answer(status=400 | 401 | 403):
                return Unauthorized(f"no token: {_reason(answer)}")
            case Answer():
                failure = read_failure(answer, now)
                return (
                    failure if isinstance(failure, Throttled) else Unavailable(f"no token: {answer.status}")
                )
            case Unavailable(reason) | InDoubt(reason):
                # Whatever became of the request for a token, no message left.
                return Unavailable(f"no token: {reason}")


def _read(answer: Answer, now: datetime) -> _Token | NoToken:
    body = answer.json()
    text, seconds = body.get("access_token"), body.get("expires_in")
    if not isinstance(text, str) or not text.isascii() or not text.isprintable() or not text:
        return Unavailable("no token: the answer holds none")
    life = timedelta(seconds=seconds) if isinstance(seconds, int) and seconds > 0 else RENEW_EARLY
    return _Token(text, now + max(life - RENEW_EARLY, life / 2))


def _reason(answer: Answer) -> str:
    """OAuth's own words, for example that the clock is wrong or the account is not known."""
    body = answer.json()
    told = [str(body.get(name, "")) for name in ("error", "error_description")]
    words = "".join(filter(str.isprintable, ": ".join(filter(None, told))))
    return words[:200] or str(answer.status)


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _text(read: dict[str, Any], name: str) -> str:
    value = read.get(name)
    if not isinstance(value, str) or not value:
        raise RcsError("key_file", f"the key file has no {name}")
    return value
