"""What the platform tells by the webhook of one agent, in the words every carrier uses. Pure.

The signature covers the decoded event and nothing around it, so only the event is believed (`rcs/webhook.py`).
"""

from app.carriers.base import STARTED, STOPPED
from app.carriers.http.calls import (
    CallbackRequest,
    Greeting,
    Heard,
    NotAuthentic,
    Passing,
    Reply,
    StatusNote,
    Unknown,
)
from app.carriers.identifiers import identifier
from app.carriers.rcs.settings import RcsSettings
from app.messaging.sending.routing import Outcome
from rcs import events, webhook


def read_callback(settings: RcsSettings, request: CallbackRequest) -> Heard:
    """One call. Raises NotAuthentic for what the platform did not sign for this agent."""
    signature = request.headers.get(webhook.SIGNATURE_HEADER.lower(), "")
    token = settings.client_token.get_secret_value()
    call = webhook.read_call(request.body, signature, token, {settings.agent_id})
    match call:
        case webhook.Greeting(answer):
            return Greeting(answer)
        case webhook.Refused():
            raise NotAuthentic
        case webhook.Genuine(event):
            return _heard(settings, event)


def _heard(settings: RcsSettings, event: events.Event) -> Heard:
    match event:
        case events.Delivered(message_id=message_id):
            return StatusNote("delivered", "", event.key, message_id, at=event.at)
        case events.Read(message_id=message_id):
            return StatusNote("read", "", event.key, message_id, at=event.at)
        case events.Expired(message_id=message_id, revoked=True):
            return StatusNote("expired", Outcome.EXPIRED, event.key, message_id, at=event.at)
        case events.Expired(message_id=message_id):
            return StatusNote("inconclusive", Outcome.EXPIRY_INCONCLUSIVE, event.key, message_id, at=event.at)
        case events.Typing():
            return Passing()
    if not event.phone:
        return Unknown(event.key)
    match event:
        case events.UserMessage():
            return _reply(settings, event, _said(event), pictures=1 if event.file_url else 0)
        case events.Tapped(postback=postback):
            return _reply(settings, event, event.text, postback=postback)
        case events.Unsubscribed():
            return _reply(settings, event, postback=STOPPED)
        case events.Subscribed():
            return _reply(settings, event, postback=STARTED)
        case _:
            return Unknown(event.key)


def _reply(
    settings: RcsSettings, event: events.Event, text: str = "", *, postback: str = "", pictures: int = 0
) -> Reply:
    return Reply(
        from_=event.phone,
        to_sender=identifier(settings.agent_id),
        text=text,
        event_key=event.key,
        pictures=pictures,
        postback=postback,
        channel="rcs",
        at=event.at,
    )


def _said(event: events.UserMessage) -> str:
    """What was typed, or a place as RFC 5870 writes it."""
    if event.location is not None:
        return f"geo:{event.location.latitude},{event.location.longitude}"
    return event.text
