"""The messages Pli makes, and every name a caller needs to make one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rcs.content import Card, Carousel, Content, HostedFile, Media, Text, UploadedFile
from rcs.limits import OutOfRange, RcsError
from rcs.message import AgentMessage, TrafficType, check_addresses
from rcs.suggestions import (
    LABELS,
    POSTBACK_PREFIX,
    STOP_LABELS,
    Dial,
    Language,
    OpenLink,
    PostbackAction,
    Remind,
    Reply,
    Suggestion,
    postback,
    unsubscribe,
)
from rcs.wire import read_content

__all__ = [
    "LABELS",
    "POSTBACK_PREFIX",
    "STOP_LABELS",
    "AgentMessage",
    "Card",
    "Carousel",
    "Content",
    "Dial",
    "HostedFile",
    "Language",
    "Media",
    "OpenLink",
    "OutOfRange",
    "PostbackAction",
    "RcsError",
    "Remind",
    "Reply",
    "Suggestion",
    "Text",
    "TrafficType",
    "UploadedFile",
    "agent_message_text",
    "check_addresses",
    "document_card",
    "postback",
    "read_agent_message",
    "text_card",
    "to_agent_message",
    "unsubscribe",
]

REMINDER = timedelta(minutes=15)
REMINDERS: dict[Language, tuple[str, str]] = {
    "fr": ("Lire mon document", "Le lien est dans le message envoyé par {sender}."),
    "en": ("Read my document", "The link is in the message sent by {sender}."),
}


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
    media: Media | None = None,
) -> Card:
    """The card that announces a document: open it, call the sender, be reminded, or say "not for me".

    `link` is the whole sealed link, secret included; `ref` its public part, which the postbacks carry. `phone`,
    `remind_at` (a moment before the link expires) and `media` are left out when None. Raises RcsError.
    """
    labels = LABELS[language]
    suggestions: list[Suggestion] = [OpenLink(labels["open"], postback("open", ref), link, labels["open"])]
    if phone is not None:
        suggestions.append(Dial(labels["call"], postback("call", ref), phone))
    if remind_at is not None:
        entry, where = REMINDERS[language]
        end = remind_at + REMINDER
        told = where.format(sender=sender_name)
        suggestions.append(Remind(labels["remind"], postback("remind", ref), remind_at, end, entry, told))
    suggestions.append(Reply(labels["not_for_me"], postback("not_for_me", ref)))
    return Card(title, description, tuple(suggestions), media)


def text_card(language: Language, title: str, description: str, token: str, *, can_stop: bool) -> Card:
    """A card of words alone. `can_stop` gives it the button that ends advertising, whose postback carries `token`:
    letters and digits in a multiple of four. Raises RcsError."""
    return Card(title, description, (unsubscribe(language, token),) if can_stop else ())


def to_agent_message(content: Content, traffic_type: TrafficType, ttl: int) -> dict[str, Any]:
    """The request body of a message without chips. `ttl` is in seconds. Raises RcsError as AgentMessage does."""
    return AgentMessage(content, traffic_type, ttl).body()


def agent_message_text(content: Content, traffic_type: TrafficType, ttl: int) -> str:
    """`to_agent_message` as the JSON text that is sent."""
    return AgentMessage(content, traffic_type, ttl).text


def read_agent_message(body: Mapping[str, Any]) -> Card:
    """The card of a request body, as a phone draws it. Raises RcsError when there is no standalone card in it, or when
    the card is over a limit."""
    try:
        content, _ = read_content(body["contentMessage"])
    except (KeyError, TypeError) as error:
        raise RcsError("unreadable", "the body holds no message") from error
    if not isinstance(content, Card):
        raise RcsError("not_a_card", "the body holds no standalone card")
    return content
