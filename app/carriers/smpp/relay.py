"""Messages of processes that do not hold the link: offered through the database to the one that does.

An offer has its slot with it, and the holder takes it a little ahead of that, so the pace is kept whichever process a
message comes from; the clocks of the hosts must agree as well as it is to be kept.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.carriers.smpp.link import Link
from app.carriers.smpp.store import NewPart, Part, SmppStore
from app.carriers.smpp.submissions import Answer, Fate, Outgoing
from app.core.log import about, fields

OFFERED_SECONDS: Final = 10.0
STALE_OFFER: Final = timedelta(seconds=30)
LOOK_SECONDS: Final = 0.1
TAKEN_AHEAD_SECONDS: Final = 0.25  # so that a slot is not missed between two looks
AT_ONCE: Final = 200
CALLS_AT_ONCE: Final = 8

log = logging.getLogger(__name__)


def offer(
    store: SmppStore, parts: Sequence[NewPart], waits: Mapping[UUID, float], longest: float, now: datetime
) -> list[Answer]:
    """Let another process send these, and wait for what becomes of them: OFFERED_SECONDS until it takes them, and
    `longest` more until they are answered. `waits` are the seconds from now to the slot of an attempt that has one."""
    if not parts:
        return []
    slots = {attempt_id: now + timedelta(seconds=wait) for attempt_id, wait in waits.items()}
    with store.begin() as transaction:
        offered = [replace(one, leaves_at=slots.get(one.attempt_id)) for one in parts]
        transaction.add_parts(offered, "offered", now)
    ids = [part.id for part in parts]
    began = time.monotonic()
    while True:
        time.sleep(LOOK_SECONDS)
        waited = time.monotonic() - began
        if waited > OFFERED_SECONDS:
            with store.begin() as transaction:
                transaction.withdraw(ids)
        with store.read() as view:
            rows = view.parts(ids)
        open_ = [row for row in rows.values() if row.state in ("offered", "sent")]
        if not open_ or waited > OFFERED_SECONDS + longest:
            return [_answer_of(rows, part_id) for part_id in ids]


class Relay:
    """Sends what other processes offer, as long as this one holds the link."""

    def __init__(
        self,
        name: str,
        link: Link,
        store: SmppStore,
        now: Callable[[], datetime],
        hand_over: Callable[[Sequence[Outgoing]], object],
    ) -> None:
        self._name, self._link, self._store, self._now, self._hand_over = name, link, store, now, hand_over
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"smpp-{name}-relay", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End when what was taken is answered."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        with ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix=f"smpp-{self._name}-relayed") as threads:
            while not self._stopping.wait(LOOK_SECONDS):
                if self._link.standing.state != "bound":
                    continue
                try:
                    taken = self._take()
                    if taken:
                        threads.submit(self._send, taken)
                except Exception as error:  # the thread must outlive a database that is away for a while
                    log.error("offered messages wait", extra={**fields(carrier=self._name), **about(error)})

    def _send(self, taken: Sequence[Outgoing]) -> None:
        try:
            self._hand_over(taken)
        except Exception as error:  # what was sent is found in doubt by the sweep
            log.error("offered messages are in doubt", extra={**fields(carrier=self._name), **about(error)})

    def _take(self) -> list[Outgoing]:
        with self._store.read() as view:
            if not view.parts_in("offered", 1):
                return []
        began, now = time.monotonic(), self._now()
        taken: list[Outgoing] = []
        with self._store.begin() as transaction:
            for part in transaction.parts_in("offered", AT_ONCE):
                wait = (part.sent_at - now).total_seconds()
                if wait > TAKEN_AHEAD_SECONDS:
                    break
                body = transaction.body(part.id)
                if wait < -STALE_OFFER.total_seconds():
                    part.state, part.done_at = "unsent", now
                    continue
                part.state = "sent"
                slot = began + wait if part.leaves_at is not None else None
                taken.append(Outgoing(part.id, body, slot, part.number > 1))
        return taken


def _answer_of(rows: Mapping[UUID, Part], part_id: UUID) -> Answer:
    part = rows.get(part_id)
    if part is None or part.state == "sent":
        return Answer(Fate.DOUBT)
    if part.state in ("enroute", "delivered", "failed"):
        return Answer(Fate.TAKEN, 0, part.reference)
    status = int(part.vendor, 16) if part.vendor.startswith("0x") else 0
    return Answer(Fate(part.state), status, part.reference)
