"""One run of a sender's lane, and what it has in hand."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from app.carriers.base import CarrierError, Submission
from app.carriers.handover import Answer, Handover, Parcel
from app.crypto.envelope import OutboxPlace
from app.db.block_run import BlockRun
from app.db.models import Attempt, Message, Sender
from app.db.queries.messages import Lane
from app.db.sending import transitions
from app.db.sending.roads import Shut
from app.messaging.sending import routing
from app.messaging.timing import throttle
from app.runtime import Runtime

LEAD_SECONDS = 0.04  # the first slot lies so far behind the commit that takes it
LONGEST_LEAD_SECONDS = 0.25
RETRIES = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5))
MOST_TRIES = 4


@dataclass
class Run:
    """`again` are messages that need a slot: they missed theirs, or are in doubt. `left_late` are answers whose
    messages left so long after their slots that the log of the pace has to say so. `resting` are carriers that asked to
    be left alone for a while, `turned_away` counts the messages they did not take, and `rests_until` is when the first of
    all carriers may be asked again. `lead` is how long a message needs to its carrier: longer after slow turns and
    missed slots."""

    held: BlockRun
    lane: Lane
    hand: Handover
    again: list[Parcel] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    left_late: list[Answer] = field(default_factory=list)
    resting: dict[str, Shut] = field(default_factory=dict)
    turned_away: int = 0
    lead: float = LEAD_SECONDS
    rests_until: datetime | None = None

    def gather(self) -> None:
        """Take over what the carriers answered and what missed its slot."""
        answers, missed = self.hand.collect()
        self.answers += answers
        self.left_late += [one for one in answers if throttle.left_late(one.parcel.slot, one.left)]
        self.again += missed
        if missed:
            self.lead = min(2 * self.lead, LONGEST_LEAD_SECONDS)
        elif answers:
            self.lead = max(0.9 * self.lead, LEAD_SECONDS)
        self.turned_away += sum(_rest_of(one) is not None for one in answers)
        self.resting = longer_of(self.resting, rests_of(answers))

    def took(self, seconds: float) -> None:
        """A turn took so long, and so does what comes after it on this machine."""
        self.lead = min(max(self.lead, seconds), LONGEST_LEAD_SECONDS)

    @property
    def idle(self) -> bool:
        """Nothing is in hand."""
        return not (self.again or self.answers) and self.hand.empty


def rests_of(answers: Iterable[Answer]) -> dict[str, Shut]:
    """By carrier how long it asked to be left alone in one of its answers."""
    found: dict[str, Shut] = {}
    for one in answers:
        if (rest := _rest_of(one)) is not None:
            found = longer_of(found, {one.parcel.carrier: rest})
    return found


def longer_of(one: Mapping[str, Shut], other: Mapping[str, Shut]) -> dict[str, Shut]:
    """What is in either, and of two for one carrier the later end."""
    return {**one, **{name: max(shut, one.get(name, shut)) for name, shut in other.items()}}


def _rest_of(answer: Answer) -> Shut | None:
    outcome = answer.outcome
    if not isinstance(outcome, CarrierError) or outcome.retry_after <= 0:
        return None
    return Shut(answer.at + timedelta(seconds=outcome.retry_after), outcome.code)


class Trying(NamedTuple):
    """An attempt as far as handing it over is concerned."""

    id: UUID
    channel: str
    carrier: str
    segments: int
    started_at: datetime

    @classmethod
    def of(cls, attempt: Attempt) -> "Trying":
        """One that was written down before."""
        return cls(attempt.id, attempt.channel, attempt.carrier, attempt.segments, attempt.started_at)


def read_text(rt: Runtime, message: Message) -> str:
    """What the SMS of a message that may leave says."""
    if message.text_sealed is None:
        raise ValueError("a message that may leave has its text")
    return rt.vault.envelope.open_text(_place(message, "sms"), message.text_sealed)


def _place(message: Message, channel: Literal["sms", "rcs"]) -> OutboxPlace:
    return OutboxPlace(message.organisation_id, message.id, message.link_id, channel, message.outbox_day)


def parcel(rt: Runtime, message: Message, attempt: Trying, sender: Sender, to: str, text: str) -> Parcel:
    """What a carrier is given of a message to the number `to`. It has no slot yet."""
    card = None
    if attempt.channel == "rcs" and message.card_sealed is not None:
        card = json.loads(rt.vault.envelope.open_text(_place(message, "rcs"), message.card_sealed))
    submission = Submission(
        attempt_id=attempt.id,
        organisation_id=message.organisation_id,
        channel="rcs" if attempt.channel == "rcs" else "sms",
        sender=sender.address,
        to=to,
        text=text,
        card=card,
        ttl_seconds=lifetime(rt, message, attempt),
    )
    return Parcel(submission, attempt.carrier, attempt.segments)


def lifetime(rt: Runtime, message: Message, attempt: Trying) -> int:
    """For how many seconds the network may try to deliver it."""
    left = message.expires_at - attempt.started_at
    if attempt.channel == "rcs" and "sms" in message.plan:
        left = min(left, patience(rt, message))
    return max(10, int(left.total_seconds()))


def patience(rt: Runtime, message: Message) -> timedelta:
    """How long a card may wait before the SMS."""
    longest = rt.policies.rcs_fallback
    return min(longest, routing.CRITICAL_LIFE) if transitions.is_critical(message) else longest
