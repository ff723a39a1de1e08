"""A runtime with real keys, passwords and database for use cases that send and store nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from obstore.store import MemoryStore

from app.core.clock import SystemTime
from app.core.jobs import Job
from app.crypto.epochs import FileEpochStore
from app.crypto.keyring import AppKeys, KeyRing
from app.crypto.passwords import Argon2Pool
from app.crypto.vault import Vault
from app.db.models import Organisation
from app.db.queries import journal
from app.db.session import Database
from app.documents.pdf.limits import PdfLimits
from app.documents.pdf.renderer import PageRenderer
from app.documents.people.model import SheetLimits
from app.runtime import Policies, Runtime
from app.storage.blobs import ObjectBlobs
from tests.pipeline import NeverStopping

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
KEYS = KeyRing(AppKeys(1, bytes(range(32))))


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


class NoJobs(NeverStopping):
    """A queue into which these use cases must put nothing."""

    def enqueue(self, transaction: Any, job: Job) -> None:
        raise AssertionError(f"no job is expected here, least of all {job.kind}")


def make_runtime(database: Database, passwords: Argon2Pool, folder: Path, clock: Clock) -> Runtime:
    return Runtime(
        database=database,
        now=clock,
        timepiece=SystemTime(),
        threads=ThreadPoolExecutor,
        vault=Vault.build(KEYS, FileEpochStore(folder), passwords),
        passwords=passwords,
        blobs=ObjectBlobs(MemoryStore()),
        renderer=PageRenderer(PdfLimits(), children=1),
        carriers={},
        jobs=NoJobs(),
        policies=Policies(
            public_url="http://localhost:8000",
            link_url="http://localhost:8000",
            upload_bytes=8_000_000,
            pdf=PdfLimits(),
            sheet=SheetLimits(),
            rcs_fallback=timedelta(minutes=15),
        ),
    )


def add_organisation(rt: Runtime, name: str = "Dupont SA") -> UUID:
    organisation = Organisation(
        name=name,
        slug=name.lower().replace(" ", "-"),
        sender_name="DUPONT",
        contact="paie@example.com",
        public_key=bytes(32),
        private_key_sealed=bytes(32),
        created_at=NOW,
    )
    with rt.begin() as session:
        session.add(organisation)
        session.flush()
        journal.start(session, organisation.id)
    return organisation.id
