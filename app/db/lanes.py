"""The ways out of the queue: which sender a message leaves from, and the runs that carry what waits for a sender.

A run is a row of `Block` and a job. Whoever queues messages wakes their lanes in the same transaction; a run that finds
nothing left ends at once, so waking one lane twice costs little and not waking it would cost a message.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Session

from app.core.jobs import Job, Jobs
from app.crypto.vault import Vault
from app.db.models import Block, Message, Sender
from app.db.queries import journal
from app.db.queries.messages import EXPRESS, Lane
from app.db.sorting import Sorting
from app.evidence.tags import Tag
from app.messaging import senders

JOB = "dispatch_sender"


def wake(
    session: Session, jobs: Jobs, lanes: Iterable[Lane], now: datetime, *, batch_id: UUID | None = None
) -> None:
    """Start a run for each of these lanes, once. `batch_id` names the batch whose messages need it: it is told when the
    run stops for good."""
    for lane in sorted(set(lanes)):
        sender = session.get_one(Sender, lane.sender_id)
        block = Block(
            id=uuid4(),
            organisation_id=sender.organisation_id,
            batch_id=batch_id,
            sender_id=sender.id,
            kind="express" if lane.express else "dispatch",
            position=0,
            created_at=now,
        )
        session.add(block)
        session.flush()
        partition = f"{sender.id}:{block.kind}"
        jobs.enqueue(session, Job(JOB, str(block.id), (str(block.id),), partition=partition))


def lane_of(message: Message) -> Lane:
    """The lane a queued message waits in."""
    return Lane(message.sender_id, message.priority <= EXPRESS)


def redirect(session: Session, vault: Vault, message: Message, now: datetime) -> senders.Refusal | None:
    """Give a message the sender that suits its channel and its number; the reason when there is none. Another sender of
    the same channel is written into the journal."""
    to = vault.columns.open_column(message.organisation_id, "message", "to", message.id, message.to_sealed)
    sorting = Sorting.load(session, message.organisation_id, now)
    chosen = sorting.sender(message.channel, message.category, to)
    if isinstance(chosen, senders.Refusal):
        return chosen
    if chosen.id != message.sender_id:
        before = session.get_one(Sender, message.sender_id)
        if senders.channel_of(before.kind) == message.channel:
            document = message.document_id.hex if message.document_id else ""
            entry = journal.Entry(
                Tag.MESSAGE_REROUTED, message.id, {"document": document, "sender": chosen.id.hex}
            )
            journal.append(session, vault, message.organisation_id, [entry], now)
        message.sender_id = chosen.id
    return None
