"""OVH: one address with a token for the whole service, called by GET or POST."""

from app.carriers.http.calls import CallbackEvent, CallbackRequest, Callbacks
from app.carriers.http.ovh import read_callback
from app.web.callbacks.provider import Voice


def read(_settings: str, callbacks: Callbacks, request: CallbackRequest) -> CallbackEvent:
    """Raises NotAuthentic."""
    return read_callback(callbacks, request)


VOICE = Voice(frozenset({"GET", "POST"}), read)
