"""The simulated phones as their pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.carriers.simulated.numbers import MAGIC_NUMBERS, MagicNumber
from app.carriers.simulated.phones import Phone, PhoneAct, PhoneMessage
from app.web.texts import Language
from rcs.cards import OpenLink


@dataclass(frozen=True)
class ButtonView:
    """A button of a card. With a `url` it opens that; the others are tapped by `position`."""

    label: str
    position: int
    url: str


@dataclass(frozen=True)
class CardView:
    """A rich card."""

    title: str
    description: str
    buttons: tuple[ButtonView, ...]


@dataclass(frozen=True)
class MessageView:
    """One message. `from_phone` is what the person wrote, or with `act` what the phone did at a tap; `text` is empty once
    it was erased."""

    id: UUID
    from_phone: bool
    channel: str
    sender: str
    at: datetime
    read: bool
    text: str
    card: CardView | None
    erased: bool
    act: PhoneAct | None


@dataclass(frozen=True)
class HandsetView:
    """One phone with its messages, oldest first. `name` is the person's to whom it belongs, empty for nobody known;
    `waiting` are on their way to it; `magic` says how it misbehaves;
    `answers_to` is the sender that an answer goes to, empty while nobody wrote."""

    id: UUID
    phone: str
    name: str
    powered: bool
    rcs: bool
    magic: str
    waiting: int
    unread: int
    older: int
    answers_to: str
    messages: tuple[MessageView, ...]


@dataclass(frozen=True)
class MagicView:
    """The last digits of a number and what they cause."""

    suffix: str
    text: str


def handset_view(phone: Phone, lang: Language, shown: int, name: str) -> HandsetView:
    """A phone with its latest `shown` messages, and whose it is."""
    summary, latest = phone.summary, phone.messages[:shown]
    return HandsetView(
        id=summary.id,
        phone=summary.number,
        name=name,
        powered=summary.powered,
        rcs=summary.rcs,
        magic=_sentence(summary.magic, lang) if summary.magic else "",
        waiting=summary.waiting,
        unread=summary.unread,
        older=len(phone.messages) - len(latest),
        answers_to=next((message.sender for message in phone.messages if message.incoming), ""),
        messages=tuple(_message_view(message) for message in reversed(latest)),
    )


def legend(lang: Language) -> Sequence[MagicView]:
    """Every magic number."""
    return [MagicView(magic.suffix, _sentence(magic, lang)) for magic in MAGIC_NUMBERS]


def _message_view(message: PhoneMessage) -> MessageView:
    card = None
    if message.card is not None:
        buttons = tuple(
            ButtonView(suggestion.label, at, suggestion.url if isinstance(suggestion, OpenLink) else "")
            for at, suggestion in enumerate(message.card.suggestions)
        )
        card = CardView(message.card.title, message.card.description, buttons)
    return MessageView(
        id=message.id,
        from_phone=not message.incoming,
        channel=message.channel,
        sender=message.sender,
        at=message.at,
        read=message.read_at is not None,
        text=message.text,
        card=card,
        erased=message.erased,
        act=message.act,
    )


def _sentence(magic: MagicNumber, lang: Language) -> str:
    return magic.fr if lang == "fr" else magic.en
