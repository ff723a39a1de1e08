"""Whether a call to our webhook is the platform's, and what it says. Pure.

The signature covers the decoded data and nothing around it, so only the data is believed, the agent's name included. It
holds no date and the platform repeats for a week: a replay is stopped by the key of the event, not by its age.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from rcs.events import AGENT_DOMAIN, Event, read_event

SIGNATURE_HEADER: Final = "X-Goog-Signature"


@dataclass(frozen=True)
class Greeting:
    """The platform asks whether the webhook is ours: answer 200 with exactly `answer`, as text/plain."""

    answer: str = field(repr=False)


@dataclass(frozen=True)
class Genuine:
    """An event of one of our agents: store it under its key, answer 200, work afterwards."""

    event: Event


@dataclass(frozen=True)
class Refused:
    """Not the platform, or about another's agent: answer 403 and change nothing."""

    reason: Literal["unreadable", "client_token", "signature", "agent"]


def read_call(
    body: bytes, signature: str, client_token: str, agents: Collection[str]
) -> Greeting | Genuine | Refused:
    """What a POST to the webhook is. `signature` is the header of that name, empty without one; `agents` are the ids this
    webhook is for. No other header decides anything. Raises ValueError without a client token, for everybody could sign
    with an empty one."""
    if not client_token:
        raise ValueError("a webhook needs the client token of the platform's console")
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return Refused("unreadable")
    if not isinstance(read, dict):
        return Refused("unreadable")
    if "message" not in read and isinstance(read.get("secret"), str):
        return _greet(read, client_token)
    data = _data(read)
    if data is None:
        return Refused("unreadable")
    if not is_signed(data, signature, client_token):
        return Refused("signature")
    event = read_event(data)
    if event.agent_id and event.agent_id not in {agent.removesuffix(AGENT_DOMAIN) for agent in agents}:
        return Refused("agent")
    return Genuine(event)


def sign(data: bytes, client_token: str) -> str:
    """The signature of the decoded data, as the platform makes it."""
    return base64.b64encode(hmac.digest(client_token.encode(), data, hashlib.sha512)).decode()


def is_signed(data: bytes, signature: str, client_token: str) -> bool:
    """Compared in constant time, and only in the one way the platform writes it."""
    return hmac.compare_digest(sign(data, client_token).encode(), signature.encode(errors="replace"))


def _greet(read: dict[str, Any], client_token: str) -> Greeting | Refused:
    given = read.get("clientToken")
    if not isinstance(given, str) or not hmac.compare_digest(
        given.encode(errors="replace"), client_token.encode()
    ):
        return Refused("client_token")
    return Greeting(read["secret"])


def _data(read: dict[str, Any]) -> bytes | None:
    message = read.get("message")
    data = message.get("data") if isinstance(message, dict) else None
    if not isinstance(data, str):
        return None
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None
