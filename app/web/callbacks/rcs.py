"""RCS for Business: signed JSON. Saving the address in the platform's console begins with a greeting that is answered in
place."""

from functools import lru_cache

from app.carriers.http.calls import CallbackRequest, Callbacks, Heard
from app.carriers.rcs.hearing import read_callback
from app.carriers.rcs.settings import RcsSettings
from app.web.callbacks.provider import Voice


@lru_cache(maxsize=16)
def _settings(text: str) -> RcsSettings:
    """Checking the private key takes 30 ms of processor time, which nobody may ask for again and again with calls that
    prove nothing."""
    return RcsSettings.model_validate_json(text)


def read(settings: str, _callbacks: Callbacks, request: CallbackRequest) -> Heard:
    """Raises NotAuthentic."""
    return read_callback(_settings(settings), request)


VOICE = Voice(frozenset({"POST"}), read, signs=True)
