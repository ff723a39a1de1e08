"""A whole message: what it shows, what kind of traffic it is and how long it may wait for the phone."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from rcs.content import Content, cards_of, check_secrets, hosted_addresses
from rcs.limits import CHIPS_MAX, MESSAGE_BYTES_MAX, TTL_SECONDS, RcsError, check_count
from rcs.suggestions import OpenLink, Suggestion, is_way_out
from rcs.wire import read_content, write_content

TrafficType = Literal["AUTHENTICATION", "TRANSACTION", "PROMOTION", "SERVICEREQUEST", "ACKNOWLEDGEMENT"]
_TRAFFIC_TYPES: tuple[str, ...] = get_args(TrafficType)
_JSON = json.JSONEncoder(ensure_ascii=False)


@dataclass(frozen=True)
class AgentMessage:
    """What is sent to one phone. `ttl` is in seconds, 10 to 1,296,000 (15 days); `chips` are the suggestions under the
    message, beside those in its cards. Raises RcsError when it is made and the platform would refuse it, or when it is a
    promotion without a button that ends advertising (operators' charter of 2026)."""

    content: Content
    traffic_type: TrafficType
    ttl: int
    chips: tuple[Suggestion, ...] = ()

    def __post_init__(self) -> None:
        if self.traffic_type not in _TRAFFIC_TYPES:
            raise RcsError("traffic_type", f"the traffic type is one of {', '.join(_TRAFFIC_TYPES)}")
        lowest, highest = TTL_SECONDS
        check_count("ttl", "ttl", self.ttl, highest, lowest, "seconds")
        check_count("too_many_chips", "chips of a message", len(self.chips), CHIPS_MAX)
        if self.traffic_type == "PROMOTION" and not any(map(is_way_out, self.suggestions())):
            raise RcsError("no_way_out", "a message that advertises needs a button that ends advertising")
        check_secrets(self.content, self.suggestions())
        size = len(self.text.encode())
        check_count("message_too_large", "message", size, MESSAGE_BYTES_MAX, unit="bytes of JSON")

    @cached_property
    def text(self) -> str:
        """The JSON that is sent."""
        return _JSON.encode(self.body())

    def body(self) -> dict[str, Any]:
        """The request body as an object of its own."""
        return {
            "contentMessage": write_content(self.content, self.chips),
            "messageTrafficType": self.traffic_type,
            "ttl": f"{self.ttl}s",
        }

    def suggestions(self) -> Iterator[Suggestion]:
        """Every button and chip."""
        for card in cards_of(self.content):
            yield from card.suggestions
        yield from self.chips

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "AgentMessage":
        """The message of a request body. Fractions of a second of `ttl` are dropped. Raises RcsError."""
        try:
            content, chips = read_content(body["contentMessage"])
            ttl = int(float(body["ttl"].removesuffix("s")))
            return cls(content, body["messageTrafficType"], ttl, chips)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, RcsError):
                raise
            raise RcsError("unreadable", "the body is not a message with a traffic type and a ttl") from error


def check_addresses(message: AgentMessage, hosts: Collection[str], personal: Collection[str] = ()) -> None:
    """Whether the links and media of a message are at one of our own `hosts`, lead to a page and not to the document, and
    no address of media holds one of the `personal` values. Raises RcsError."""
    links = [suggestion.url for suggestion in message.suggestions() if isinstance(suggestion, OpenLink)]
    fetched = list(hosted_addresses(message.content))
    for url in links + fetched:
        parts = urlsplit(url)
        if parts.hostname not in hosts:
            raise RcsError("foreign_address", "the addresses of a message are on our own domain")
        if parts.path.lower().endswith(".pdf"):
            raise RcsError(
                "document_address", "a message leads to the page of a document, not to the document"
            )
    whole = "\n".join(fetched).casefold()
    if any(value and value.casefold() in whole for value in personal):
        raise RcsError("personal_media", "the address of media holds something personal")
