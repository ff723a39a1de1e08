"""RCS for Business: signed JSON. Saving the address in the platform's console begins with a greeting that is answered in
place."""

from app.carriers.http.calls import CallbackRequest, Callbacks, Heard
from app.carriers.rcs.hearing import read_callback
from app.carriers.rcs.settings import RcsSettings
from app.web.callbacks.provider import Voice


def read(settings: str, _callbacks: Callbacks, request: CallbackRequest) -> Heard:
    """Raises NotAuthentic."""
    return read_callback(RcsSettings.model_validate_json(settings), request)


VOICE = Voice(frozenset({"POST"}), read, signs=True)
