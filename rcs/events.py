"""What the platform tells of phones, read from the decoded data of a webhook call. Pure.

Events come twice, late and in any order; `key` is the same for the same event and says nothing of the person. READ implies
DELIVERED. What we do not know is an `Unknown`, never an error. Where pages disagree (the field of the number, the ids of a
tap) every shape is read.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

_DIGITS = re.compile(r"\+?([1-9][0-9]{6,14})")
AGENT_DOMAIN: Final = "@rbm.goog"


@dataclass(frozen=True, kw_only=True)
class _Told:
    """`agent_id` and `phone` are empty, and `at` is None, where the platform does not say."""

    agent_id: str
    phone: str = field(repr=False)
    key: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Delivered(_Told):
    """A message of ours reached the phone."""

    message_id: UUID


@dataclass(frozen=True, kw_only=True)
class Read(_Told):
    """A message of ours was looked at, so it was delivered too."""

    message_id: UUID


@dataclass(frozen=True, kw_only=True)
class Expired(_Told):
    """The lifetime of a message of ours ended. `revoked` false: the platform could not take it back, so it may have been
    delivered."""

    message_id: UUID
    revoked: bool


@dataclass(frozen=True, kw_only=True)
class Typing(_Told):
    """The person is writing."""


@dataclass(frozen=True, kw_only=True)
class Subscribed(_Told):
    """The person takes messages of this agent again."""


@dataclass(frozen=True, kw_only=True)
class Unsubscribed(_Told):
    """The person wants no more of this agent than is essential."""


@dataclass(frozen=True, kw_only=True)
class Location:
    """Where the person says to be, in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, kw_only=True)
class UserMessage(_Told):
    """What the person wrote, or a file or a place they sent: one of the three. `their_message_id` can be shown as read."""

    their_message_id: str
    text: str = field(default="", repr=False)
    file_url: str = field(default="", repr=False)
    location: Location | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Tapped(_Told):
    """The person tapped a button. `postback` is what the button was made with, `text` its label."""

    postback: str = field(repr=False)
    text: str
    is_reply: bool


@dataclass(frozen=True, kw_only=True)
class LaunchChanged(_Told):
    """The agent's standing on a network changed, for example from PENDING to LAUNCHED."""

    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Unknown(_Told):
    """Genuine, and nothing we know. `kind` is what the platform calls it."""

    kind: str


Event = (
    Delivered
    | Read
    | Expired
    | Typing
    | Subscribed
    | Unsubscribed
    | UserMessage
    | Tapped
    | LaunchChanged
    | Unknown
)


def read_event(data: bytes) -> Event:
    """The event in the decoded data of a call. Never raises: what cannot be read is Unknown."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        return Unknown(agent_id="", phone="", at=None, key=_digest("", "", data.hex()), kind="")
    kind = _text(body, "eventType")
    if isinstance(body.get("suggestionResponse"), dict):
        return _tap(body, body["suggestionResponse"], data)
    if kind in _OF_A_MESSAGE:
        return _about_message(body, kind, data)
    if kind in _OF_A_PERSON:
        return _OF_A_PERSON[kind](**_told(body, kind, data))
    if not kind and any(name in body for name in ("text", "userFile", "location")):
        return _said(body, data)
    if not kind and "newLaunchState" in body:
        before, after = _text(body, "oldLaunchState"), _text(body, "newLaunchState")
        return LaunchChanged(before=before, after=after, **_told(body, "LAUNCH", data))
    return Unknown(kind=kind[:80], **_told(body, kind, data))


_OF_A_MESSAGE: Final = frozenset(
    {"DELIVERED", "READ", "TTL_EXPIRATION_REVOKED", "TTL_EXPIRATION_REVOKE_FAILED"}
)
_OF_A_PERSON: Final[Mapping[str, type[Typing] | type[Subscribed] | type[Unsubscribed]]] = {
    "IS_TYPING": Typing,
    "SUBSCRIBE": Subscribed,
    "UNSUBSCRIBE": Unsubscribed,
}


def _about_message(body: Mapping[str, Any], kind: str, data: bytes) -> Event:
    told = _told(body, kind, data)
    try:
        message_id = UUID(_text(body, "messageId"))
    except ValueError:
        return Unknown(kind=kind, **told)
    if kind == "DELIVERED":
        return Delivered(message_id=message_id, **told)
    if kind == "READ":
        return Read(message_id=message_id, **told)
    return Expired(message_id=message_id, revoked=kind == "TTL_EXPIRATION_REVOKED", **told)


def _tap(body: Mapping[str, Any], response: Mapping[str, Any], data: bytes) -> Tapped:
    """Whether `messageId` names the tap or the message that was tapped is not said, so what was tapped and when are in the
    key too: two buttons of one message are two events."""
    postback, text = _text(response, "postbackData"), _text(response, "text")
    told = _told(body, "SUGGESTION", data, postback, _text(body, "sendTime"))
    return Tapped(postback=postback, text=text, is_reply=response.get("type") == "REPLY", **told)


def _said(body: Mapping[str, Any], data: bytes) -> UserMessage:
    file, place = body.get("userFile"), body.get("location")
    return UserMessage(
        their_message_id=_text(body, "messageId"),
        text=_text(body, "text"),
        file_url=_file_url(file) if isinstance(file, dict) else "",
        location=_location(place) if isinstance(place, dict) else None,
        **_told(body, "MESSAGE", data),
    )


def _file_url(file: Mapping[str, Any]) -> str:
    """The guide nests the file in its payload; older pages do not."""
    payload = file.get("payload")
    return _text(payload if isinstance(payload, dict) else file, "fileUri")


def _location(place: Mapping[str, Any]) -> Location | None:
    latitude, longitude = place.get("latitude", 0), place.get("longitude", 0)
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    return Location(latitude=latitude, longitude=longitude)


def _told(body: Mapping[str, Any], kind: str, data: bytes, *parts: str) -> dict[str, Any]:
    agent_id = _text(body, "agentId").removesuffix(AGENT_DOMAIN)
    named = _text(body, "eventId") or _text(body, "messageId") or data.hex()
    phone = _DIGITS.fullmatch(_text(body, "senderPhoneNumber") or _text(body, "phoneNumber"))
    return {
        "agent_id": agent_id,
        "phone": f"+{phone[1]}" if phone else "",
        "key": _digest(agent_id, kind, named, *parts),
        "at": _moment(_text(body, "sendTime")),
    }


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()


def _moment(text: str) -> datetime | None:
    """An RFC 3339 instant, whose fraction may have nine digits."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
