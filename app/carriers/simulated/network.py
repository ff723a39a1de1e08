"""The network between the simulated carrier and its phones: it delivers, lets expire, fails, and reports.

A report is told again until it is acknowledged, so that nothing is lost when a process dies while recording one.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Literal, cast
from uuid import UUID

from app.carriers.base import Channel, Inbound, Report, ReportState
from app.carriers.simulated.numbers import Behaviour, behaviour
from app.carriers.simulated.store import (
    Body,
    NetworkMessage,
    OwedReport,
    SimulatorStore,
    SimulatorTransaction,
)
from app.core.errors import PliError
from app.core.log import fields
from app.messaging.sending.senders import is_reported

TOLD_AT_ONCE = 200
TELL_AGAIN = timedelta(seconds=5)
TELL_AGAIN_LONGEST = timedelta(minutes=5)
KEPT = timedelta(days=12)  # the longest life of an outbox text
PAUSE_SECONDS = 0.3
PAUSE_LONGEST_SECONDS = 10.0
ERASE_EVERY = timedelta(hours=1)
STOP_SECONDS = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notice:
    """An event to record, and the id by which it is acknowledged."""

    id: UUID
    event: Report | Inbound


class SimulatedNetwork:
    """Moves messages and tells what happened. Several processes may drive one store."""

    def __init__(self, store: SimulatorStore) -> None:
        self._store = store

    def tick(self, now: datetime) -> list[Notice]:
        """Do what is due and return what is to be recorded, oldest first, at most 200.

        A notice that is not acknowledged comes again after 5 seconds, then 10, 20 and so on up to 5 minutes.
        """
        with self._store.read() as view:
            if not view.anything_due(now):
                return []
        with self._store.begin() as transaction:
            for message in transaction.due_messages(now, TOLD_AT_ONCE):
                _move(transaction, message, now)
            notices = []
            for owed in transaction.due_reports(now, TOLD_AT_ONCE):
                owed.due_at = now + min(TELL_AGAIN * 2 ** min(owed.tries, 10), TELL_AGAIN_LONGEST)
                owed.tries += 1
                notices.append(Notice(owed.id, _event(transaction, owed)))
        return notices

    def acknowledge(self, notice_ids: Collection[UUID]) -> None:
        """Forget notices that are recorded. Acknowledging twice does no harm."""
        if notice_ids:
            with self._store.begin() as transaction:
                transaction.remove_reports(notice_ids)

    def erase_old(self, now: datetime) -> int:
        """Erase texts older than 12 days, as the outbox does; how many there were."""
        with self._store.begin() as transaction:
            return transaction.erase_bodies(now - KEPT)


class SimulatorLoop:
    """Drives a network from a thread of its own, and hands every event to `record`.

    An event is acknowledged when `record` returned; when it raised, the event comes again later.
    """

    def __init__(
        self,
        network: SimulatedNetwork,
        record: Callable[[Report | Inbound], None],
        now: Callable[[], datetime],
    ) -> None:
        self._network = network
        self._record = record
        self._now = now
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="simulated-network", daemon=True)

    def start(self) -> None:
        """Begin; a loop is started once."""
        self._thread.start()

    def stop(self) -> None:
        """End after the event in hand, and wait for that."""
        self._stopping.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        pause = PAUSE_SECONDS
        erase_at = self._now()
        while not self._stopping.is_set():
            try:
                if self._now() >= erase_at:
                    self._network.erase_old(self._now())
                    erase_at = self._now() + ERASE_EVERY
                busy = self._turn()
                pause = 0.0 if busy else PAUSE_SECONDS
            except Exception as error:  # the thread must outlive a database that is away for a while
                log.error("the simulated network stands still", extra=fields(code=_code(error)))
                pause = min(max(pause, PAUSE_SECONDS) * 2, PAUSE_LONGEST_SECONDS)
            self._stopping.wait(pause)

    def _turn(self) -> bool:
        """One tick; whether there may be more to do at once."""
        notices = self._network.tick(self._now())
        recorded = []
        for notice in notices:
            if self._stopping.is_set():
                break
            try:
                self._record(notice.event)
            except Exception as error:  # one event that cannot be recorded must not hold back the others
                log.error(
                    "an event of the simulated network was not recorded", extra=fields(code=_code(error))
                )
            else:
                recorded.append(notice.id)
        self._network.acknowledge(recorded)
        return len(notices) == TOLD_AT_ONCE


def give_up(
    message: NetworkMessage, state: Literal["failed", "expired", "revoked"], acts: Behaviour, now: datetime
) -> None:
    """End a message undelivered, and erase it unless the network is going to show it all the same."""
    message.state = state
    if state != "failed" and acts.shown_all_the_same is not None:
        message.due_at = now + timedelta(seconds=acts.shown_all_the_same)
    else:
        message.due_at = None
        message.body_sealed = None


def owe(
    transaction: SimulatorTransaction,
    message: NetworkMessage,
    state: ReportState,
    code: str,
    occurred_at: datetime,
    due_at: datetime,
) -> None:
    """Tell something of a message when it is due; nothing where the network has no reports for its sender."""
    if is_reported(message.sender):
        transaction.add_report(message.id, state=state, code=code, occurred_at=occurred_at, due_at=due_at)


def behaviour_of(transaction: SimulatorTransaction, message: NetworkMessage) -> Behaviour:
    """What its number asks the network to do with a message."""
    return behaviour(transaction.number(message.handset_id), cast(Channel, message.channel))


def _move(transaction: SimulatorTransaction, message: NetworkMessage, now: datetime) -> None:
    acts = behaviour_of(transaction, message)
    if message.state == "queued" and message.expires_at is not None and message.expires_at <= now:
        give_up(message, "expired", acts, now)
        if acts.receipts:
            owe(transaction, message, "expired", "ttl", now, now)
    elif acts.failure:
        give_up(message, "failed", acts, now)
        owe(transaction, message, "failed", acts.failure, now, now)
    else:
        message.state = "delivered"
        message.delivered_at = now
        message.due_at = None
        for receipt in acts.receipts:
            due_at = now + timedelta(seconds=receipt.after)
            occurred_at = due_at - timedelta(seconds=receipt.back)
            owe(transaction, message, receipt.state, receipt.code, occurred_at, due_at)


def _event(transaction: SimulatorTransaction, owed: OwedReport) -> Report | Inbound:
    message = transaction.owner(owed.message_id)
    if message.attempt_id is not None:
        key = f"{owed.state}:{owed.code}" if owed.code else owed.state
        return Report(message.attempt_id, key, cast(ReportState, owed.state), owed.code, owed.occurred_at)
    sent = transaction.body(message.id)
    body = Body.from_json(sent) if sent is not None else Body("")
    return Inbound(
        message.organisation_id,
        transaction.number(message.handset_id),
        message.sender,
        body.text,
        owed.occurred_at,
        message.id.hex,
        body.postback,
        channel="rcs" if message.channel == "rcs" else "sms",
    )


def _code(error: Exception) -> str:
    return error.code if isinstance(error, PliError) else type(error).__name__
