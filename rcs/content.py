"""What a message shows: a card, a carousel of cards, or a text. Each checks itself when it is made and raises RcsError."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from rcs.limits import (
    CAROUSEL_CARDS,
    DESCRIPTION_MAX,
    IMAGE_ENDINGS,
    SUGGESTIONS_MAX,
    TEXT_MAX,
    TITLE_MAX,
    RcsError,
    check_count,
    check_media_address,
    check_text,
)
from rcs.suggestions import OpenLink, Remind, Suggestion

Height = Literal["SHORT", "MEDIUM", "TALL"]
ImageSide = Literal["LEFT", "RIGHT"]
CardWidth = Literal["SMALL", "MEDIUM"]
# The public part of a link is never shorter; a path such as `/o` is no name of anybody.
_SHORTEST_REF = 6


@dataclass(frozen=True)
class HostedFile:
    """A picture or film the platform fetches from `url`, and a small picture shown before it is loaded. Both addresses
    are public and kept for 60 days, so they hold nothing of the message."""

    url: str
    thumbnail_url: str = ""

    def __post_init__(self) -> None:
        check_media_address(self.url)
        if self.thumbnail_url:
            check_media_address(self.thumbnail_url, IMAGE_ENDINGS)


@dataclass(frozen=True)
class UploadedFile:
    """A picture or film the platform already has, by the name it gave: `files/...`."""

    name: str
    thumbnail_name: str = ""

    def __post_init__(self) -> None:
        for name in filter(None, (self.name, self.thumbnail_name)):
            if not name.startswith("files/"):
                raise RcsError("uploaded_file", "an uploaded file is named files/...")
        if not self.name:
            raise RcsError("uploaded_file", "an uploaded file has a name")


@dataclass(frozen=True)
class Media:
    """What a card shows above or beside its words. SHORT is 112 DP, MEDIUM 168, TALL 264."""

    file: HostedFile | UploadedFile
    height: Height = "MEDIUM"

    def __post_init__(self) -> None:
        _check_choice("media_height", self.height, Height)


@dataclass(frozen=True)
class Card:
    """A card. Its media stand above the words, or at `image_side` when it is given (then their height is ignored)."""

    title: str
    description: str
    suggestions: tuple[Suggestion, ...] = ()
    media: Media | None = None
    image_side: ImageSide | None = None

    def __post_init__(self) -> None:
        if self.media is None and not (self.title + self.description).strip():
            raise RcsError("empty_card", "a card needs a title, a description or media")
        if self.image_side is not None:
            _check_choice("image_side", self.image_side, ImageSide)
        if self.image_side and self.media is None:
            raise RcsError("image_side", "a card without media has no side for them")
        check_text("title", self.title, TITLE_MAX)
        check_text("description", self.description, DESCRIPTION_MAX)
        check_count("too_many_suggestions", "suggestions of a card", len(self.suggestions), SUGGESTIONS_MAX)


@dataclass(frozen=True)
class Carousel:
    """Two to ten cards side by side."""

    cards: tuple[Card, ...]
    width: CardWidth = "MEDIUM"

    def __post_init__(self) -> None:
        _check_choice("card_width", self.width, CardWidth)
        lowest, highest = CAROUSEL_CARDS
        check_count("carousel_cards", "cards of a carousel", len(self.cards), highest, lowest)
        for card in self.cards:
            if card.image_side:
                raise RcsError("image_side", "the cards of a carousel have their media above the words")
            if card.media and card.media.height == "TALL":
                raise RcsError("media_height", "media of a carousel are SHORT or MEDIUM")


@dataclass(frozen=True)
class Text:
    """Words alone. Addresses in it are made links by the phone."""

    text: str

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise RcsError("empty_text", "a text message says something")
        check_text("text", self.text, TEXT_MAX)


Content = Card | Carousel | Text


def cards_of(content: Content) -> tuple[Card, ...]:
    """The cards in it, none in a text."""
    match content:
        case Card():
            return (content,)
        case Carousel():
            return content.cards
        case Text():
            return ()


def hosted_addresses(content: Content) -> Iterator[str]:
    """The addresses the platform fetches."""
    for card in cards_of(content):
        if card.media and isinstance(card.media.file, HostedFile):
            yield card.media.file.url
            yield from filter(None, [card.media.file.thumbnail_url])


def check_secrets(content: Content, suggestions: Iterable[Suggestion]) -> None:
    """The part of a link after `#` is a secret, and the name before it is the recipient's: neither stands in what is
    shared, fetched or sent back. Raises RcsError."""
    every = tuple(suggestions)
    kept = [suggestion.postback for suggestion in every]
    for suggestion in every:
        if isinstance(suggestion, Remind):
            kept += [suggestion.title, suggestion.description]
    elsewhere, fetched = "\n".join(kept), "\n".join(hosted_addresses(content))
    for suggestion in every:
        if isinstance(suggestion, OpenLink):
            parts = urlsplit(suggestion.url)
            if parts.fragment and (parts.fragment in elsewhere or parts.fragment in fetched):
                raise RcsError("secret_leaks", "the secret of a link stands in its link alone")
            ref = parts.path.rpartition("/")[2]
            if len(ref) >= _SHORTEST_REF and ref in fetched:
                raise RcsError("personal_media", "the address of media holds the name of a link")


def _check_choice(field: str, value: str, choices: Any) -> None:
    if value not in get_args(choices):
        raise RcsError(field, f"{field} is one of {', '.join(get_args(choices))}")
