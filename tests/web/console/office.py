"""A pay office: the whole application without its job engine, a browser without a screen, and phones that answer."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from app.carriers.base import Report
from app.db.models import Document
from app.db.queries import documents
from app.documents.sample_payroll import SamplePayroll, make_sample
from app.main import create_app
from app.runtime import Runtime
from app.settings import Settings
from app.usecases.accounts.create_user import create_user
from app.usecases.messages.record_report import record_report
from app.usecases.organisations.create_organisation import NewOrganisation, create_organisation
from tests.pipeline import Pipeline, pipeline
from tests.web.client import TestClient
from tests.web.live import RunningClock

PASSWORD = "sous la pluie de novembre"
HOST = "http://localhost:8000"
_LINES = re.compile(r'name="lines" value="([0-9a-f -]+)"')
_CSRF = re.compile(r'name="csrf" value="([A-Za-z0-9_-]+)"')


class Browser:
    """Follows redirects, keeps cookies, and sends forms with the token of the page it is on."""

    def __init__(self, app: FastAPI) -> None:
        self.client = TestClient(app, base_url=HOST, raise_server_exceptions=False)
        self.csrf = ""

    def get(self, path: str, **parameters: str) -> Any:
        return self._seen(self.client.get(path, params=parameters))

    def post(self, path: str, **fields: str) -> Any:
        return self._seen(self.client.post(path, data={"csrf": self.csrf, **fields}))

    def log_in(self, email: str) -> "Browser":
        self.get("/app/login")
        answer = self.post("/app/login", email=email, password=PASSWORD, next="/app")
        assert answer.url.path == "/app/batches", answer.text
        return self

    def exclude_blocking(self, address: str) -> Any:
        """Leave out what the page of the blocked lines names."""
        shown = _LINES.search(self.get(f"{address}/exclude").text)
        return self.post(f"{address}/exclude", lines=shown[1] if shown else "")

    def upload(self, files: Sequence[tuple[str, tuple[str, bytes]]], **fields: str) -> Any:
        texts = {"csrf": self.csrf, "title": "Paie de septembre", "password_policy": "sheet", **fields}
        return self._seen(self.client.post("/app/batches", data=texts, files=list(files)))

    def _seen(self, answer: Any) -> Any:
        if answer.headers.get("content-type", "").startswith("text/html") and (
            found := _CSRF.search(answer.text)
        ):
            self.csrf = found[1]
        return answer


@dataclass
class Office:
    """One organisation with people of every role."""

    house: Pipeline
    app: FastAPI
    clock: RunningClock
    _browsers: dict[str, Browser] = field(default_factory=dict)

    @property
    def rt(self) -> Runtime:
        return self.house.rt

    def browser(self, role: str = "clerk") -> Browser:
        """Somebody of this role, logged in."""
        if role not in self._browsers:
            self._browsers[role] = Browser(self.app).log_in(f"{role}@example.com")
        return self._browsers[role]

    def in_review(self, sample: SamplePayroll | None = None, **fields: str) -> str:
        """The address of a batch that waits for its review."""
        sample = sample or payroll()
        answer = self.browser().upload(files_of(sample), **fields)
        assert answer.status_code == 200, answer.text
        self.house.run()
        return str(answer.url.path)

    def released(self, sample: SamplePayroll | None = None, **fields: str) -> str:
        """The address of a batch whose messages have left; what blocked was left out."""
        address = self.in_review(sample, **fields)
        clerk = self.browser()
        clerk.get(f"{address}/review")
        clerk.exclude_blocking(address)
        answer = clerk.post(f"{address}/release", confirm="yes")
        assert answer.url.path == address, answer.text
        self.house.run()
        return address

    def deliver(self) -> None:
        """Let the simulated network do what is due in the next minute."""
        network = self.house.application.network
        for _ in range(60):
            self.clock.push(seconds=1)
            notices = network.tick(self.clock())
            for notice in notices:
                if isinstance(notice.event, Report):
                    record_report(self.rt, notice.event)
            network.acknowledge([notice.id for notice in notices])
            self.house.run()

    def lines(self, address: str) -> list[Document]:
        """The lines of a batch, in review order."""
        with self.rt.read() as session:
            return documents.of_batch(session, UUID(address.rpartition("/")[2]))

    def line(self, address: str, code: str) -> Document:
        """The first line with this finding."""
        return next(
            line for line in self.lines(address) if any(each["code"] == code for each in line.findings)
        )


def words(answer: Any) -> str:
    """What a page says, with every kind of space as one."""
    return " ".join(html.unescape(answer.text).split())


def payroll(month: int = 9, magic_phones: Sequence[str] = ()) -> SamplePayroll:
    """Payslips of the same eight people each month, with the mistakes real sheets have."""
    return make_sample(1, date(2026, month, 1), people=8, magic_phones=magic_phones)


def files_of(sample: SamplePayroll) -> list[tuple[str, tuple[str, bytes]]]:
    return [
        ("documents", ("bulletins.pdf", sample.pdf)),
        ("people", ("effectif.xlsx", sample.sheet_xlsx)),
    ]


@contextmanager
def open_office(folder: Path, **settings: Any) -> Iterator[Office]:
    clock = RunningClock()
    given: Mapping[str, Any] = {"argon2_threads": 2, "upload_max_mb": 2, **settings}
    with pipeline(folder, now=clock, **given) as house:
        house.organisation = create_organisation(
            house.rt, NewOrganisation("Boulangerie Épi", "EPI", "paie@example.com", simulator_only=True)
        )
        for role in ("owner", "clerk", "releaser", "auditor"):
            add_person(house.rt, house.organisation.id, role)
        app = create_app(Settings(data_dir=folder, **given), house.application)
        app.state.runtime = house.rt
        yield Office(house, app, clock)


def add_person(rt: Runtime, organisation_id: UUID, role: str, email: str = "") -> None:
    create_user(
        rt,
        organisation_id,
        email=email or f"{role}@example.com",
        name=f"{role.capitalize()} Exemple",
        password=PASSWORD,
        role=role,
        language="fr",
        actor="operator",
        now=rt.now(),
    )
