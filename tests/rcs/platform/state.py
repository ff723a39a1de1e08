"""What the platform knows: phones, messages, tokens, and the events it has to tell."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock
from typing import Any, Literal
from uuid import uuid4

from rcs.webhook import sign

ALL_FEATURES = frozenset(
    {
        "RICHCARD_STANDALONE",
        "RICHCARD_CAROUSEL",
        "ACTION_CREATE_CALENDAR_EVENT",
        "ACTION_DIAL",
        "ACTION_OPEN_URL",
        "ACTION_SHARE_LOCATION",
        "ACTION_VIEW_LOCATION",
        "ACTION_OPEN_URL_IN_WEBVIEW",
    }
)
_ACTIONS = {
    "openUrlAction": "ACTION_OPEN_URL",
    "dialAction": "ACTION_DIAL",
    "createCalendarEventAction": "ACTION_CREATE_CALENDAR_EVENT",
}


@dataclass(frozen=True)
class Request:
    """A call as it came, and what it was answered. `at` is on the clock of time.monotonic."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    at: float
    status: int

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass
class Handset:
    """A phone that takes RCS. Off, it gets its messages later."""

    features: frozenset[str] = ALL_FEATURES
    on: bool = True


@dataclass
class Stored:
    """A message the platform took. `shown` counts how often a person saw it arrive: more than once is a fault of ours."""

    id: str
    phone: str
    body: dict[str, Any]
    state: Literal["waiting", "delivered", "revoked", "expired"] = "waiting"
    shown: int = 0


@dataclass
class World:
    """Phones and messages of one agent. Everything here may be called from any thread."""

    agent_id: str
    client_token: str
    handsets: dict[str, Handset] = field(default_factory=dict)
    messages: dict[str, Stored] = field(default_factory=dict)
    # Events in the order in which they happened, each as the body and the signature of a call to the webhook.
    events: list[tuple[bytes, str]] = field(default_factory=list)
    # The next revocation says 200, and the phone shows the message all the same.
    revoked_too_late: bool = False
    lock: RLock = field(default_factory=RLock)

    def take(self, message_id: str, phone: str, body: dict[str, Any]) -> None:
        """A message, once for each id."""
        with self.lock:
            if message_id in self.messages:
                return
            self.messages[message_id] = Stored(message_id, phone, body)
            if self.handsets[phone].on:
                self.deliver(message_id)

    def deliver(self, message_id: str) -> None:
        """The phone shows it."""
        with self.lock:
            stored = self.messages[message_id]
            stored.state = "delivered"
            stored.shown += 1
            self.happen(eventType="DELIVERED", messageId=message_id, senderPhoneNumber=stored.phone)

    def switch_on(self, phone: str) -> None:
        """The phone gets what waited for it."""
        with self.lock:
            self.handsets[phone].on = True
            for stored in self.messages.values():
                if stored.phone == phone and stored.state == "waiting":
                    self.deliver(stored.id)

    def read(self, message_id: str) -> None:
        """The person looks at it."""
        self.happen(eventType="READ", messageId=message_id, senderPhoneNumber=self.messages[message_id].phone)

    def revoke(self, message_id: str) -> bool:
        """Whether it was taken back: not when it was delivered, expired or never there."""
        with self.lock:
            stored = self.messages.get(message_id)
            if stored is None or stored.state != "waiting":
                return False
            stored.state = "revoked"
            if self.revoked_too_late:
                self.revoked_too_late = False
                self.deliver(message_id)
            return True

    def expire(self, message_id: str, *, revoked: bool = True) -> None:
        """The lifetime of a message ends; the platform says whether it could take it back."""
        with self.lock:
            stored = self.messages[message_id]
            if stored.state == "waiting" and revoked:
                stored.state = "expired"
            kind = "TTL_EXPIRATION_REVOKED" if revoked else "TTL_EXPIRATION_REVOKE_FAILED"
            self.happen(eventType=kind, messageId=message_id, phoneNumber=stored.phone)

    def tap(self, phone: str, postback: str, text: str, kind: str = "ACTION") -> None:
        """A button of a message."""
        response = {"postbackData": postback, "text": text, "type": kind}
        self.happen(senderPhoneNumber=phone, suggestionResponse=response)

    def say(self, phone: str, text: str) -> None:
        """A message of a person."""
        self.happen(senderPhoneNumber=phone, messageId=str(uuid4()), text=text)

    def unsubscribe(self, phone: str) -> None:
        """The switch in the phone's own menu."""
        self.happen(senderPhoneNumber=phone, eventType="UNSUBSCRIBE")

    def happen(self, **event: Any) -> None:
        """Any event, with the ids and the instant the platform adds."""
        sent = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        whole = {"eventId": str(uuid4()), "agentId": self.agent_id, "sendTime": sent, **event}
        with self.lock:
            self.events.append(self.signed(whole))

    def signed(self, event: dict[str, Any]) -> tuple[bytes, str]:
        """An event in its envelope, and the signature of its data."""
        data = json.dumps(event).encode()
        message = {
            "attributes": {"business_id": f"{self.agent_id}@rbm.goog", "product": "RBM"},
            "data": base64.b64encode(data).decode(),
            "messageId": str(uuid4().int)[:17],
            "publishTime": event.get("sendTime", ""),
        }
        body = json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()
        return body, sign(data, self.client_token)


def features_of(body: dict[str, Any]) -> Iterator[str]:
    """The features a phone must have to be sent this message."""
    content = body["contentMessage"]
    rich = content.get("richCard", {})
    if "standaloneCard" in rich:
        yield "RICHCARD_STANDALONE"
    if "carouselCard" in rich:
        yield "RICHCARD_CAROUSEL"
    cards = rich.get("carouselCard", {}).get("cardContents", [])
    cards = [*cards, rich.get("standaloneCard", {}).get("cardContent", {})]
    for suggestion in [
        *content.get("suggestions", []),
        *(one for card in cards for one in card.get("suggestions", [])),
    ]:
        action = suggestion.get("action", {})
        yield from (feature for name, feature in _ACTIONS.items() if name in action)
        if action.get("openUrlAction", {}).get("application") == "WEBVIEW":
            yield "ACTION_OPEN_URL_IN_WEBVIEW"
