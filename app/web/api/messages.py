"""One message through the API: send it now or later, follow it, stop it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, NaiveDatetime
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Forbidden, InvalidInput
from app.messaging.permission.categories import Category, Kind
from app.messaging.texts.drafts import LONGEST_KEY, LONGEST_TEMPLATE
from app.messaging.texts.text_rules import TextFinding
from app.messaging.timing.scheduling import LocalTime
from app.usecases.messages.cancel_message import cancel_message
from app.usecases.messages.send_message import NewMessage, TextRefused, send_message
from app.usecases.messages.show_message import show_message
from app.web.api.findings import translator
from app.web.auth import ApiClient
from app.web.deps import RuntimeDep
from app.web.problems import TABLE, FieldProblem, Problem, api_response
from app.web.texts import Translator

router = APIRouter(tags=["messages"])

MOST_VALUES = 50
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="The same key with the same request gives the message of the first time; with another, 409.",
    ),
]
FieldName = Annotated[str, Field(max_length=60)]
FieldValue = Annotated[str, Field(max_length=500)]


class MessageIn(BaseModel):
    """One message to one number. Give `text` with its category or kind, or the name of a `template`, which has its own.
    `not_before` is one instant, `local_time` a time of the recipient's own clock."""

    model_config = ConfigDict(extra="forbid")

    to: Annotated[str, Field(max_length=60, description="A mobile number as people write it.")]
    text: Annotated[str, Field(max_length=LONGEST_TEMPLATE)] = ""
    template: Annotated[str, Field(max_length=LONGEST_KEY)] = ""
    values: Annotated[dict[FieldName, FieldValue], Field(max_length=MOST_VALUES)] = {}
    category: Category | None = None
    kind: Kind | None = None
    language: Literal["fr", "en"] | None = None
    not_before: Annotated[AwareDatetime | None, Field(description="With offset; at most 400 days ahead.")] = (
        None
    )
    local_time: Annotated[
        NaiveDatetime | None,
        Field(description="Without offset, as 2026-12-01T09:30, where the recipient lives."),
    ] = None
    expires_at: Annotated[
        AwareDatetime | None,
        Field(description="Then it is not worth sending any more: at most 7 days after it may leave."),
    ] = None
    channels: Annotated[list[Literal["rcs", "sms"]], Field(max_length=2)] = []
    postcode: Annotated[
        str, Field(max_length=5, description="Where a French number lives, for holidays and the local time.")
    ] = ""

    def to_use_case(self) -> NewMessage:
        """Raises InvalidInput when two times are given."""
        if self.not_before is not None and self.local_time is not None:
            raise InvalidInput("two_times", "give not_before or local_time, not both")
        local = self.local_time
        return NewMessage(
            to=self.to,
            text=self.text,
            template=self.template,
            values=self.values,
            category=self.category,
            kind=self.kind,
            language=self.language or "",
            when=self.not_before if local is None else LocalTime(local.date(), local.time()),
            expires_at=self.expires_at,
            channels=tuple(self.channels),
            postcode=self.postcode,
        )


class ReasonOut(BaseModel):
    """Why a message waits, was not sent or did not arrive. `code` is stable, `message` is for people."""

    code: str
    message: str


class WarningOut(BaseModel):
    """What the writer of a text should change; it left as it is."""

    code: str
    message: str


class SingleMessageOut(BaseModel):
    """Where a message stands. `ground` is why consent lets it leave, null once it was refused; `segments` are those of its SMS; `price` is a decimal number as text, null when the
    organisation gave no price of a segment."""

    id: UUID
    state: str
    reason: ReasonOut | None
    channel: Literal["rcs", "sms"]
    sender: str
    category: Category
    kind: Kind
    ground: str | None
    segments: int
    encoding: str
    price: Decimal | None
    not_before: datetime
    expires_at: datetime
    created_at: datetime
    finished_at: datetime | None


class MessageTakenOut(SingleMessageOut):
    """A message that was taken in. `warnings` is empty when the idempotency key was used before."""

    warnings: list[WarningOut]


@router.post(
    "/messages",
    status_code=202,
    response_model=MessageTakenOut,
    summary="Send a message",
    operation_id="sendMessage",
)
def post_message(
    request: Request,
    body: MessageIn,
    client: ApiClient,
    rt: RuntimeDep,
    idempotency_key: IdempotencyKey = None,
) -> MessageTakenOut | Response:
    """Takes one message in. 422 `text_refused` says in `errors` what the text must change; 409 with the id of the rule
    when consent or senders forbid it. A test key sends only where nothing but the simulator can."""
    _require_sending(client.may_send)
    done = send_message(rt, client.organisation_id, body.to_use_case(), client.actor, idempotency_key)
    t = translator(request)
    if isinstance(done, TextRefused):
        found = tuple(FieldProblem("#/text", f"{one.problem}: {_words(one, t)}") for one in done.findings)
        detail = "the text cannot leave as it is; nothing was queued"
        return api_response(request, Problem(TABLE[InvalidInput], "text_refused", detail, fields=found))
    shown = _shown(rt, client.organisation_id, done.message.id, t)
    warnings = [WarningOut(code=one.problem, message=_words(one, t)) for one in done.warnings]
    return MessageTakenOut(**shown.model_dump(), warnings=warnings)


@router.get("/messages/{message_id}", summary="Read a message", operation_id="getMessage")
def get_message(request: Request, message_id: UUID, client: ApiClient, rt: RuntimeDep) -> SingleMessageOut:
    """State, reason in words, segments and price."""
    return _shown(rt, client.organisation_id, message_id, translator(request))


@router.post("/messages/{message_id}/cancel", summary="Stop a message", operation_id="cancelMessage")
def post_cancel_message(
    request: Request, message_id: UUID, client: ApiClient, rt: RuntimeDep
) -> SingleMessageOut:
    """Before it leaves only: 409 `message_left` after that."""
    cancel_message(rt, client.organisation_id, message_id)
    return _shown(rt, client.organisation_id, message_id, translator(request))


def _require_sending(may_send: bool) -> None:
    if not may_send:
        raise Forbidden(
            "test_key_never_sends", "a test key cannot send a message of this organisation; use a live key"
        )


def _shown(rt: RuntimeDep, organisation_id: UUID, message_id: UUID, t: Translator) -> SingleMessageOut:
    found = show_message(rt, organisation_id, message_id)
    message = found.message
    return SingleMessageOut.model_validate(
        {
            "id": message.id,
            "state": message.state,
            "reason": {"code": message.reason, "message": _reason(message.reason, t)}
            if message.reason
            else None,
            "channel": message.channel,
            "sender": found.sender.address,
            "category": message.category,
            "kind": message.kind,
            "ground": message.ground or None,
            "segments": message.segments,
            "encoding": message.encoding,
            "price": found.price,
            "not_before": message.not_before,
            "expires_at": message.expires_at,
            "created_at": message.created_at,
            "finished_at": message.finished_at,
        }
    )


def _reason(code: str, t: Translator) -> str:
    """A rule that the organisation wrote itself is called by its name."""
    key = f"console.reason.{code}"
    return t.plain(key) if t.has(key) else t.plain("api.by_rule", code=code)


def _words(finding: TextFinding, t: Translator) -> str:
    key = f"messaging.problem.{finding.problem}"
    return f"{t.plain(key, detail=finding.detail)}. {t.plain(f'{key}_do', detail=finding.detail)}"
