"""The same message for a phone that can do less.

The platform refuses a message with a feature the phone lacks and delivers nothing, so what a phone cannot show is left
out before it is sent, and never the link: without a card, or without a button for it, the link stands in a text.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from rcs.content import Card, Carousel, Content, Text, cards_of
from rcs.limits import CHIPS_MAX, TEXT_MAX, length
from rcs.message import AgentMessage
from rcs.suggestions import Dial, OpenLink, Remind, Suggestion, is_way_out

STANDALONE: Final = "RICHCARD_STANDALONE"
CAROUSEL: Final = "RICHCARD_CAROUSEL"
OPEN_URL: Final = "ACTION_OPEN_URL"
WEBVIEW: Final = "ACTION_OPEN_URL_IN_WEBVIEW"
DIAL: Final = "ACTION_DIAL"
CALENDAR: Final = "ACTION_CREATE_CALENDAR_EVENT"
# What a phone of RCS that tells nothing can do in all likelihood, and what every one of them can.
PLAIN_CARD: Final = frozenset({STANDALONE, OPEN_URL})
NOTHING: Final[frozenset[str]] = frozenset()
_ELLIPSIS: Final = "…"


def needs(message: AgentMessage) -> frozenset[str]:
    """The features a phone must have to be sent this message."""
    return frozenset(_needs(message))


def degrade(message: AgentMessage, features: frozenset[str]) -> AgentMessage:
    """The message with nothing a phone of these features lacks: itself when it lacks nothing.

    Buttons it cannot act on are left out; links lose the application they open in; a card or carousel it cannot draw
    becomes a text of its titles, words and links, with the other buttons as chips. Words that do not fit are cut, links
    never. Raises RcsError when no text can be made: the links alone are too long, or there are no words and no link.
    """
    if needs(message) <= features:
        return message
    chips = tuple(_kept(message.chips, features))
    content = message.content
    links_stay = OPEN_URL in features or not _links(message)
    match content:
        case Card() if STANDALONE in features and links_stay:
            return replace(message, content=_card(content, features), chips=chips)
        case Carousel() if CAROUSEL in features and links_stay:
            cards = tuple(_card(card, features) for card in content.cards)
            return replace(message, content=replace(content, cards=cards), chips=chips)
        case Text(text):
            missing = [] if links_stay else [link.url for link in _links(message) if link.url not in text]
            return replace(message, content=_text([(text, missing)]), chips=chips)
        case _:
            return _as_text(message, content, features)


def rungs(message: AgentMessage, features: frozenset[str] | None) -> Iterator[AgentMessage]:
    """What to send, and what to send after each refusal for a feature that is lacking: no two are the same, the last is a
    text with the link. `features` is None when the phone told nothing. Raises RcsError as `degrade` does."""
    sent: list[AgentMessage] = []
    known = message if features is None else degrade(message, features)
    for rung in (known, degrade(known, PLAIN_CARD), degrade(known, NOTHING)):
        if rung not in sent:
            sent.append(rung)
            yield rung


def _needs(message: AgentMessage) -> Iterator[str]:
    match message.content:
        case Card():
            yield STANDALONE
        case Carousel():
            yield CAROUSEL
        case Text():
            pass
    for suggestion in message.suggestions():
        yield from _needed_by(suggestion)


def _needed_by(suggestion: Suggestion) -> Iterator[str]:
    match suggestion:
        case OpenLink(opens_in="default"):
            yield OPEN_URL
        case OpenLink():
            yield OPEN_URL
            yield WEBVIEW
        case Dial():
            yield DIAL
        case Remind():
            yield CALENDAR
        case _:
            return


def _kept(suggestions: Iterable[Suggestion], features: frozenset[str]) -> Iterator[Suggestion]:
    for suggestion in suggestions:
        if isinstance(suggestion, OpenLink) and WEBVIEW not in features:
            suggestion = replace(suggestion, opens_in="default")
        if features.issuperset(_needed_by(suggestion)):
            yield suggestion


def _card(card: Card, features: frozenset[str]) -> Card:
    return replace(card, suggestions=tuple(_kept(card.suggestions, features)))


def _links(message: AgentMessage) -> list[OpenLink]:
    return [suggestion for suggestion in message.suggestions() if isinstance(suggestion, OpenLink)]


def _as_text(message: AgentMessage, content: Content, features: frozenset[str]) -> AgentMessage:
    """A text. A way out comes first, and the chips of the message before the buttons of its cards: the last are cut."""
    parts = []
    for card in cards_of(content):
        words = "\n".join(filter(None, (card.title, card.description)))
        parts.append((words, [button.url for button in card.suggestions if isinstance(button, OpenLink)]))
    below = [chip.url for chip in message.chips if isinstance(chip, OpenLink)]
    if below:
        parts.append(("", below))
    others = [one for one in (*message.chips, *_buttons(content)) if not isinstance(one, OpenLink)]
    others.sort(key=is_way_out, reverse=True)
    chips = tuple(_kept(dict.fromkeys(others), features))[:CHIPS_MAX]
    return replace(message, content=_text(parts), chips=chips)


def _buttons(content: Content) -> Iterator[Suggestion]:
    for card in cards_of(content):
        yield from card.suggestions


def _text(parts: list[tuple[str, list[str]]]) -> Text:
    """Each part is words with their links below them; the words are cut where the whole is too long."""
    shown = [(words, list(dict.fromkeys(links))) for words, links in parts if words or links]
    room = TEXT_MAX - sum(length("\n".join(("", *links))) for _, links in shown) - 2 * len(shown)
    blocks = []
    for at, (words, links) in enumerate(shown):
        cut = _cut(words, max(0, room // (len(shown) - at)))
        room -= length(cut)
        blocks.append("\n".join(filter(None, (cut, *links))))
    return Text("\n\n".join(blocks))


def _cut(words: str, longest: int) -> str:
    """At a space where there is one."""
    if length(words) <= longest:
        return words
    while words and length(words) + 1 > longest:
        head, _, _ = words.rpartition(" ")
        words = head or words[:-1]
    return words.rstrip() + _ELLIPSIS if words.strip() else ""
