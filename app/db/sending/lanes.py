"""The ways out of the queue: which sender a message leaves from, and the runs that carry what waits for a sender.

A run is a row of `Block` and a job. Whoever queues messages wakes their lanes in the same transaction; a run that finds
nothing left ends at once, so waking one lane twice costs little and not waking it would cost a message.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Session

from app.core.jobs import Job, Jobs
from app.db.models import Block, Message, Sender
from app.db.queries.journal import Book, Entry
from app.db.queries.messages import EXPRESS, Lane
from app.db.sending.sorting import Sorting
from app.evidence.tags import Tag
from app.messaging.sending import senders

JOB = "dispatch_sender"


def wake(
    session: Session,
    jobs: Jobs,
    lanes: Iterable[Lane],
    now: datetime,
    *,
    batch_id: UUID | None = None,
    not_before: datetime | None = None,
) -> None:
    """Start a run for each of these lanes, once, not before an instant. `batch_id` names the batch whose messages need
    it: it is told when the run stops for good."""
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
        job = Job(JOB, str(block.id), (str(block.id),), partition=partition, not_before=not_before)
        jobs.enqueue(session, job)


def lane_of(message: Message) -> Lane:
    """The lane a queued message waits in."""
    return Lane(message.sender_id, message.priority <= EXPRESS)


def redirect(book: Book, message: Message) -> senders.Refusal | None:
    """Give a message the sender that suits its number, on its channel or else on the next one of its plan; the reason when
    there is none. The journal tells of another sender and of another channel."""
    to = book.vault.columns.open_column(
        message.organisation_id, "message", "to", message.id, message.to_sealed
    )
    sorting = Sorting.kept(book.session, message.organisation_id, book.now)
    refusal: senders.Refusal | None = None
    for channel in message.plan[message.plan.index(message.channel) :]:
        chosen = sorting.sender(channel, message.category, to)
        if isinstance(chosen, senders.Refusal):
            refusal = chosen
            continue
        if channel != message.channel and refusal is not None:
            message.channel = channel
            _note(book, message, Tag.MESSAGE_FELL_BACK, reason=refusal.value, to=channel)
        elif _channel_of(book, message) == channel and chosen.id != message.sender_id:
            _note(book, message, Tag.MESSAGE_REROUTED, sender=chosen.id.hex)
        message.sender_id = chosen.id
        return None
    return refusal


def _channel_of(book: Book, message: Message) -> str:
    """The channel of the sender a message has so far."""
    return senders.channel_of(book.session.get_one(Sender, message.sender_id).kind)


def _note(book: Book, message: Message, tag: Tag, **body: str) -> None:
    document = message.document_id.hex if message.document_id else ""
    book.note(message.organisation_id, Entry(tag, message.id, {"document": document, **body}))
