"""The API door alone, on a real runtime whose jobs run when a test says so."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app import wiring
from app.core.jobs import Job
from app.crypto.tokens import KeyMode
from app.runtime import Runtime
from app.settings import Settings
from app.usecases.accounts.create_api_key import create_api_key
from app.usecases.organisations.create_organisation import NewOrganisation, create_organisation
from app.web import api
from app.web.deps import WebConfig, attach
from app.web.problems import Answers, Problem, boundary, install
from app.web.security import stack
from app.worker import handlers
from tests.pipeline import NeverStopping
from tests.web.client import TestClient

HERE = "http://localhost"
MB = 1024 * 1024
SAMPLES = Path(__file__).resolve().parents[2] / "samples"
PDF = (SAMPLES / "payroll-reportlab.pdf").read_bytes()
SHEET = (SAMPLES / "people-reportlab.xlsx").read_bytes()
Files = Sequence[tuple[str, tuple[str, bytes]]]
FILES: Files = (("documents", ("paie.pdf", PDF)), ("people", ("effectif.xlsx", SHEET)))


class WaitingJobs(NeverStopping):
    """Keeps jobs until `House.work` runs them."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def enqueue(self, transaction: Any, job: Job) -> None:
        self.jobs.append(job)


class House:
    """One installation with the API door."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(data_dir=folder, upload_max_mb=1, public_url=HERE)
        self.application = wiring.build(settings)
        self.jobs = WaitingJobs()
        self.rt: Runtime = dataclasses.replace(self.application.runtime, jobs=self.jobs)
        self.folder = folder
        self._organisations = 0
        self.app = self._door()

    def close(self) -> None:
        self.application.close()

    def organisation(self, *, simulator_only: bool = False) -> UUID:
        self._organisations += 1
        new = NewOrganisation(
            f"Organisation {self._organisations}", "DUPONT", "paie@example.com", simulator_only=simulator_only
        )
        return create_organisation(self.rt, new).id

    def key(self, organisation_id: UUID, mode: KeyMode = "live") -> str:
        return create_api_key(
            self.rt, organisation_id, name="Paie", mode=mode, actor="test", now=self.rt.now()
        )

    def client(self, key: str | None) -> TestClient:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return TestClient(self.app, base_url=HERE, headers=headers, raise_server_exceptions=False)

    def work(self, *kinds: str) -> None:
        """Run the waiting jobs of these kinds, and drop the others."""
        run = handlers(self.rt)
        while self.jobs.jobs:
            job = self.jobs.jobs.pop(0)
            if job.kind in kinds:
                run[job.kind](*job.ids)

    def uploads(self) -> set[str]:
        return {str(path) for path in (self.folder / "blobs" / "uploads").rglob("*") if path.is_file()}

    def _door(self) -> FastAPI:
        answers = Answers(console=_no_page, recipient=_no_page)
        app = FastAPI(
            openapi_url=None,
            docs_url=None,
            redirect_slashes=False,
            middleware=stack(
                boundary(answers), public_url=HERE, link_url=HERE, allowed_hosts=(), upload_bytes=MB
            ),
        )
        install(app, answers)
        attach(app, self.rt, WebConfig(HERE, HERE))
        app.include_router(api.router)
        return app


def upload(client: TestClient, files: Files = FILES, key: str | None = None, **options: Any) -> Any:
    """What the door answers to an upload."""
    return client.post(
        "/v1/batches",
        files=list(files),
        data={"options": json.dumps(options)} if options else {},
        headers={"Idempotency-Key": key} if key else {},
    )


def _no_page(_request: Request, problem: Problem) -> Response:
    return PlainTextResponse(problem.code, problem.status)
