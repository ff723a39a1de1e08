"""A pay office whose cards leave by an RCS agent: a double of the platform takes them, and calls the door as it would.

Texts leave by the simulator, so what a person got is on two screens: `shown` counts both.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from app.carriers.http.calls import CallbackRequest
from app.db.models import Batch, Message
from app.db.sending.connections import NewConnection
from app.usecases.carriers.add_connection import add_connection
from app.usecases.carriers.use_connection import use_connection
from app.web.callbacks.routes import take
from tests.pipeline import pipeline
from tests.rcs.conftest import EMAIL, Key
from tests.rcs.platform import Handset, Platform, platform
from tests.rcs.platform.state import Stored, World
from tests.stories.payroll import Employee, e164
from tests.stories.story import Clock, Story

CONNECTION = "google"
TOKEN = "SJENCPGJESMGUFPY"
AGENT = "demo-agent"


@cache
def key() -> Key:
    """Of the service account; making one takes a while."""
    return Key(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def key_file(**changes: Any) -> str:
    """What the platform's console hands out."""
    content = {
        "type": "service_account",
        "client_email": EMAIL,
        "private_key_id": "key-1",
        "private_key": key().private_pem,
        "token_uri": "https://elsewhere.example/token",
    }
    return json.dumps(content | changes)


def settings_of(google: Platform, **changes: Any) -> dict[str, Any]:
    """The settings of a connection to the double."""
    given = {
        "agent_id": AGENT,
        "region": "europe",
        "service_account": key_file(),
        "client_token": TOKEN,
        "address": google.base,
        "token_address": f"{google.base}/token",
    }
    return given | changes


def many(count: int) -> list[Employee]:
    """So many people, each with a number of their own."""
    return [
        Employee(
            f"{500_000 + at:08d}",
            "EXEMPLE",
            "Zoé",
            f"06 13 {at // 100:02d} {at % 100:02d} 10",
            f"M{at:03d}-QX7P",
        )
        for at in range(count)
    ]


@dataclass
class Agency:
    """`google` is the platform's side."""

    story: Story
    google: Platform

    def phones(self, *people: Employee, on: bool = True) -> None:
        """These take RCS; off, they get their cards later."""
        for one in people:
            self.google.world.handsets[e164(one.phone)] = Handset(on=on)

    def sent(self, *people: Employee, on: bool = True, rcs: bool = True) -> Batch:
        """A payroll, as far as the platform's answers."""
        if rcs:
            self.phones(*people, on=on)
        batch = self.story.upload(people)
        self.story.release(batch)
        self.story.pipeline.run()
        return batch

    def call(self, body: bytes, signature: str) -> bytes:
        """One call of the webhook, at the door."""
        headers = {"x-goog-signature": signature}
        request = CallbackRequest("", {}, (), headers, body)
        return take(self.story.rt, CONNECTION, "POST", request, "192.0.2.1")[0]

    def hear(self, *, times: int = 1) -> None:
        """Everything that happened at the platform since."""
        with self.google.world.lock:
            told, self.google.world.events = self.google.world.events, []
        for body, signature in told:
            for _ in range(times):
                self.call(body, signature)

    def minutes(self, count: float, *, step: float = 0.5) -> None:
        """Let time pass, with the timers and what people's phones and both networks do."""
        for _ in range(int(count / step)):
            self.story.clock.forward(minutes=step)
            self.hear()
            self.story.hear()
            self.story.timers()

    def card_of(self, message: Message) -> Stored:
        """The card at the platform."""
        (attempt,) = [one for one in self.story.attempts_of(message) if one.channel == "rcs"]
        return self.google.world.messages[str(attempt.id)]

    def tries(self, message: Message) -> list[tuple[str, str, str]]:
        """Channel, state and reason of every attempt."""
        return [(one.channel, one.state, one.reason) for one in self.story.attempts_of(message)]

    def texts(self, message: Message) -> int:
        """How many SMS left for it."""
        return sum(one.channel == "sms" for one in self.story.attempts_of(message))

    def now(self, message: Message) -> Message:
        """The message as it is now."""
        with self.story.rt.read() as session:
            return session.get_one(Message, message.id)

    def number(self, message: Message) -> str:
        """Whom it is for, E.164."""
        seals = self.story.rt.vault.columns
        return seals.open_column(message.organisation_id, "message", "to", message.id, message.to_sealed)

    def only(self, batch: Batch) -> Message:
        return self.story.only_message(batch)

    def messages(self, batch: Batch) -> Sequence[Message]:
        return list(self.story.messages_of(batch).values())


@contextmanager
def agency(folder: Path, *, database_url: str = "", **settings: Any) -> Iterator[Agency]:
    """An organisation whose agent leaves by the double."""
    clock = Clock()
    world = World(AGENT, TOKEN)
    with (
        platform(key().public_pem, EMAIL, world) as google,
        pipeline(folder, database_url=database_url, now=clock, **settings) as made,
    ):
        story = Story(made, clock, folder)
        google.leeway = 86_400.0  # stories move their clock
        given = json.dumps(settings_of(google))
        add_connection(story.rt, NewConnection(CONNECTION, "rcs", given, rate=100.0, channels=("rcs",)))
        assert use_connection(story.rt, story.id, CONNECTION, "", actor="operator") == ["Atelier Exemple"]
        yield Agency(story, google)
        story.check_journal()
