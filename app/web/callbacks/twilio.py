"""Twilio: signed forms. An answer of a person may be replied to in place, with a document of instructions; ours is
empty."""

from app.carriers.http.calls import CallbackEvent, CallbackRequest, Callbacks
from app.carriers.http.twilio import Twilio, TwilioSettings, read_callback
from app.web.callbacks.provider import Voice


def read(settings: str, _callbacks: Callbacks, request: CallbackRequest) -> CallbackEvent:
    """Raises NotAuthentic."""
    return read_callback(TwilioSettings.model_validate_json(settings), request)


VOICE = Voice(frozenset({"POST"}), read, signs=Twilio.signs, thanks=b"<Response/>", thanks_type="text/xml")
