"""A queue of messages without a payroll behind it, for tests and benchmarks of what sends them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from app.core.jobs import DeadJob, Job
from app.crypto.envelope import OutboxPlace
from app.crypto.epochs import day_of
from app.db.models import Sender
from app.db.queries import messages, organisations
from app.db.queries.messages import Lane
from app.db.sending import lanes
from app.messaging.permission.categories import Category
from app.messaging.permission.category_rules import priority
from app.runtime import Runtime

VALID = timedelta(days=2)
AT_ONCE = 5_000


def number(at: int) -> str:
    """A mobile number of mainland France."""
    return f"+336{at:08d}"


def sms_sender(rt: Runtime, organisation_id: UUID) -> Sender:
    """The name of the organisation."""
    with rt.read() as session:
        return next(
            one for one in organisations.every_sender(session, organisation_id) if one.kind != "rcs_agent"
        )


def rows(
    rt: Runtime,
    sender: Sender,
    texts: Sequence[str],
    *,
    category: str = "transactional",
    segments: int = 1,
    first: int = 0,
    valid: timedelta = VALID,
    numbers: Callable[[int], str] = number,
    **values: Any,
) -> list[dict[str, Any]]:
    """One row for each text, to as many `numbers` from `first` on."""
    now: datetime = rt.now()
    organisation_id, columns = sender.organisation_id, rt.vault.columns
    expires_at = now + valid
    day = day_of(expires_at)
    sealer = rt.vault.envelope.text_sealer(day)
    found = []
    for at, text in enumerate(texts, first):
        message_id, to = uuid4(), numbers(at)
        place = OutboxPlace(organisation_id, message_id, None, "sms", day)
        found.append(
            {
                "id": message_id,
                "organisation_id": organisation_id,
                "batch_id": None,
                "document_id": None,
                "link_id": None,
                "block_id": None,
                "sender_id": sender.id,
                "priority": priority(Category(category)),
                "category": category,
                "kind": "notice",
                "template_key": "test",
                "language": "fr",
                "plan": ["sms"],
                "channel": "sms",
                "state": "queued",
                "reason": "",
                "to_sealed": columns.seal_column(organisation_id, "message", "to", message_id, to),
                "to_index": rt.vault.phone_index(organisation_id, to),
                "text_sealed": sealer.seal(place, text),
                "card_sealed": None,
                "outbox_day": day,
                "territory": "",
                "ground": "",
                "segments": segments,
                "encoding": "gsm7",
                "not_before": now,
                "expires_at": expires_at,
                "created_at": now,
                "finished_at": None,
                "wiped_at": None,
                "double": False,
                **values,
            }
        )
    return found


def queue(rt: Runtime, found: Sequence[dict[str, Any]], *, runs: int = 1) -> list[str]:
    """Put the rows into the queue with so many runs for each of their lanes; the ids of the runs."""
    woken = {Lane(row["sender_id"], row["priority"] <= messages.EXPRESS) for row in found}
    known = _Keys(rt)
    with rt.begin() as session:
        for start in range(0, len(found), AT_ONCE):
            messages.insert_all(session, found[start : start + AT_ONCE])
        for _ in range(runs):
            lanes.wake(session, known, woken, rt.now())
    return known.keys


class _Keys:
    """Passes jobs on and remembers their keys."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self.keys: list[str] = []

    def enqueue(self, transaction: Any, job: Job) -> None:
        self.keys.append(job.key)
        self._rt.jobs.enqueue(transaction, job)

    def checkpoint(self) -> None:
        self._rt.jobs.checkpoint()

    def dead(self) -> Sequence[DeadJob]:
        return self._rt.jobs.dead()

    def purge(self, before: datetime, ticks_before: datetime) -> int:
        return self._rt.jobs.purge(before, ticks_before)
