"""Kannel's sendsms, as version 1.4.5 answers it. Its reports are not signed, so their addresses hold a token.

A report is a bit mask, never one number: an expired message gives 34. Kannel's `%F` changes between decimal and
hexadecimal, so our own reference travels in the address instead.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlencode

import httpx
from pydantic import ConfigDict, Field, SecretStr

from app.carriers.base import Accepted, Refused, Remark, Submission
from app.carriers.http.calls import (
    Address,
    Answer,
    Call,
    CallbackEvent,
    CallbackRequest,
    Callbacks,
    Reply,
    StatusNote,
    Unknown,
    attempt_of,
    event_key,
    exchange,
    failed_call,
    is_private,
    number,
)
from app.carriers.http.sources import CallbackSources
from app.carriers.identifiers import identifier
from app.messaging.texts.gsm7 import is_gsm7

DELIVERED: Final = 1
FAILED: Final = 2
BUFFERED: Final = 4
SUBMITTED: Final = 8
REJECTED: Final = 16
EXPIRED: Final = 32
EVERY_REPORT: Final = DELIVERED | FAILED | BUFFERED | SUBMITTED | REJECTED

State = Literal["enroute", "delivered", "failed", "expired"]
# Status of SMPP 3.4 that an SMSC refused with -> our code.
_SMSC_STATUSES: Final[Mapping[int, str]] = {
    0x01: "text_too_long",
    0x08: "network_failure",
    0x0A: "sender_refused",
    0x0B: "unknown_number",
    0x14: "carrier_throttled",
    0x45: "refused",
    0x58: "carrier_throttled",
}
_NACK: Final = re.compile(r"NACK/(?:0x([0-9a-fA-F]{1,8})|([0-9]{1,10}))")


class KannelSettings(CallbackSources):
    """`address` is that of smsbox, as http://127.0.0.1:13013. Speak plain http to this machine or through a VPN only."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    address: Address
    username: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)


class Kannel:
    """The provider."""

    signs = False

    def __init__(self, settings: KannelSettings, callbacks: Callbacks) -> None:
        self._settings = settings
        self._callbacks = callbacks

    def prepare(self, _client: httpx.Client, _now: datetime) -> None:
        """Nothing."""

    def build(self, submission: Submission, _now: datetime) -> Call:
        """The GET that sends one message."""
        # Kannel replaces what follows a percent sign, so these parameters are put in as they are.
        reports = self._callbacks.of_attempt(submission.attempt_id)
        return self._sendsms(
            {
                "from": submission.sender,
                "to": submission.to,
                "text": submission.text,
                "charset": "UTF-8",
                "coding": "0" if is_gsm7(submission.text) else "2",
                "validity": str(max(1, submission.ttl_seconds // 60)),
                "dlr-mask": str(EVERY_REPORT),
                "dlr-url": f"{reports}&status=%d&said=%A",
            }
        )

    def read(self, answer: Answer) -> Accepted | Refused:
        """202. Kannel gives no id: the reports hold our own."""
        if answer.status == 202:
            return Accepted("")
        if error := failed_call(answer.status):
            raise error
        return Refused("refused")

    def check(self, client: httpx.Client, _now: datetime) -> Iterator[Remark]:
        """Ask for a message to nobody: Kannel looks at the account first, and sends nothing."""
        if not is_private(self._settings.address):
            yield Remark(
                False,
                f"{self._settings.address} is not https: password, numbers and texts cross the network in clear. Give it "
                "an https address, or keep it inside a VPN.",
            )
        answer = exchange(client, self._sendsms({"text": ""}))
        if answer.status == 403:
            yield Remark(
                False,
                "Kannel refused the user name or password, or this machine's address. Compare with the group "
                "sendsms-user of its configuration (username, password, user-allow-ip).",
            )
            return
        if answer.status == 400:
            yield Remark(True, "Kannel answers and knows the account")
            replies = f"{self._callbacks.of_connection()}&from=%p&to=%P&text=%b&id=%I"
            yield Remark(
                True, f"answers of people come here when its group sms-service has get-url = {replies}"
            )
            return
        if error := failed_call(answer.status):
            raise error
        yield Remark(
            False, f"{self._settings.address} answered {answer.status}: it is not smsbox. Check the port."
        )

    def _sendsms(self, parameters: Mapping[str, str]) -> Call:
        account = {
            "username": self._settings.username,
            "password": self._settings.password.get_secret_value(),
        }
        query = urlencode({**account, **parameters})
        return Call("GET", f"{self._settings.address}/cgi-bin/sendsms?{query}")


def read_status(mask: int, said: str) -> tuple[State, str]:
    """State and code of a report. `said` is the text of the SMSC (`%A`)."""
    if mask & DELIVERED:
        return "delivered", ""
    if mask & EXPIRED:
        return "expired", "expired"
    if mask & REJECTED:
        nack = _NACK.search(said)
        refusal = 0 if nack is None else int(nack[1], 16) if nack[1] else int(nack[2])
        return "failed", _SMSC_STATUSES.get(refusal, "refused")
    if mask & FAILED:
        return "failed", "refused" if "stat:REJECTD" in said else "undelivered"
    return "enroute", ""


def read_callback(callbacks: Callbacks, request: CallbackRequest) -> CallbackEvent:
    """A report at the address made for its attempt, or a reply at the address for replies. Raises NotAuthentic."""
    attempt = callbacks.require_token(request)
    fields = request.query
    status = fields.get("status", "")
    if attempt:
        if (mask := number(status)) is None:
            return Unknown(event_key(attempt, status))
        state, code = read_status(mask, fields.get("said", ""))
        return StatusNote(
            state=state,
            code=code,
            event_key=event_key(attempt, status),
            attempt_id=attempt_of(attempt),
        )
    if fields.get("id") and "from" in fields and "text" in fields:
        return Reply(
            from_=identifier(fields["from"]),
            to_sender=identifier(fields.get("to", "")),
            text=fields["text"],
            event_key=event_key(fields["id"]),
        )
    return Unknown(event_key(fields.get("id", ""), "reply"))
