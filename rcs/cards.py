"""Rich cards of RCS for Business: what one may hold, and the JSON body that carries it.

A `Card` that exists is within the platform's limits: each part checks itself when it is made and raises RcsError.
The platform does not say whether it counts characters or UTF-16 units, so the larger count is held against a limit.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

TITLE_MAX = 200
DESCRIPTION_MAX = 2_000
LABEL_MAX = 25
ADDRESS_MAX = 2_048
POSTBACK_MAX = 2_048
CALENDAR_TITLE_MAX = 100
CALENDAR_DESCRIPTION_MAX = 500
SUGGESTIONS_MAX = 4
MESSAGE_BYTES_MAX = 250_000
TTL_SECONDS = (10, 1_296_000)
REMINDER = timedelta(minutes=15)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

TrafficType = Literal["AUTHENTICATION", "TRANSACTION", "PROMOTION", "SERVICEREQUEST", "ACKNOWLEDGEMENT"]
_TRAFFIC_TYPES: tuple[str, ...] = get_args(TrafficType)
_POSTBACK = re.compile(r"(?:[A-Za-z0-9]{4})+")
_DIALLED = re.compile(r"[0-9+*#]+")
_SPACE = re.compile(r"\s")
_JSON = json.JSONEncoder(ensure_ascii=False)
PostbackAction = Literal["open", "call", "remind", "not_for_me", "stop"]
Language = Literal["fr", "en"]

POSTBACK_PREFIX: dict[PostbackAction, str] = {
    "open": "open",
    "call": "call",
    "remind": "date",
    "not_for_me": "nope",
    "stop": "stop",
}
LABELS: dict[Language, dict[PostbackAction, str]] = {
    "fr": {
        "open": "Ouvrir le document",
        "call": "Appeler l’expéditeur",
        "remind": "Me le rappeler",
        "not_for_me": "Ce n’est pas pour moi",
    },
    "en": {
        "open": "Open the document",
        "call": "Call the sender",
        "remind": "Remind me",
        "not_for_me": "Not for me",
    },
}
STOP_LABELS: dict[Language, str] = {"fr": "Ne plus en recevoir", "en": "Unsubscribe"}
REMINDERS: dict[Language, tuple[str, str]] = {
    "fr": ("Lire mon document", "Le lien est dans le message envoyé par {sender}."),
    "en": ("Read my document", "The link is in the message sent by {sender}."),
}


class RcsError(ValueError):
    """The platform would refuse this. `code` is short and stable; the message says what to change."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class OpenLink:
    """A button that opens `url` in the phone's browser. `description` is read aloud by a screen reader."""

    label: str
    postback: str
    url: str
    description: str

    def __post_init__(self) -> None:
        _check_suggestion(self.label, self.postback)
        _check_address(self.url)
        _check_text("address_description", self.description, DESCRIPTION_MAX)


@dataclass(frozen=True)
class Dial:
    """A button that prepares a call to `phone`."""

    label: str
    postback: str
    phone: str

    def __post_init__(self) -> None:
        _check_suggestion(self.label, self.postback)
        if not _DIALLED.fullmatch(self.phone):
            raise RcsError("dial_number", "a number to dial holds digits, +, * and # only")


@dataclass(frozen=True)
class Remind:
    """A button that adds an entry to the phone's calendar. Calendars are shared and synchronised: no secret here."""

    label: str
    postback: str
    start: datetime
    end: datetime
    title: str
    description: str

    def __post_init__(self) -> None:
        _check_suggestion(self.label, self.postback)
        _check_text("calendar_title", self.title, CALENDAR_TITLE_MAX)
        _check_text("calendar_description", self.description, CALENDAR_DESCRIPTION_MAX)
        if self.start.tzinfo is None or self.end.tzinfo is None or self.start >= self.end:
            raise RcsError("calendar_time", "a calendar entry needs an aware start before its aware end")


@dataclass(frozen=True)
class Reply:
    """A button that answers `label`."""

    label: str
    postback: str

    def __post_init__(self) -> None:
        _check_suggestion(self.label, self.postback)


Suggestion = OpenLink | Dial | Remind | Reply


@dataclass(frozen=True)
class Card:
    """One standalone vertical card."""

    title: str
    description: str
    suggestions: tuple[Suggestion, ...]

    def __post_init__(self) -> None:
        if not self.title and not self.description:
            raise RcsError("empty_card", "a card needs a title or a description")
        _check_text("title", self.title, TITLE_MAX)
        _check_text("description", self.description, DESCRIPTION_MAX)
        if len(self.suggestions) > SUGGESTIONS_MAX:
            raise RcsError("too_many_suggestions", f"a card has at most {SUGGESTIONS_MAX} suggestions")
        _check_secrets(self.suggestions)


def postback(action: PostbackAction, token: str) -> str:
    """The opaque data of a button. Letters and digits in a multiple of four: right whether a platform reads it as
    text or as base64. Raises RcsError when the token does not allow that."""
    data = POSTBACK_PREFIX[action] + token
    _check_postback(data)
    return data


def document_card(
    *,
    language: Language,
    sender_name: str,
    title: str,
    description: str,
    link: str,
    ref: str,
    phone: str | None,
    remind_at: datetime | None,
) -> Card:
    """The card that announces a document: open it, call the sender, be reminded, or say "not for me".

    `link` is the whole sealed link, secret included; `ref` its public part, which the postbacks carry. `phone` and
    `remind_at` are left out when None. Raises RcsError.
    """
    labels = LABELS[language]
    suggestions: list[Suggestion] = [OpenLink(labels["open"], postback("open", ref), link, labels["open"])]
    if phone is not None:
        suggestions.append(Dial(labels["call"], postback("call", ref), phone))
    if remind_at is not None:
        entry, where = REMINDERS[language]
        suggestions.append(
            Remind(
                labels["remind"],
                postback("remind", ref),
                remind_at,
                remind_at + REMINDER,
                entry,
                where.format(sender=sender_name),
            )
        )
    suggestions.append(Reply(labels["not_for_me"], postback("not_for_me", ref)))
    return Card(title, description, tuple(suggestions))


def text_card(language: Language, title: str, description: str, token: str, *, can_stop: bool) -> Card:
    """A card of words alone. `can_stop` gives it the button that ends advertising, whose postback carries `token`:
    letters and digits in a multiple of four. Raises RcsError."""
    stop = (Reply(STOP_LABELS[language], postback("stop", token)),) if can_stop else ()
    return Card(title, description, stop)


def has_way_out(card: Card) -> bool:
    """Whether a button of the card ends advertising."""
    return any(one.postback.startswith(POSTBACK_PREFIX["stop"]) for one in card.suggestions)


def to_agent_message(card: Card, traffic_type: TrafficType, ttl: int) -> dict[str, Any]:
    """The request body of a card. `ttl` is in seconds, 10 to 1,296,000 (15 days). A promotion has a button that ends
    advertising (operators' charter of 2026). Raises RcsError."""
    body = _agent_message(card, traffic_type, ttl)
    _as_text(body)
    return body


def agent_message_text(card: Card, traffic_type: TrafficType, ttl: int) -> str:
    """`to_agent_message` as the JSON text that is sent."""
    return _as_text(_agent_message(card, traffic_type, ttl))


def _agent_message(card: Card, traffic_type: TrafficType, ttl: int) -> dict[str, Any]:
    if traffic_type not in _TRAFFIC_TYPES:
        raise RcsError("traffic_type", f"the traffic type is one of {', '.join(_TRAFFIC_TYPES)}")
    shortest, longest = TTL_SECONDS
    if not shortest <= ttl <= longest:
        raise RcsError("ttl", f"the lifetime is {shortest} to {longest} seconds")
    if traffic_type == "PROMOTION" and not has_way_out(card):
        raise RcsError("no_way_out", "a card that advertises needs a button that ends advertising")
    content: dict[str, Any] = {}
    if card.title:
        content["title"] = card.title
    if card.description:
        content["description"] = card.description
    if card.suggestions:
        content["suggestions"] = [_write(suggestion) for suggestion in card.suggestions]
    return {
        "contentMessage": {
            "richCard": {"standaloneCard": {"cardOrientation": "VERTICAL", "cardContent": content}}
        },
        "messageTrafficType": traffic_type,
        "ttl": f"{ttl}s",
    }


def _as_text(body: dict[str, Any]) -> str:
    text = _JSON.encode(body)
    if len(text.encode()) > MESSAGE_BYTES_MAX:
        raise RcsError("message_too_large", f"a message has at most {MESSAGE_BYTES_MAX} bytes of JSON")
    return text


def read_agent_message(body: Mapping[str, Any]) -> Card:
    """The card of a request body, as a phone draws it; fields we do not draw are passed over. Raises RcsError when
    there is no standalone card in it, or when the card is over a limit."""
    try:
        content = body["contentMessage"]["richCard"]["standaloneCard"]["cardContent"]
        suggestions = tuple(_read(entry) for entry in content.get("suggestions", ()))
        return Card(content.get("title", ""), content.get("description", ""), suggestions)
    except (KeyError, TypeError, AttributeError) as error:
        raise RcsError("not_a_card", "the body holds no standalone card that can be drawn") from error


def _write(suggestion: Suggestion) -> dict[str, Any]:
    shown = {"text": suggestion.label, "postbackData": suggestion.postback}
    if isinstance(suggestion, Reply):
        return {"reply": shown}
    if isinstance(suggestion, OpenLink):
        browser = {"url": suggestion.url, "application": "BROWSER", "description": suggestion.description}
        return {"action": shown | {"fallbackUrl": suggestion.url, "openUrlAction": browser}}
    if isinstance(suggestion, Dial):
        return {"action": shown | {"dialAction": {"phoneNumber": suggestion.phone}}}
    entry = {
        "startTime": _instant(suggestion.start),
        "endTime": _instant(suggestion.end),
        "title": suggestion.title,
        "description": suggestion.description,
    }
    return {"action": shown | {"createCalendarEventAction": entry}}


def _read(entry: Mapping[str, Any]) -> Suggestion:
    if "reply" in entry:
        return Reply(entry["reply"]["text"], entry["reply"]["postbackData"])
    action = entry["action"]
    label, data = action["text"], action["postbackData"]
    if "openUrlAction" in action:
        address = action["openUrlAction"]
        return OpenLink(label, data, address["url"], address.get("description", ""))
    if "dialAction" in action:
        return Dial(label, data, action["dialAction"]["phoneNumber"])
    event = action["createCalendarEventAction"]
    return Remind(
        label,
        data,
        _moment(event["startTime"]),
        _moment(event["endTime"]),
        event["title"],
        event["description"],
    )


@lru_cache(maxsize=64)
def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise RcsError("calendar_time", "a calendar time is an RFC 3339 instant") from error


def _check_text(what: str, text: str, longest: int) -> None:
    if text.isascii():
        units = len(text)
    else:
        try:
            units = len(text.encode("utf-16-le")) // 2
        except UnicodeEncodeError:
            raise RcsError(f"{what}_not_text", f"the {what} holds half a character") from None
    if units > longest:
        raise RcsError(f"{what}_too_long", f"the {what} has at most {longest} characters")


def _check_suggestion(label: str, data: str) -> None:
    if not label:
        raise RcsError("label_empty", "a suggestion needs a label")
    _check_text("label", label, LABEL_MAX)
    _check_postback(data)


def _check_postback(data: str) -> None:
    if not _POSTBACK.fullmatch(data):
        raise RcsError("postback", "a postback is letters and digits, in a multiple of four")
    _check_text("postback", data, POSTBACK_MAX)


def _check_address(url: str) -> None:
    """https only; the demonstration on one's own machine may do without."""
    _check_text("address", url, ADDRESS_MAX)
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise RcsError("address", "the address cannot be read") from error
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)):
        raise RcsError("address", "the address of a card starts with https://")
    if parts.username is not None or _SPACE.search(url):
        raise RcsError("address", "the address of a card holds neither a login nor spaces")


def _check_secrets(suggestions: tuple[Suggestion, ...]) -> None:
    """The part of a link after `#` is a secret: it stands in the link alone."""
    texts = [suggestion.postback for suggestion in suggestions]
    for suggestion in suggestions:
        if isinstance(suggestion, Remind):
            texts += [suggestion.title, suggestion.description]
    elsewhere = "\n".join(texts)
    for suggestion in suggestions:
        if isinstance(suggestion, OpenLink):
            secret = suggestion.url.partition("#")[2]
            if secret and secret in elsewhere:
                raise RcsError("secret_leaks", "the secret of a link stands in its link alone")
