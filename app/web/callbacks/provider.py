"""What a provider's file gives to the door."""

from collections.abc import Callable
from dataclasses import dataclass

from app.carriers.http.calls import CallbackRequest, Callbacks, Heard

# Proves and reads one request: the JSON of the connection's settings, its addresses, the request. Raises NotAuthentic.
Reader = Callable[[str, Callbacks, CallbackRequest], Heard]


@dataclass(frozen=True)
class Voice:
    """How one kind of provider is heard and answered. `signs` says that each call is signed; otherwise its address is the
    only proof. `thanks` is what it expects for an event that was stored."""

    methods: frozenset[str]
    read: Reader
    signs: bool = False
    thanks: bytes = b""
    thanks_type: str = "text/plain"
