"""Messages as tests want them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rcs.cards import (
    AgentMessage,
    Card,
    Carousel,
    Content,
    HostedFile,
    Media,
    OpenLink,
    Remind,
    Reply,
    Suggestion,
    UploadedFile,
    document_card,
)

LINK = "https://d.example.fr/7K3MQ2X9#s3cretS3cretS3cret"
NINE = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
COVER = Media(
    HostedFile("https://d.example.fr/rcs/cover-3.png", "https://d.example.fr/rcs/cover-3-thumb.png")
)


def announcement(**changes: Any) -> Card:
    """A document waits."""
    parts: dict[str, Any] = {
        "language": "fr",
        "sender_name": "Atelier Exemple",
        "title": "Un document vous attend",
        "description": "Atelier Exemple vous a déposé un document, disponible jusqu’au 30/12/2026.",
        "link": LINK,
        "ref": "7K3MQ2X9",
        "phone": "+33180000000",
        "remind_at": NINE,
    }
    return document_card(**(parts | changes))


def reply(label: str = "Oui", data: str = "b3Bl") -> Reply:
    return Reply(label, data)


def remind(**changes: Any) -> Remind:
    parts: dict[str, Any] = {
        "label": "Me le rappeler",
        "postback": "date7K3MQ2X9",
        "start": NINE,
        "end": NINE + timedelta(minutes=15),
        "title": "Lire",
        "description": "Le lien est dans le message.",
    }
    return Remind(**(parts | changes))


def open_link(url: str = LINK, **changes: Any) -> OpenLink:
    parts: dict[str, Any] = {
        "label": "Ouvrir",
        "postback": "open7K3MQ2X9",
        "description": "Ouvrir le document",
    }
    return OpenLink(url=url, **(parts | changes))


def carousel(count: int = 2, **changes: Any) -> Carousel:
    card = Card("Offre", "Jusqu’au 31", (open_link("https://d.example.fr/c/9"), reply()), COVER)
    return Carousel((card,) * count, **changes)


def uploaded() -> Media:
    return Media(UploadedFile("files/abc", "files/def"))


def message(
    content: Content | None = None, chips: tuple[Suggestion, ...] = (), ttl: int = 900, **changes: Any
) -> AgentMessage:
    return AgentMessage(content or announcement(), changes.get("traffic", "TRANSACTION"), ttl, chips)
