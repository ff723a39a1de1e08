"""What is to be sent over a link, and what becomes of it."""

import asyncio
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from app.messaging.timing.throttle import is_late


class Fate(Enum):
    """What became of a submission: taken, refused for good, refused for now, perhaps taken, certainly not sent; not sent
    because it could not leave in its slot."""

    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"
    DOUBT = "doubt"
    UNSENT = "unsent"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the SMSC made of a submission. `message_id` is its own id, `status` the number of a refusal. `left` is when it
    was written to the link for the last time, in seconds of `time.monotonic`; 0 when it never was."""

    fate: Fate
    status: int = 0
    message_id: str = ""
    left: float = 0.0


class Outgoing(NamedTuple):
    """A submit_sm body with a key for a late answer. It leaves at `slot` (seconds of `time.monotonic`) or not at all;
    without a slot as soon as it can. One that `follows` is the next part of the message before it, and shares its fate."""

    key: object
    body: bytes
    slot: float | None = None
    follows: bool = False


class Batch:
    """Submissions made together: their answers come together."""

    def __init__(self, size: int, loop: asyncio.AbstractEventLoop) -> None:
        self.done: asyncio.Future[list[Answer]] = loop.create_future()
        self._answers: list[Answer | None] = [None] * size
        self._left = size

    def put(self, index: int, answer: Answer) -> None:
        """Note one answer."""
        self._answers[index] = answer
        self._left -= 1
        if self._left == 0 and not self.done.done():
            self.done.set_result([one for one in self._answers if one is not None])


class Submission:
    """One of a batch. `first` is the first part of its message, `order` the place in the queue."""

    __slots__ = (
        "batch",
        "first",
        "give_up_at",
        "index",
        "left",
        "missed",
        "order",
        "sent_at",
        "tries",
        "what",
    )

    def __init__(
        self, what: Outgoing, batch: Batch, index: int, give_up_at: float, before: "Submission | None"
    ) -> None:
        self.what, self.batch, self.index, self.give_up_at = what, batch, index, give_up_at
        self.first: Submission = before.first if before is not None and what.follows else self
        self.order: float = self.first.order if self.first is not self else (what.slot or 0.0)
        self.sent_at = self.left = 0.0
        self.tries = 0
        self.missed = False

    def misses(self, clock: float) -> bool:
        """Whether its slot is over and nothing of its message was sent."""
        slot = self.what.slot
        if self.first is self and slot is not None and not self.left:
            self.missed = is_late(slot, clock)
        return self.first.missed

    def end(self, fate: Fate, status: int = 0, message_id: str = "") -> None:
        """Note what became of it."""
        self.batch.put(self.index, Answer(fate, status, message_id, self.left))
