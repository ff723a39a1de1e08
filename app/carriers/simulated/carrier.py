"""The carrier that sends nothing: messages go to phones one looks at in the browser.

It answers as a real network does, failures included (`simulator_numbers`), and knows an attempt again by its id.
"""

from datetime import datetime, timedelta
from uuid import UUID

from app.carriers.base import (
    Accepted,
    CarrierError,
    Channel,
    Refused,
    RevokeOutcome,
    Submission,
    is_addressable,
)
from app.carriers.simulated.network import behaviour_of, give_up, owe
from app.carriers.simulated.numbers import Behaviour, behaviour
from app.carriers.simulated.store import Body, NetworkMessage, SimulatorStore, SimulatorTransaction
from rcs.cards import RcsError, read_agent_message


class SimulatorCarrier:
    """A `Carrier` on top of a `SimulatorStore`."""

    name = "simulator"
    channels: frozenset[Channel] = frozenset({"sms", "rcs"})
    idempotent = True

    def __init__(self, store: SimulatorStore) -> None:
        self._store = store

    def submit(self, submission: Submission, now: datetime) -> Accepted | Refused:
        """Take one message. Refusals: `no_rcs`, `unknown_number`, `bad_card`. Raises CarrierError for the numbers
        that simulate an outage or a lost answer."""
        if not is_addressable(submission.to):
            return Refused("unknown_number")
        acts = behaviour(submission.to, submission.channel)
        if refusal := acts.refusals.get(submission.channel):
            return Refused(refusal)
        if submission.card is not None:
            try:
                read_agent_message(submission.card)
            except RcsError:
                return Refused("bad_card")
        with self._store.begin() as transaction:
            answer = _take(transaction, submission, acts, now)
        # raised only now: what the network took stays taken
        if isinstance(answer, CarrierError):
            raise answer
        return answer

    def revoke(self, attempt_id: UUID, to: str, now: datetime) -> RevokeOutcome:  # noqa: ARG002
        """Stop a message that is still on its way."""
        with self._store.begin() as transaction:
            message = transaction.held_message_of(attempt_id)
            if message is None or message.state == "outage":
                return "unknown"
            if message.state == "delivered":
                return "already_delivered"
            acts = behaviour_of(transaction, message)
            if not acts.answers_revoke:
                return "unknown"
            if message.state == "queued":
                give_up(message, "revoked", acts, now)
            return "revoked"

    def reaches_rcs(self, organisation_id: UUID, to: str) -> bool:
        """The switch of the phone, or what a new phone with this number would answer."""
        acts = behaviour(to, "rcs")
        if "rcs" in acts.refusals:
            return False
        with self._store.read() as view:
            handset = view.handset_at(organisation_id, to)
            return handset.rcs if handset else acts.rcs


def _take(
    transaction: SimulatorTransaction, submission: Submission, acts: Behaviour, now: datetime
) -> Accepted | Refused | CarrierError:
    handset = transaction.handset_for(
        submission.organisation_id, submission.to, now, powered=acts.powered, rcs=acts.rcs
    )
    message = transaction.message_of(submission.attempt_id)
    if message is not None and message.state != "outage":
        return Accepted(message.id.hex)
    if submission.channel == "rcs" and not handset.rcs:
        return Refused("no_rcs")
    if message is None:
        met = transaction.message_in_outage(handset.id, submission.channel) if acts.outage_once else None
        message = transaction.add_message(
            organisation_id=submission.organisation_id,
            handset_id=handset.id,
            attempt_id=submission.attempt_id,
            channel=submission.channel,
            sender=submission.sender,
            body=Body(submission.text, submission.card).to_json(),
            state="outage",
            now=now,
            due_at=None,
            expires_at=None,
        )
        if met is not None:
            give_up(met, "failed", acts, now)
        elif acts.outage_once:
            return CarrierError(
                "simulated_outage", "the simulated network is down; try again", retryable=True, in_doubt=False
            )
    _queue(transaction, message, submission, acts, now)
    if acts.lost_answer:
        return CarrierError(
            "simulated_lost_answer", "the simulated network did not answer", retryable=True, in_doubt=True
        )
    return Accepted(message.id.hex)


def _queue(
    transaction: SimulatorTransaction,
    message: NetworkMessage,
    submission: Submission,
    acts: Behaviour,
    now: datetime,
) -> None:
    message.state = "queued"
    if acts.delivery_after is not None:
        message.due_at = now + timedelta(seconds=acts.delivery_after)
    if acts.delivery_after is not None or acts.shown_all_the_same is not None:
        message.expires_at = now + timedelta(seconds=submission.ttl_seconds)
    for receipt in acts.on_the_way:
        due_at = now + timedelta(seconds=receipt.after)
        owe(transaction, message, receipt.state, receipt.code, due_at, due_at)
