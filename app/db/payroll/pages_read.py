"""How far the files of a batch are read, for the people who wait."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from app.db.queries import batches

# Each note is a transaction: seldom enough to cost nothing beside the reading.
NOTE_EVERY = timedelta(seconds=1)


class PagesRead:
    """Notes of one batch; `begin` and `now` are those of the runtime."""

    def __init__(
        self,
        batch_id: UUID,
        begin: Callable[[], AbstractContextManager[Session]],
        now: Callable[[], datetime],
    ) -> None:
        self._batch_id = batch_id
        self._begin = begin
        self._now = now
        self._last = now()

    def note(self, pages_read: int, page_count: int) -> None:
        """Write the figures down, unless the last ones are fresh. `page_count` is 0 while unknown."""
        if self._now() - self._last < NOTE_EVERY:
            return
        with self._begin() as session:
            batches.note_pages_read(session, self._batch_id, pages_read, page_count)
        self._last = self._now()
