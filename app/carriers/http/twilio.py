"""Twilio's REST API of 2010-04-01, and whoever imitates it.

Statuses and error codes are those of Twilio's public documentation. Callbacks are signed over the public address, so
that address must be the one that Twilio calls (PLI_PUBLIC_URL), whatever a proxy makes of it.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx
from pydantic import ConfigDict, Field, SecretStr

from app.carriers.base import Accepted, CarrierError, Refused, Remark, Submission
from app.carriers.http.calls import (
    Answer,
    Call,
    CallbackEvent,
    CallbackRequest,
    Callbacks,
    NotAuthentic,
    PrivateAddress,
    Reply,
    StatusNote,
    Unknown,
    attempt_of,
    event_key,
    exchange,
    failed_call,
    number,
    unreadable,
)
from app.carriers.http.sources import CallbackSources
from app.carriers.identifiers import identifier

LONGEST_VALIDITY: Final = 36_000
_ALGORITHMS = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}

# MessageStatus -> our state. `sent` is the operator's acceptance, not the phone's.
STATUSES: Final[Mapping[str, Literal["enroute", "delivered", "read", "failed"]]] = {
    "accepted": "enroute",
    "scheduled": "enroute",
    "queued": "enroute",
    "sending": "enroute",
    "sent": "enroute",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
# ErrorCode -> our code; what is not here is `refused` at once and `undelivered` later.
ERRORS: Final[Mapping[int, str]] = {
    21211: "unknown_number",
    21217: "unknown_number",
    21265: "unknown_number",
    21614: "not_mobile",
    21408: "destination_closed",
    21612: "destination_closed",
    21610: "carrier_stop",
    21212: "sender_refused",
    21603: "sender_refused",
    21606: "sender_refused",
    21659: "sender_refused",
    21660: "sender_refused",
    21617: "text_too_long",
    30003: "phone_absent",
    30004: "blocked",
    30005: "unknown_number",
    30006: "not_mobile",
    30007: "spam_filtered",
    30008: "undelivered",
    30009: "network_failure",
    30017: "network_failure",
    30034: "sender_refused",
    30036: "expired",
    30410: "network_failure",
    30500: "network_failure",
}
# Codes about the account or the moment: the message was not taken and may go another way.
_OF_THE_CONNECTION: Final[Mapping[int, str]] = {
    20003: "carrier_credentials",
    20404: "carrier_misconfigured",
    20429: "carrier_throttled",
    21611: "carrier_throttled",
    30001: "carrier_throttled",
    30002: "carrier_account",
}


class TwilioSettings(CallbackSources):
    """`signing_secret` is what callbacks are signed with: empty means the token; newer accounts may have a shared key."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    address: PrivateAddress = "https://api.twilio.com"
    account_sid: str = Field(pattern=r"^AC[0-9a-zA-Z]{1,40}$")
    auth_token: SecretStr = Field(min_length=1)
    messaging_service_sid: str = Field(default="", pattern=r"^(MG[0-9a-zA-Z]{1,40})?$")
    signing_secret: SecretStr = SecretStr("")
    signing_algorithm: Literal["HMAC_SHA1", "HMAC_SHA256"] = "HMAC_SHA1"


class Twilio:
    """The provider."""

    signs = True

    def __init__(self, settings: TwilioSettings, callbacks: Callbacks) -> None:
        self._settings = settings
        self._callbacks = callbacks

    def prepare(self, _client: httpx.Client, _now: datetime) -> None:
        """Nothing."""

    def build(self, submission: Submission, _now: datetime) -> Call:
        """The POST that creates a message."""
        sender = (
            {"MessagingServiceSid": self._settings.messaging_service_sid}
            if self._settings.messaging_service_sid
            else {"From": submission.sender}
        )
        form = {
            "To": submission.to,
            **sender,
            "Body": submission.text,
            "StatusCallback": self._callbacks.of_attempt(submission.attempt_id, signed=True),
            "ValidityPeriod": str(max(1, min(submission.ttl_seconds, LONGEST_VALIDITY))),
        }
        headers = {**self._authorization(), "Content-Type": "application/x-www-form-urlencoded"}
        return Call("POST", f"{self._account()}/Messages.json", headers, urlencode(form).encode())

    def read(self, answer: Answer) -> Accepted | Refused:
        """A 2xx holds the `sid`; an error its `code`, which says more than the status."""
        body = answer.json()
        if 200 <= answer.status < 300:
            if not (sid := body.get("sid")):
                raise unreadable()
            return Accepted(identifier(sid))
        code = body.get("code")
        if isinstance(code, int):
            if ours := _OF_THE_CONNECTION.get(code):
                raise CarrierError(
                    ours, f"the provider answered error {code}", retryable=True, in_doubt=False
                )
            if code in ERRORS:
                return Refused(ERRORS[code])
        if error := failed_call(answer.status):
            raise error
        return Refused("refused")

    def check(self, client: httpx.Client, _now: datetime) -> Iterator[Remark]:
        """Read the account."""
        answer = exchange(client, Call("GET", f"{self._account()}.json", self._authorization()))
        if answer.status in (401, 404):
            yield Remark(
                False,
                f"the provider does not know this account SID with this token ({answer.status}). Copy both again from "
                "the console; a test token does not go with a live SID.",
            )
            return
        if error := failed_call(answer.status):
            raise error
        status = str(answer.json().get("status", ""))
        if status != "active":
            yield Remark(
                False,
                f"the account is {status or 'in an unknown state'}: it sends nothing until it is active",
            )
            return
        yield Remark(True, "the account answers and is active")
        yield Remark(
            True,
            f"answers of people come here when “a message comes in” of the number calls {self._callbacks.address}",
        )

    def _account(self) -> str:
        return f"{self._settings.address}/2010-04-01/Accounts/{self._settings.account_sid}"

    def _authorization(self) -> dict[str, str]:
        pair = f"{self._settings.account_sid}:{self._settings.auth_token.get_secret_value()}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def signature(
    secret: str, address: str, form: Iterable[tuple[str, str]], algorithm: str = "HMAC_SHA1"
) -> str:
    """What the provider signs: the address, then each field's name and value in order of names."""
    text = address + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), _ALGORITHMS[algorithm])).decode()


def require_signature(settings: TwilioSettings, request: CallbackRequest) -> None:
    """Raises NotAuthentic. The key and the algorithm are those of the settings, never those a header announces; the
    address is accepted with and without its port, for the provider signs either."""
    secret = settings.signing_secret.get_secret_value() or settings.auth_token.get_secret_value()
    given = request.headers.get("x-twilio-signature", "").encode()
    right = [
        hmac.compare_digest(
            signature(secret, address, request.form, settings.signing_algorithm).encode(), given
        )
        for address in _with_and_without_port(request.address)
    ]
    if not any(right):
        raise NotAuthentic


def read_callback(settings: TwilioSettings, request: CallbackRequest) -> CallbackEvent:
    """A status or a reply. Raises NotAuthentic."""
    require_signature(settings, request)
    fields = request.fields
    sid = fields.get("MessageSid", fields.get("SmsSid", ""))
    status = fields.get("MessageStatus", "")
    if status in STATUSES:
        state = STATUSES[status]
        code = ""
        if state == "failed":
            code = ERRORS.get(number(fields.get("ErrorCode", "")) or 0, "undelivered")
        return StatusNote(
            state="expired" if code == "expired" else state,
            code=code,
            event_key=event_key(sid, status),
            attempt_id=attempt_of(request.query.get("a", "")),
            reference=identifier(sid),
        )
    if sid and "From" in fields and "Body" in fields and not status:
        return Reply(
            from_=identifier(fields["From"]),
            to_sender=identifier(fields.get("To", "")),
            text=fields["Body"],
            event_key=event_key(sid),
            pictures=number(fields.get("NumMedia", "")) or 0,
        )
    return Unknown(event_key(sid, status, fields.get("EventType", "")))


def _with_and_without_port(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return urlunsplit(parts._replace(netloc=shown)), urlunsplit(parts._replace(netloc=f"{shown}:{port}"))
