"""The buttons of a card and the chips under a message. Each checks itself when it is made and raises RcsError."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rcs.limits import (
    CALENDAR_DESCRIPTION_MAX,
    CALENDAR_TITLE_MAX,
    DESCRIPTION_MAX,
    LABEL_MAX,
    RcsError,
    check_address,
    check_postback,
    check_text,
)

_DIALLED = re.compile(r"[0-9+*#]+")
PostbackAction = Literal["open", "call", "remind", "not_for_me", "stop"]
Language = Literal["fr", "en"]
OpensIn = Literal["browser", "webview_full", "webview_half", "webview_tall", "default"]

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


@dataclass(frozen=True)
class OpenLink:
    """A button that opens `url`. `description` is read aloud by a screen reader.

    `opens_in` is the phone's browser, a part of the screen above the conversation, or `default` for a phone that
    cannot be told.
    """

    label: str
    postback: str
    url: str
    description: str
    opens_in: OpensIn = "browser"

    def __post_init__(self) -> None:
        _check_shown(self.label, self.postback)
        check_address(self.url)
        check_text("address_description", self.description, DESCRIPTION_MAX)


@dataclass(frozen=True)
class Dial:
    """A button that prepares a call to `phone`."""

    label: str
    postback: str
    phone: str

    def __post_init__(self) -> None:
        _check_shown(self.label, self.postback)
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
        _check_shown(self.label, self.postback)
        if not self.title:
            raise RcsError("calendar_title_empty", "a calendar entry needs a title")
        check_text("calendar_title", self.title, CALENDAR_TITLE_MAX)
        check_text("calendar_description", self.description, CALENDAR_DESCRIPTION_MAX)
        if self.start.tzinfo is None or self.end.tzinfo is None or self.start >= self.end:
            raise RcsError("calendar_time", "a calendar entry needs an aware start before its aware end")


@dataclass(frozen=True)
class Reply:
    """A button that answers `label`."""

    label: str
    postback: str

    def __post_init__(self) -> None:
        _check_shown(self.label, self.postback)


Suggestion = OpenLink | Dial | Remind | Reply


def postback(action: PostbackAction, token: str) -> str:
    """The opaque data of a button. Letters and digits in a multiple of four: right whether a platform reads it as
    text or as base64. Raises RcsError when the token does not allow that."""
    data = POSTBACK_PREFIX[action] + token
    check_postback(data)
    return data


def unsubscribe(language: Language, token: str) -> Reply:
    """The button that ends advertising. Raises RcsError as `postback` does."""
    return Reply(STOP_LABELS[language], postback("stop", token))


def is_way_out(suggestion: Suggestion) -> bool:
    """Whether tapping it ends advertising."""
    return suggestion.postback.startswith(POSTBACK_PREFIX["stop"])


def _check_shown(label: str, data: str) -> None:
    if not label:
        raise RcsError("label_empty", "a suggestion needs a label")
    check_text("label", label, LABEL_MAX)
    check_postback(data)
