"""The service without its web and without its job engine: jobs are kept in a list and run when a test says so.

The engine has tests of its own (tests/engine), and stories run with the real one; this is for tests and benchmarks
that want to stand between two steps.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from app.carriers.base import Carrier
from app.core.jobs import DeadJob, Job
from app.db.models import Batch, Organisation
from app.db.queries import batches
from app.runtime import Runtime
from app.settings import Settings
from app.usecases.batches.receive_batch import BatchIntake, BatchOptions
from app.usecases.organisations.create_organisation import NewOrganisation, create_organisation
from app.wiring import Application, build
from app.worker import PIPELINE


class NeverStopping:
    """The parts of `app.core.jobs.Jobs` that concern a running engine, for tests without one."""

    def checkpoint(self) -> None:
        """Nothing stops here."""

    def dead(self) -> list[DeadJob]:
        """Jobs fail in the test itself here."""
        return []

    def purge(self, before: datetime, ticks_before: datetime) -> int:
        """Nothing is remembered long enough to be forgotten."""
        return 0


_CHUNK = 256 * 1024  # Uploads come in pieces.


@dataclass
class KeptJobs(NeverStopping):
    """`app.core.jobs.Jobs` that keeps what is enqueued. A key that was used before adds nothing."""

    waiting: deque[Job] = field(default_factory=deque)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def enqueue(self, _transaction: Any, job: Job) -> None:
        if (job.kind, job.key) not in self.seen:
            self.seen.add((job.kind, job.key))
            self.waiting.append(job)


@dataclass
class Pipeline:
    """A runtime with an organisation, and the jobs that wait."""

    application: Application
    rt: Runtime
    jobs: KeptJobs
    organisation: Organisation

    def receive(
        self, documents: Mapping[str, bytes], people: tuple[str, bytes], options: BatchOptions | None = None
    ) -> Batch:
        """Upload files as a clerk would."""
        with BatchIntake(self.rt, self.organisation.id, "clerk") as intake:
            for role, name, data in [
                ("people", *people),
                *(("documents", name, data) for name, data in documents.items()),
            ]:
                with intake.add_file("people" if role == "people" else "documents", name) as file:
                    for start in range(0, len(data), _CHUNK):
                        file.write(data[start : start + _CHUNK])
            return intake.commit(options or BatchOptions(title="Paie"))

    def run(self, *kinds: str) -> None:
        """Run waiting jobs, and those they enqueue; only of these kinds when some are named."""
        left: deque[Job] = deque()
        while self.jobs.waiting:
            job = self.jobs.waiting.popleft()
            if kinds and job.kind not in kinds:
                left.append(job)
                continue
            PIPELINE[job.kind](self.rt, *job.ids)
        self.jobs.waiting.extend(left)

    def batch(self, batch_id: UUID) -> Batch:
        """The batch as it is now."""
        with self.rt.read() as session:
            found = batches.get_any(session, batch_id)
        assert found is not None
        return found


@contextmanager
def pipeline(
    folder: Path,
    *,
    database_url: str = "",
    now: Callable[[], datetime] | None = None,
    carriers: Mapping[str, Carrier] | None = None,
    **settings: Any,
) -> Iterator[Pipeline]:
    """A pipeline on its own data folder. `now` and `carriers` may be replaced, as ports."""
    application = build(Settings(data_dir=folder, database_url=database_url, **settings))
    jobs = KeptJobs()
    rt = replace(application.runtime, jobs=jobs)
    if now is not None:
        rt = replace(rt, now=now)
    if carriers is not None:
        rt = replace(rt, carriers=carriers)
    try:
        organisation = create_organisation(
            rt, NewOrganisation("Atelier Exemple", "ATELIER", "paie@exemple.test")
        )
        yield Pipeline(application, rt, jobs, organisation)
    finally:
        application.close()
