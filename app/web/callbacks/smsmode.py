"""smsmode: JSON at an address with a token, one for each attempt and one for answers."""

from app.carriers.http.calls import CallbackEvent, CallbackRequest, Callbacks
from app.carriers.http.smsmode import read_callback
from app.web.callbacks.provider import Voice


def read(_settings: str, callbacks: Callbacks, request: CallbackRequest) -> CallbackEvent:
    """Raises NotAuthentic."""
    return read_callback(callbacks, request)


VOICE = Voice(frozenset({"POST"}), read)
