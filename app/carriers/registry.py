"""Every carrier of this process by name: those built in, and those of the connections an operator set up.

What an operator adds, changes or removes takes effect without a restart: a worker looks every few seconds, and a name
that is not known here is looked for at once.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from threading import Event, Lock, Thread
from typing import Generic, Protocol, TypeVar, runtime_checkable
from uuid import UUID

from app.carriers.base import Carrier, Inbound, Report
from app.core.errors import PliError
from app.core.log import about, fields

LOOK_SECONDS = 5.0
STOP_SECONDS = 15.0

Record = Callable[[Sequence[Report | Inbound]], None]

log = logging.getLogger(__name__)


class ConnectionRecord(Protocol):
    """What tells one connection from another, and a changed one from itself."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def changed_at(self) -> datetime: ...


C = TypeVar("C", bound=ConnectionRecord)


@runtime_checkable
class Lasting(Protocol):
    """A carrier with a link of its own, which a worker holds open."""

    def start(self, record: Record) -> None:
        """Open the link and keep it. `record` stores what comes by it, and raises when it could not."""

    def wait_ready(self, seconds: float) -> bool:
        """Whether a message can be handed over, now or after so long at most: this process has the link, or another."""

    def stop(self) -> None:
        """Let what is on its way end, and close the link."""


@runtime_checkable
class Closing(Protocol):
    """A carrier that holds something which is to be given back."""

    def close(self) -> None:
        """Give it back."""


class Carriers(Mapping[str, Carrier], Generic[C]):
    """The carriers by name. `load` reads the connections, `make` puts a carrier together for one."""

    def __init__(
        self, built_in: Mapping[str, Carrier], load: Callable[[], Sequence[C]], make: Callable[[C], Carrier]
    ) -> None:
        self._built_in = dict(built_in)
        self._load, self._make = load, make
        self._lock = Lock()
        self._made: dict[str, tuple[tuple[UUID, datetime], Carrier]] = {}
        self._record: Record | None = None
        self._stopping = Event()
        self._thread = Thread(target=self._look, name="carriers", daemon=True)

    def __getitem__(self, name: str) -> Carrier:
        if name in self._built_in:
            return self._built_in[name]
        if name not in self._made:
            self.refresh()
        return self._made[name][1]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._built_in, *self._made])

    def __len__(self) -> int:
        return len(self._built_in) + len(self._made)

    def refresh(self) -> None:
        """Read the connections again, and keep the carriers of those that did not change."""
        with self._lock:
            wanted = {one.name: one for one in self._load()}
            made = dict(self._made)
            gone = [
                made.pop(name)[1]
                for name, (key, _) in self._made.items()
                if name not in wanted or key != (wanted[name].id, wanted[name].changed_at)
            ]
            self._made = dict(made)
            for carrier in gone:
                _end(carrier)
            for name, one in wanted.items():
                if name not in made and (usable := self._try(one)) is not None:
                    made[name] = ((one.id, one.changed_at), usable)
            self._made = made

    def start(self, record: Record) -> None:
        """Hold the lasting links of this process from now on, those added later too."""
        with self._lock:
            self._record = record
            for _, carrier in self._made.values():
                if isinstance(carrier, Lasting):
                    carrier.start(record)
        self._thread.start()

    def stop(self) -> None:
        """Close every link and give everything back."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)
        with self._lock:
            made, self._made = self._made, {}
            for _, carrier in made.values():
                _end(carrier)

    def _try(self, one: C) -> Carrier | None:
        try:
            carrier = self._make(one)
            if self._record is not None and isinstance(carrier, Lasting):
                carrier.start(self._record)
        except PliError as error:
            # One connection that cannot be used must not take the others with it.
            log.error("a carrier cannot be used", extra=fields(carrier=one.name, code=error.code))
            return None
        return carrier

    def _look(self) -> None:
        while not self._stopping.is_set():
            try:
                self.refresh()
            except Exception as error:  # the thread must outlive a database that is away for a while
                log.error("carriers were not looked up", extra=about(error))
            self._stopping.wait(LOOK_SECONDS)


def _end(carrier: Carrier) -> None:
    if isinstance(carrier, Lasting):
        carrier.stop()
    if isinstance(carrier, Closing):
        carrier.close()
