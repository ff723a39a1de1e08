"""One message to one phone: made to fit the phone, repeated where that is safe, and never left between two outcomes."""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Final
from uuid import UUID

from rcs.capabilities import Capabilities
from rcs.client import Client
from rcs.degrade import needs, rungs
from rcs.limits import RcsError, check_phone
from rcs.message import AgentMessage, check_addresses
from rcs.outcomes import (
    Accepted,
    Capability,
    InDoubt,
    Invalid,
    NotPermitted,
    NotRevocable,
    Revoked,
    SendOutcome,
    Unauthorized,
    Unreachable,
)
from rcs.retries import Patience, pause

_DICE: Final = SystemRandom()
_REFUSED: Final = (Unreachable, NotPermitted, Invalid, Unauthorized)


@dataclass
class _Course:
    """What has happened to one message so far."""

    spent: float = 0.0
    doubt: InDoubt | None = None


class Messenger:
    """Sends for one agent. Links and media are at one of `hosts`; `wait` sleeps the seconds it is given, `spread` draws from
    0 to 1."""

    def __init__(
        self,
        client: Client,
        capabilities: Capabilities,
        hosts: Collection[str],
        patience: Patience,
        wait: Callable[[float], None] = time.sleep,
        spread: Callable[[], float] = _DICE.random,
    ) -> None:
        self._client = client
        self._capabilities = capabilities
        self._hosts = frozenset(hosts)
        self._patience = patience
        self._wait = wait
        self._spread = spread

    def submit(
        self, to: str, message_id: UUID, message: AgentMessage, now: datetime, *, again: bool = False
    ) -> SendOutcome:
        """Send one message. The same `message_id` may be submitted again at any time: the platform takes it once.

        The phone is asked what it can do unless that is remembered; when it does not take RCS nothing is sent. A body
        that was refused is never sent again: a simpler one is. `InDoubt` also stands for a doubt that later tries did
        not end. A message that was refused after a doubt is revoked, in case the doubtful try had come through; `again`
        says that there is a doubt from before this call. Raises
        RcsError, before any call, for a number that is not E.164 and as `check_addresses` does.
        """
        check_phone(to)
        check_addresses(message, self._hosts, personal=(to.removeprefix("+"),))
        features: frozenset[str] | None = None
        course = _Course(doubt=InDoubt("an earlier call gave no answer") if again else None)
        if needs(message):
            told = self._capabilities.of(to, now)
            if isinstance(told, Capability):
                if not told.reachable:
                    return self._settled(to, message_id, Unreachable(), now, course)
                features = told.features
        outcome: SendOutcome = Invalid("the phone lacks a feature, and the message cannot do without")
        for rung in _made(message, features):
            outcome = self._send(to, message_id, rung, now, course)
            if not isinstance(outcome, Invalid):
                break
        if isinstance(outcome, Unreachable):
            self._capabilities.learn(to, Capability(False), now)
        return self._settled(to, message_id, outcome, now, course)

    def _send(
        self, to: str, message_id: UUID, message: AgentMessage, now: datetime, course: _Course
    ) -> SendOutcome:
        tries = 0
        while True:
            tries += 1
            began = time.monotonic()
            outcome = self._client.send(to, message_id, message, now + timedelta(seconds=course.spent))
            course.spent += time.monotonic() - began
            if isinstance(outcome, InDoubt):
                course.doubt = outcome
            seconds = pause(outcome, tries, course.spent, self._spread(), self._patience)
            if seconds is None:
                return outcome
            self._wait(seconds)
            course.spent += seconds

    def _settled(
        self, to: str, message_id: UUID, outcome: SendOutcome, now: datetime, course: _Course
    ) -> SendOutcome:
        if course.doubt is None or isinstance(outcome, Accepted):
            return outcome
        if not isinstance(outcome, _REFUSED):
            return course.doubt
        revoked = self._client.revoke(to, message_id, now + timedelta(seconds=course.spent))
        return outcome if isinstance(revoked, Revoked | NotRevocable) else course.doubt


def _made(message: AgentMessage, features: frozenset[str] | None) -> Iterator[AgentMessage]:
    """The rungs that can be made; a message whose links fit no text has fewer."""
    try:
        yield from rungs(message, features)
    except RcsError:
        return
