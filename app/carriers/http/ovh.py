"""OVH's SMS API: signed JSON calls, and callbacks whose address is set once for the whole service.

Codes are those of OVH's public guide of SMS users. A report names OVH's own id of the message, never ours; the
callback is not signed, so its address holds a token.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, Literal

import httpx
from pydantic import ConfigDict, Field, SecretStr

from app.carriers.base import Accepted, CarrierError, Refused, Remark, Submission
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
    event_key,
    exchange,
    failed_call,
    number,
    unreadable,
)
from app.carriers.http.sources import CallbackSources
from app.carriers.identifiers import identifier
from app.messaging.texts.gsm7 import is_gsm7

LONGEST_VALIDITY_MINUTES: Final = 2880
SKEW_SECONDS: Final = 30

State = Literal["enroute", "delivered", "failed", "expired"]
# `ptt` of a report -> our state and code. 3 is the operator's acceptance, not the phone's; 6 is the operator saying that
# it will never know. What is not here is a failure without a known cause.
STATUSES: Final[Mapping[int, tuple[State, str]]] = {
    1: ("enroute", "phone_absent"),
    2: ("enroute", "network_failure"),
    3: ("enroute", ""),
    4: ("delivered", ""),
    5: ("failed", "undelivered"),
    6: ("enroute", "unconfirmed"),
    8: ("expired", "expired"),
    20: ("failed", "content_refused"),
    21: ("failed", "phone_credit"),
    23: ("failed", "unknown_number"),
    24: ("failed", "phone_absent"),
    25: ("failed", "network_failure"),
    26: ("failed", "memory_full"),
    27: ("failed", "phone_incompatible"),
    28: ("failed", "spam_filtered"),
    29: ("failed", "content_refused"),
    33: ("failed", "content_refused"),
    39: ("failed", "network_failure"),
    73: ("failed", "network_failure"),
    74: ("failed", "network_failure"),
    76: ("failed", "blocked"),
    202: ("failed", "blocked"),
}
# `errorCode` of a refused call: all are about the credentials or the clock, so nothing was sent.
_OUT_OF_TIME: Final = "QUERY_TIME_OUT"
_OF_THE_CONNECTION: Final = frozenset(
    {"INVALID_KEY", "INVALID_CREDENTIAL", "NOT_CREDENTIAL", "NOT_GRANTED_CALL", "INVALID_SIGNATURE"}
)


class OvhSettings(CallbackSources):
    """`stop_clause` lets OVH add its own mention and keep its own hours, for connections that carry marketing."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    address: PrivateAddress = "https://eu.api.ovh.com/1.0"
    service: str = Field(pattern=r"^[A-Za-z0-9._-]{1,60}$")
    application_key: str = Field(min_length=1)
    application_secret: SecretStr = Field(min_length=1)
    consumer_key: SecretStr = Field(min_length=1)
    stop_clause: bool = False


def signature(secret: str, consumer: str, method: str, address: str, body: str, timestamp: int) -> str:
    """OVH's signature, over the exact text of the body."""
    text = "+".join((secret, consumer, method, address, body, str(timestamp)))
    return "$1$" + hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class Ovh:
    """The provider. It keeps how far OVH's clock is ahead of ours, for a signature holds OVH's time."""

    signs = False

    def __init__(self, settings: OvhSettings, callbacks: Callbacks) -> None:
        self._settings = settings
        self._callbacks = callbacks
        self._ahead: int | None = None

    def prepare(self, client: httpx.Client, now: datetime) -> None:
        """Ask OVH for its time, once, and again after it found a call out of time."""
        if self._ahead is None:
            self._ahead = self._measure(client, now)

    def build(self, submission: Submission, now: datetime) -> Call:
        """The POST that creates a job for one number."""
        # A number of digits alone cannot be a sender at OVH: its own short code stands for it, and takes answers.
        named = not submission.sender.isdecimal()
        body = {
            "message": submission.text,
            "receivers": [submission.to],
            **({"sender": submission.sender} if named else {"senderForResponse": True}),
            "noStopClause": not self._settings.stop_clause,
            "charset": "UTF-8",
            "coding": "7bit" if is_gsm7(submission.text) else "8bit",
            "priority": "high",
            "validityPeriod": max(1, min(submission.ttl_seconds // 60, LONGEST_VALIDITY_MINUTES)),
        }
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return self._signed("POST", f"/sms/{self._settings.service}/jobs", text, now)

    def read(self, answer: Answer) -> Accepted | Refused:
        """200 with our number among `invalidReceivers` is a refusal."""
        body = answer.json()
        if answer.status == 200:
            if body.get("invalidReceivers"):
                return Refused("unknown_number")
            ids = body.get("ids")
            if not (isinstance(ids, list) and ids and body.get("validReceivers")):
                raise unreadable()
            return Accepted(identifier(ids[0]))
        code = str(body.get("errorCode", ""))
        if code == _OUT_OF_TIME:
            self._ahead = None
            raise CarrierError(
                "carrier_clock", "the provider found the call out of time", retryable=True, in_doubt=False
            )
        if code in _OF_THE_CONNECTION:
            raise CarrierError(
                "carrier_credentials", f"the provider answered {code}", retryable=True, in_doubt=False
            )
        if error := failed_call(answer.status):
            raise error
        return Refused("refused")

    def check(self, client: httpx.Client, now: datetime) -> Iterator[Remark]:
        """Clock, credentials, service, credit, and where its reports go."""
        ahead = self._ahead = self._measure(client, now)
        if abs(ahead) > SKEW_SECONDS:
            yield Remark(
                False,
                f"the clock of this machine is {abs(ahead)} seconds {'behind' if ahead > 0 else 'ahead of'} OVH's. Calls "
                "are corrected for it, but times shown and sending windows are wrong: start its time service.",
            )
        else:
            yield Remark(True, "the provider answers, and the clocks agree")
        answer = exchange(client, self._signed("GET", f"/sms/{self._settings.service}", "", now))
        body = answer.json()
        code = str(body.get("errorCode", ""))
        if answer.status == 404:
            name = self._settings.service
            yield Remark(
                False, f"OVH knows no SMS service named {name}. It looks like sms-ab12345-1: see the console."
            )
            return
        if code == "NOT_GRANTED_CALL":
            yield Remark(
                False,
                f"the consumer key may not use /sms/{self._settings.service}. Make one with the rights GET /sms/* and "
                "POST /sms/*/jobs.",
            )
            return
        if code in _OF_THE_CONNECTION or answer.status in (401, 403):
            yield Remark(
                False,
                f"OVH refused the credentials ({code or answer.status}). Application key, application secret and "
                "consumer key belong together: make all three anew.",
            )
            return
        if error := failed_call(answer.status):
            raise error
        yield from self._on_service(body)

    def _on_service(self, body: Mapping[str, object]) -> Iterator[Remark]:
        left = body.get("creditsLeft")
        if isinstance(left, int | float) and left <= 0:
            yield Remark(False, "the service has no credit left. Buy some, or no message leaves.")
        else:
            yield Remark(True, f"the service answers; {left} credits left")
        wanted = self._callbacks.of_connection()
        if body.get("callBack") == wanted:
            yield Remark(
                True, f"delivery reports come here; let answers to the short code call the same {wanted}"
            )
        else:
            yield Remark(
                False,
                "delivery reports do not come here: messages would stay “accepted by the operator”. Set the callback "
                f"of the SMS service to {wanted}",
            )

    def _measure(self, client: httpx.Client, now: datetime) -> int:
        answer = _ask(client, f"{self._settings.address}/auth/time")
        try:
            return int(answer.body) - int(now.timestamp())
        except ValueError:
            raise CarrierError(
                "carrier_misconfigured",
                f"{self._settings.address} does not tell the time: it is not OVH's API",
                retryable=True,
                in_doubt=False,
            ) from None

    def _signed(self, method: Literal["GET", "POST"], path: str, body: str, now: datetime) -> Call:
        settings, address = self._settings, self._settings.address + path
        timestamp = int(now.timestamp()) + (self._ahead or 0)
        consumer = settings.consumer_key.get_secret_value()
        headers = {
            "X-Ovh-Application": settings.application_key,
            "X-Ovh-Consumer": consumer,
            "X-Ovh-Timestamp": str(timestamp),
            "X-Ovh-Signature": signature(
                settings.application_secret.get_secret_value(), consumer, method, address, body, timestamp
            ),
        }
        if body:
            headers["Content-Type"] = "application/json; charset=utf-8"
        return Call(method, address, headers, body.encode())


def _ask(client: httpx.Client, address: str) -> Answer:
    """A question before a message: whatever goes wrong, nothing is in doubt. Raises CarrierError."""
    try:
        answer = exchange(client, Call("GET", address))
        failure = failed_call(answer.status)
    except CarrierError as error:
        failure = error
    if failure is not None:
        raise CarrierError("carrier_unreachable", failure.message, retryable=True, in_doubt=False)
    return answer


def read_callback(callbacks: Callbacks, request: CallbackRequest) -> CallbackEvent:
    """A report (`ptt`) or a reply (`senderid`). Raises NotAuthentic."""
    callbacks.require_token(request)
    fields = {**request.query, **request.fields}
    id_, ptt = fields.get("id", ""), fields.get("ptt", "")
    if id_ and (known := number(ptt)) is not None:
        state, code = STATUSES.get(known, ("failed", "undelivered"))
        return StatusNote(state=state, code=code, event_key=event_key(id_, ptt), reference=identifier(id_))
    if id_ and "senderid" in fields and "message" in fields:
        return Reply(
            from_=identifier(fields["senderid"]),
            to_sender=identifier(fields.get("shortcode", "")),
            text=fields["message"],
            event_key=event_key(id_, "reply"),
        )
    return Unknown(event_key(id_, ptt))
