"""Kannel: GET at an address with a token. Whatever is answered to a person's text would be sent to them: nothing is."""

from app.carriers.http.calls import CallbackEvent, CallbackRequest, Callbacks
from app.carriers.http.kannel import read_callback
from app.web.callbacks.provider import Voice


def read(_settings: str, callbacks: Callbacks, request: CallbackRequest) -> CallbackEvent:
    """Raises NotAuthentic."""
    return read_callback(callbacks, request)


VOICE = Voice(frozenset({"GET"}), read)
