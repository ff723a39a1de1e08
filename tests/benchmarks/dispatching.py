"""What the benchmarks of sending share: a place with a queue on either database, and carriers that take everything."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from app.carriers.base import Accepted, Carrier, Channel, Refused, RevokeOutcome, Submission
from app.db.models import Sender
from app.db.session import open_engine
from app.runtime import Runtime
from app.wiring import Application
from tests.databases import PostgresDatabases, upgrade
from tests.pipeline import KeptJobs, pipeline
from tests.queue import sms_sender

DATABASES = ("SQLite", "PostgreSQL")


class Enough(BaseException):
    """The measurement is over."""


@dataclass
class UntilEnough(KeptJobs):
    """Jobs of a process that ends when the carrier has taken enough."""

    carrier: "CountingCarrier | None" = None

    def checkpoint(self) -> None:
        if self.carrier is not None and len(self.carrier.at) >= self.carrier.enough:
            raise Enough


@dataclass
class CountingCarrier:
    """Takes everything at once and notes when."""

    enough: int
    name: str = "simulator"
    channels: frozenset[Channel] = frozenset({"sms", "rcs"})
    idempotent: bool = True
    at: list[float] = field(default_factory=list)

    def submit(self, submission: Submission, now: datetime) -> Accepted | Refused:
        self.at.append(time.monotonic())
        return Accepted(submission.attempt_id.hex)

    def revoke(self, attempt_id: UUID, to: str, now: datetime) -> RevokeOutcome:
        return "unknown"

    def reaches_rcs(self, organisation_id: UUID, to: str) -> bool | None:
        return None


@dataclass(frozen=True)
class Place:
    """The service, a runtime that keeps its jobs, and the sender of text messages of its organisation."""

    application: Application
    rt: Runtime
    sender: Sender

    def with_carriers(self, carriers: Mapping[str, Carrier], jobs: KeptJobs) -> Runtime:
        return replace(self.rt, carriers=carriers, jobs=jobs)


@contextmanager
def place(database: str, rate: float) -> Iterator[Place]:
    """An organisation whose sender may send so many segments a second. Both databases write durably."""
    with (
        tempfile.TemporaryDirectory() as name,
        _url(database, Path(name)) as url,
        pipeline(Path(name) / "data", database_url=url) as made,
    ):
        sender = sms_sender(made.rt, made.organisation.id)
        with made.rt.begin() as session:
            sender.rate = rate
            session.add(sender)
        yield Place(made.application, made.rt, sender)


@contextmanager
def _url(database: str, folder: Path) -> Iterator[str]:
    if database == "SQLite":
        url = f"sqlite:///{folder / 'pli.db'}"
        upgrade(url)
        yield url
        return
    # Nothing of an earlier measurement may be in its tables.
    servers = PostgresDatabases(f"bench{os.getpid()}", f"at{time.monotonic_ns()}")
    try:
        with servers.migrated() as url:
            engine = open_engine(url, pool_size=1)
            with engine.connect() as connection:
                autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
                # The tests switch these off.
                for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                    autocommit.execute(sa.text(f"ALTER SYSTEM SET {setting} = on"))
                autocommit.execute(sa.text("SELECT pg_reload_conf()"))
            engine.dispose()
            yield url
    finally:
        servers.close()
