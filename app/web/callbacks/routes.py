"""One address for each connection: /callbacks/{its name}."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.carriers.http.calls import (
    CallbackEvent,
    CallbackRequest,
    Greeting,
    NotAuthentic,
    Passing,
    Reply,
    StatusNote,
)
from app.carriers.http.sources import sources_of
from app.core.errors import Forbidden, InvalidInput
from app.core.log import fields
from app.db.sending.connections import HOUSE
from app.runtime import Runtime
from app.usecases.callbacks.find_attempt import find_attempt
from app.usecases.callbacks.keep_event import keep_event
from app.usecases.callbacks.open_connection import open_connection
from app.usecases.callbacks.route_reply import route_reply
from app.usecases.messages.record_inbound import record_inbound
from app.usecases.messages.record_report import record_reports
from app.web.callbacks import kannel, ovh, rcs, smsmode, twilio
from app.web.callbacks.provider import Voice
from app.web.callbacks.together import Together
from app.web.deps import ConfigDep, RuntimeDep, client_address

VOICES: Final[Mapping[str, Voice]] = {
    "kannel": kannel.VOICE,
    "ovh": ovh.VOICE,
    "rcs": rcs.VOICE,
    "smsmode": smsmode.VOICE,
    "twilio": twilio.VOICE,
}
MOST_FIELDS: Final = 200
FORM: Final = "application/x-www-form-urlencoded"

log = logging.getLogger(__name__)
_record = Together(record_reports)
router = APIRouter(prefix="/callbacks", include_in_schema=False)


@router.api_route("/{connection}", methods=["GET", "POST"])
async def callback(connection: str, request: Request, rt: RuntimeDep, config: ConfigDep) -> Response:
    """Store what a carrier says, then thank for it. 403 for whatever is not proven or comes from elsewhere, a name nobody
    has included."""
    received = _received(request, await request.body(), config.public_url)
    sender = client_address(request, config.trusted_proxies)
    thanks, media_type = await run_in_threadpool(take, rt, connection, request.method, received, sender)
    return Response(thanks, media_type=media_type)


def take(rt: Runtime, name: str, method: str, request: CallbackRequest, sender: str) -> tuple[bytes, str]:
    """Prove, read and store what came from the address `sender`; what to answer, and its type. Raises Forbidden; anything
    else that goes wrong makes the carrier ask again."""
    found = open_connection(rt, name)
    voice = VOICES.get(found[0].kind) if found else None
    if found is None or voice is None or method not in voice.methods:
        raise _refused()
    connection, callbacks = found
    if not sources_of(connection.settings).admits(sender):
        log.warning(
            "a callback came from elsewhere", extra=fields(carrier=connection.name, code="callback_networks")
        )
        raise _refused()
    try:
        event = voice.read(connection.settings, callbacks, request)
    except NotAuthentic:
        log.warning("a callback was refused", extra=fields(carrier=connection.name))
        raise _refused() from None
    if isinstance(event, Greeting):
        return event.answer.encode(), voice.thanks_type
    if not isinstance(event, Passing):
        kept = replace(event, event_key=_kept_key(rt, connection.name, event))
        _store(rt, connection.name, voice, kept, request)
    return voice.thanks, voice.thanks_type


def _kept_key(rt: Runtime, carrier: str, event: CallbackEvent) -> str:
    """What an event is known again by, in a form that tells no number a provider may have put into its name."""
    return rt.vault.columns.blind_index(HOUSE, "callback-event", f"{carrier}:{event.event_key}").hex()


def _store(rt: Runtime, carrier: str, voice: Voice, event: CallbackEvent, request: CallbackRequest) -> None:
    now = rt.now()
    if isinstance(event, StatusNote) and (report := find_attempt(rt, carrier, event, now)):
        _record(rt, carrier, report)
    elif isinstance(event, Reply) and (inbound := route_reply(rt, carrier, event, now)):
        record_inbound(rt, replace(inbound, proven=voice.signs))
    else:
        keep_event(rt, carrier, event, request, now)


def _received(request: Request, body: bytes, public_url: str) -> CallbackRequest:
    """The address is the public one, for that is what a provider signs: a proxy may have changed host and scheme."""
    raw_query = request.scope["query_string"].decode("latin-1")
    path = request.scope.get("raw_path", b"").decode("latin-1") or request.url.path
    address = f"{public_url}{path}" + (f"?{raw_query}" if raw_query else "")
    form: list[tuple[str, str]] = []
    try:
        query = parse_qsl(raw_query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
            form = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise InvalidInput("malformed_form", "the form cannot be read; send it as UTF-8") from None
    headers = {name.lower(): value for name, value in request.headers.items()}
    return CallbackRequest(address, dict(query), tuple(form), headers, body)


def _refused() -> Forbidden:
    return Forbidden("callback_refused", "this address takes signed calls of a carrier only")
