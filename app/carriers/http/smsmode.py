"""smsmode's REST API v1. Callbacks are not signed, so their addresses hold a token, and our reference with it.

Their body is known from public integrations only, so it is read leniently: the status may be an object, a word or a
number.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Literal

import httpx
from pydantic import ConfigDict, Field, SecretStr

from app.carriers.base import Accepted, Refused, Remark, Submission
from app.carriers.http.calls import (
    Answer,
    Call,
    CallbackEvent,
    CallbackRequest,
    Callbacks,
    PrivateAddress,
    Reply,
    StatusNote,
    Unknown,
    attempt_of,
    event_key,
    exchange,
    failed_call,
    unreadable,
)
from app.carriers.http.sources import CallbackSources
from app.carriers.identifiers import identifier

State = Literal["enroute", "delivered", "failed", "expired"]
# Words of the API, then the numbers of its older receipts.
STATUSES: Final[Mapping[str, tuple[State, str]]] = {
    "SCHEDULED": ("enroute", ""),
    "ENROUTE": ("enroute", ""),
    "SENT": ("enroute", ""),
    "UNKNOWN": ("enroute", "unconfirmed"),
    "DELIVERED": ("delivered", ""),
    "UNDELIVERED": ("failed", "undelivered"),
    "UNDELIVERABLE": ("failed", "undelivered"),
    "REJECTED": ("failed", "refused"),
    "EXPIRED": ("expired", "expired"),
    "11": ("delivered", ""),
    "14": ("delivered", ""),
    "37": ("expired", "expired"),
    "3521": ("failed", "unknown_number"),
    "3522": ("failed", "unknown_number"),
    "3523": ("failed", "unknown_number"),
    "3524": ("failed", "spam_filtered"),
    "3525": ("failed", "content_refused"),
    "3560": ("failed", "destination_closed"),
    "3999": ("failed", "blocked"),
}


class SmsmodeSettings(CallbackSources):
    """The key of a channel, and the secret that our own callback addresses are made with."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    address: PrivateAddress = "https://rest.smsmode.com"
    api_key: SecretStr = Field(min_length=1)


class Smsmode:
    """The provider."""

    signs = False

    def __init__(self, settings: SmsmodeSettings, callbacks: Callbacks) -> None:
        self._settings = settings
        self._callbacks = callbacks

    def prepare(self, _client: httpx.Client, _now: datetime) -> None:
        """Nothing."""

    def build(self, submission: Submission, _now: datetime) -> Call:
        """The POST that sends one message."""
        body = {
            "recipient": {"to": submission.to},
            "body": {"text": submission.text},
            "from": submission.sender,
            "refClient": submission.attempt_id.hex,
            "callbackUrlStatus": self._callbacks.of_attempt(submission.attempt_id),
            "callbackUrlMo": self._callbacks.of_connection(),
        }
        headers = {**self._key(), "Content-Type": "application/json; charset=utf-8"}
        content = json.dumps(body, ensure_ascii=False).encode()
        return Call("POST", f"{self._settings.address}/sms/v1/messages", headers, content)

    def read(self, answer: Answer) -> Accepted | Refused:
        """201 with `messageId`."""
        if 200 <= answer.status < 300:
            if not (reference := answer.json().get("messageId")):
                raise unreadable()
            return Accepted(identifier(reference))
        if error := failed_call(answer.status):
            raise error
        return Refused("refused")

    def check(self, client: httpx.Client, _now: datetime) -> Iterator[Remark]:
        """Ask for one message of the past: the key must be right for that."""
        answer = exchange(
            client, Call("GET", f"{self._settings.address}/sms/v1/messages?pageSize=1", self._key())
        )
        if answer.status in (401, 403):
            yield Remark(
                False,
                f"the provider refused the API key ({answer.status}). Copy it again from the channel's page; a key of "
                "another channel type does not send SMS.",
            )
            return
        if error := failed_call(answer.status):
            raise error
        yield Remark(True, "the API key is accepted")

    def _key(self) -> dict[str, str]:
        return {"X-Api-Key": self._settings.api_key.get_secret_value(), "Accept": "application/json"}


def read_callback(callbacks: Callbacks, request: CallbackRequest) -> CallbackEvent:
    """A status, at the address made for its attempt, or a reply at the address for replies. Raises NotAuthentic."""
    attempt = callbacks.require_token(request)
    body = request.json()
    reference = identifier(body.get("messageId") or "")
    if attempt:
        status = _status(body)
        if status not in STATUSES:
            return Unknown(event_key(reference, attempt, status))
        state, code = STATUSES[status]
        return StatusNote(
            state=state,
            code=code,
            event_key=event_key(attempt, status),
            attempt_id=attempt_of(attempt),
            reference=reference,
        )
    text = _text(body)
    if reference and body.get("from") and text is not None:
        recipient = body.get("recipient")
        to = recipient.get("to", "") if isinstance(recipient, dict) else body.get("to", "")
        return Reply(
            from_=identifier(body["from"]),
            to_sender=identifier(to),
            text=text,
            event_key=event_key(reference),
        )
    return Unknown(event_key(reference, "reply"))


def _status(body: Mapping[str, Any]) -> str:
    status = body.get("status", "")
    if isinstance(status, dict):
        status = status.get("value") or status.get("code") or ""
    return str(status).strip().upper()


def _text(body: Mapping[str, Any]) -> str | None:
    inner = body.get("body")
    text = inner.get("text") if isinstance(inner, dict) else body.get("text", inner)
    return text if isinstance(text, str) else None
