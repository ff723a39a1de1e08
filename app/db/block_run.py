"""One run of a dispatch block sends, whatever became of an earlier one.

A worker that stops answering is taken for dead, and its block is run by another. It may only have slept: then it wakes
up with messages in hand. Each run writes a name of its own into the block and is replaced by the next that does so. It
asks whether it still holds the block in each of its transactions, and again before a call to the carrier when it has
not asked for CONFIRMED_SECONDS. A new run first waits out that time. What remains is a process that is stopped between
its question and the call itself; the carrier then gets a reference it knows, or the message that the new run left as
unknown leaves once.
"""

import time
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

from app.db.models import Block
from app.db.queries import messages
from app.db.session import Database, Session

CONFIRMED_SECONDS = 1.0
SETTLING_SECONDS = 1.5


class Superseded(Exception):
    """Another run of this block has begun; this one must do nothing more."""


class BlockRun:
    """Use as a context manager around a run. Its good end is the end of the block; whatever ends it but a crash gives
    the block free at once."""

    def __init__(self, database: Database, block_id: UUID, now: Callable[[], datetime]) -> None:
        self.block_id = block_id
        self._database = database
        self._now = now
        self._name = uuid4()
        self._confirmed = 0.0

    def __enter__(self) -> Self:
        with self._database.begin() as session:
            block = messages.lock_block(session, self.block_id)
            before = block.run if block else None
            if block is not None:
                block.run = self._name
                session.add(block)
        if before is not None:
            time.sleep(SETTLING_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._database.begin() as session:
            block = self._hold(session)
            if block is not None:
                block.run = None
                if kind is None and block.done_at is None:
                    block.done_at = self._now()
                session.add(block)

    def holds(self, session: Session) -> bool:
        """Whether this run still has the block, which is then held until the transaction ends."""
        return self._hold(session) is not None

    def is_held(self) -> bool:
        """The same, in a transaction of its own."""
        with self._database.begin() as session:
            return self.holds(session)

    def require(self, session: Session) -> None:
        """Raises Superseded."""
        if not self.holds(session):
            raise Superseded

    def confirm(self) -> None:
        """To be called right before a call outside; asks only when the last answer is old. Raises Superseded."""
        if time.monotonic() - self._confirmed > CONFIRMED_SECONDS:
            with self._database.begin() as session:
                self.require(session)

    def _hold(self, session: Session) -> Block | None:
        block = messages.lock_block(session, self.block_id)
        if block is None or block.run != self._name:
            return None
        self._confirmed = time.monotonic()
        return block
