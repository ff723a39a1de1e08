"""Carriers that do what a test says, for what the simulated network cannot play."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.carriers.base import Accepted, CarrierError, Channel, Refused, RevokeOutcome, Submission

Answer = Accepted | Refused | CarrierError


def accept(submission: Submission) -> Answer:
    """An ordinary network."""
    return Accepted(submission.attempt_id.hex)


def no_answer(_submission: Submission) -> Answer:
    """The line broke after the message was handed over."""
    return CarrierError("line_broken", "the carrier did not answer", retryable=True, in_doubt=True)


def down(_submission: Submission) -> Answer:
    """Nothing was taken, and a later try may pass."""
    return CarrierError("carrier_down", "the carrier is down", retryable=True, in_doubt=False)


@dataclass
class ScriptedCarrier:
    """Answers as `script` says and keeps what it was given, with the instants on a steady clock."""

    script: Callable[[Submission], Answer] = accept
    idempotent: bool = True
    revokes: RevokeOutcome = "revoked"
    name: str = "simulator"
    channels: frozenset[Channel] = frozenset({"sms", "rcs"})
    submitted: list[Submission] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    revoked: list[UUID] = field(default_factory=list)

    def submit(self, submission: Submission, now: datetime) -> Accepted | Refused:
        self.at.append(time.monotonic())
        self.submitted.append(submission)
        answer = self.script(submission)
        if isinstance(answer, CarrierError):
            raise answer
        return answer

    def revoke(self, attempt_id: UUID, to: str, now: datetime) -> RevokeOutcome:
        self.revoked.append(attempt_id)
        return self.revokes

    def reaches_rcs(self, organisation_id: UUID, to: str) -> bool | None:
        return None
