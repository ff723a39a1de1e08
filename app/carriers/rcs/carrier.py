"""A `Carrier` over Google RCS for Business.

The id of the attempt is the id of the message at the platform, which takes an id once: a doubt is asked about again with
the same one. A phone that takes no RCS and an agent that may not send to it end in the SMS at once; a body that was refused
to its simplest form as well. What may have been taken never opens the second channel by itself.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

import httpx

from app.carriers.base import (
    Accepted,
    CarrierError,
    Channel,
    Refused,
    Remark,
    RevokeOutcome,
    Submission,
    is_addressable,
)
from app.carriers.gate import Gate
from app.carriers.rcs.checking import check_agent, check_phone
from app.carriers.rcs.settings import RcsSettings
from app.core.log import fields
from rcs import outcomes
from rcs.capabilities import Capabilities, MemoryCache, Pace
from rcs.cards import AgentMessage, RcsError
from rcs.client import Client
from rcs.limits import TTL_SECONDS
from rcs.messenger import Messenger
from rcs.retries import Patience
from rcs.token import TokenSource

# A call holds one of the run's threads; what takes longer is asked again by the run itself, with the same id.
PATIENCE: Final = Patience(tries=3, first=0.5, seconds=4.0)

log = logging.getLogger(__name__)


class RcsCarrier:
    """One agent. Links and pictures of its messages are at one of `hosts`; the platform calls `callback`."""

    channels: frozenset[Channel] = frozenset({"rcs"})
    idempotent = True

    def __init__(
        self,
        name: str,
        settings: RcsSettings,
        hosts: Collection[str],
        callback: str,
        http: httpx.Client,
        now: Callable[[], datetime],
    ) -> None:
        self.name = name
        self._settings = settings
        self._callback = callback
        self._http = http
        self._now = now
        self._gate = Gate(name, http)
        self._tokens = TokenSource(settings.key_file.account, settings.signer, settings.addresses.token, http)
        self._client = Client(settings.agent_id, settings.addresses, self._tokens, http)
        self._capabilities = Capabilities(self._client, MemoryCache(), Pace())
        self._messenger = Messenger(self._client, self._capabilities, hosts, PATIENCE)

    def submit(self, submission: Submission, now: datetime) -> Accepted | Refused:
        """Hand a card over. Refusals: `no_rcs`, `bad_card`, `unknown_number`. Raises CarrierError."""
        if not is_addressable(submission.to):
            return Refused("unknown_number")
        with self._gate.open():
            try:
                lowest, highest = TTL_SECONDS
                ttl = min(max(submission.ttl_seconds, lowest), highest)
                message = replace(AgentMessage.read(submission.card or {}), ttl=ttl)
                outcome = self._messenger.submit(
                    submission.to, submission.attempt_id, message, now, again=submission.again
                )
            except RcsError as error:
                log.error("a card cannot be sent", extra=fields(carrier=self.name, code=error.code))
                return Refused("bad_card")
        return self._read(outcome)

    def revoke(self, attempt_id: UUID, to: str, now: datetime) -> RevokeOutcome:
        """Ask the platform not to show a card any more. `unknown` after any failure: asking again is safe."""
        with self._gate.open():
            outcome = self._client.revoke(to, attempt_id, now)
        match outcome:
            case outcomes.Revoked():
                return "revoked"
            case outcomes.NotRevocable():
                return "already_delivered"
            case _:
                return "unknown"

    def reaches_rcs(self, organisation_id: UUID, to: str) -> bool | None:  # noqa: ARG002
        """What the platform says of the phone, remembered for a day."""
        with self._gate.open():
            told = self._capabilities.of(to, self._now())
        return told.reachable if isinstance(told, outcomes.Capability) else None

    def check(self, now: datetime) -> Iterator[Remark]:
        """Credentials, agent and webhook, in this order; no message is sent."""
        return check_agent(self._settings, self._client, self._tokens, self._callback, self._http, now)

    def check_phone(self, to: str, now: datetime, *, invite: bool) -> Iterator[Remark]:
        """Whether a test phone would get a card; `invite` asks its owner to become a tester when it would not."""
        return check_phone(self._client, to, now, invite=invite)

    def close(self) -> None:
        """Give the connections back when the last call has its answer."""
        self._gate.close()

    def _read(self, outcome: outcomes.SendOutcome) -> Accepted | Refused:
        match outcome:
            case outcomes.Accepted(message_id):
                return Accepted(str(message_id))
            case outcomes.Unreachable():
                return Refused("no_rcs")
            case outcomes.NotPermitted():
                log.error("the platform does not let this agent send", extra=fields(carrier=self.name))
                return Refused("no_rcs")
            case outcomes.Invalid():
                log.error("the platform refused a card", extra=fields(carrier=self.name))
                return Refused("bad_card")
            case outcomes.Throttled(retry_after):
                raise _unsent("carrier_throttled", "the platform asks us to slow down", retry_after)
            case outcomes.Unauthorized():
                log.error("the platform refuses our credentials", extra=fields(carrier=self.name))
                raise _unsent("carrier_credentials", "the platform refuses our credentials")
            case outcomes.Unavailable():
                raise _unsent("carrier_unreachable", "the platform cannot be reached; nothing was sent")
            case outcomes.InDoubt():
                raise CarrierError(
                    "no_answer",
                    "the platform gave no clear answer; it may have taken the message",
                    retryable=True,
                    in_doubt=True,
                )


def _unsent(code: str, message: str, retry_after: float | None = None) -> CarrierError:
    return CarrierError(code, message, retryable=True, in_doubt=False, retry_after=retry_after or 0.0)
