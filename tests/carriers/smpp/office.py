"""One SMPP carrier with a real database behind it, and what it told."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from app.carriers.base import Inbound, Report, Submission
from app.carriers.smpp.carrier import Outcome, SmppCarrier
from app.carriers.smpp.link import Pauses
from app.carriers.smpp.settings import SmppSettings
from app.core import clock
from app.crypto.columns import Columns
from app.crypto.keyring import AppKeys, KeyRing
from app.db.models import SmppPart
from app.db.queries import smpp as queries
from app.db.sending import connections
from app.db.sending.connections import NewConnection
from app.db.sending.smpp_store import SmppStore
from app.db.session import Database

ORGANISATION = UUID(int=7)
COLUMNS = Columns(KeyRing(AppKeys(1, bytes(range(32)))))
QUICK = Pauses(first=0.05, longest=0.2, refused=5.0, renew=0.2, lease=2.0, sweep=0.2)
PHONE = "+33612345678"


@dataclass
class Told:
    """What the carrier handed on; it fails while `broken`."""

    events: list[Report | Inbound] = field(default_factory=list)
    broken: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, events: Sequence[Report | Inbound]) -> None:
        if self.broken:
            raise OSError("the database is away")
        with self.lock:
            self.events += events

    def states(self, attempt_id: UUID) -> list[str]:
        """What was reported of an attempt, each once, in order."""
        with self.lock:
            told = [one for one in self.events if isinstance(one, Report) and one.attempt_id == attempt_id]
        return list(dict.fromkeys(one.state for one in told))

    def codes(self, attempt_id: UUID) -> list[str]:
        """Our words for it."""
        return [one.code for one in self.events if isinstance(one, Report) and one.attempt_id == attempt_id]

    def replies(self) -> list[Inbound]:
        """What people wrote."""
        return [one for one in self.events if isinstance(one, Inbound)]


@dataclass
class Office:
    """A carrier and its surroundings."""

    database: Database
    connection_id: UUID
    carrier: SmppCarrier
    told: Told

    def send(self, to: str = PHONE, text: str = "Bonjour", sender: str = "PLI", ttl: int = 900) -> UUID:
        """Hand one message over that is expected to be accepted."""
        return self.outcome(to, text, sender, ttl)[0]

    def outcome(
        self, to: str = PHONE, text: str = "Bonjour", sender: str = "PLI", ttl: int = 900
    ) -> tuple[UUID, Outcome]:
        """Hand one message over."""
        one = submission(to, text, sender, ttl)
        return one.attempt_id, self.carrier.submit_all([one], clock.now())[0]

    def parts(self, attempt_id: UUID) -> list[SmppPart]:
        """What is kept of an attempt."""
        with self.database.read() as session:
            return queries.parts_of(session, [attempt_id])

    def kept_receipts(self) -> int:
        """How many receipts wait for their submission."""
        with self.database.read() as session:
            return queries.count_kept(session, self.connection_id)


def submission(to: str = PHONE, text: str = "Bonjour", sender: str = "PLI", ttl: int = 900) -> Submission:
    return Submission(uuid4(), ORGANISATION, "sms", sender, to, text, None, ttl)


def settings(port: int, **values: Any) -> SmppSettings:
    plain = {"host": "127.0.0.1", "port": port, "tls": False, "system_id": "esme1", "password": "secret08"}
    return SmppSettings.model_validate(plain | values)


def add_connection(database: Database, name: str = "smpp") -> UUID:
    with database.begin() as session:
        return connections.add(
            session, COLUMNS, NewConnection(name, "smpp", "{}", 100.0), datetime.now(UTC) - timedelta(days=1)
        )


def make_carrier(
    database: Database,
    connection_id: UUID,
    port: int,
    *,
    rate: float = 0.0,
    owner: str = "worker-0",
    name: str = "smpp",
    pauses: Pauses = QUICK,
    **values: Any,
) -> SmppCarrier:
    store = SmppStore(database, COLUMNS, connection_id)
    return SmppCarrier(name, settings(port, **values), rate, store, owner, clock.now, pauses)


@contextmanager
def office(
    database: Database, port: int, *, bound: bool = True, again: Office | None = None, **how: Any
) -> Iterator[Office]:
    """A carrier that holds its link, for the length of a test; `again` is one of the same connection before it."""
    name = f"to-{port}"
    connection_id = again.connection_id if again else add_connection(database, name)
    carrier = make_carrier(database, connection_id, port, name=name, **how)
    opened = Office(database, connection_id, carrier, Told())
    opened.carrier.start(opened.told)
    try:
        assert not bound or opened.carrier.link.wait_bound(10)
        yield opened
    finally:
        opened.carrier.stop()
