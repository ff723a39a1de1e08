"""The service on a real port of this machine, with a payroll released and delivered to the simulated phones.

Everything is real but the job engine (jobs run when a test says so, see tests/pipeline.py) and the clock, which runs
and can be pushed forward. Links are read where recipients read them: on the phones.
"""

import hashlib
import logging
import re
import socket
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.cookiejar import Cookie, DefaultCookiePolicy
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.request import Request
from uuid import UUID

import httpx
import uvicorn
from fastapi import FastAPI

from app.carriers.base import Inbound, Report
from app.db.models import Document
from app.db.queries import documents
from app.documents.sample_payroll import make_sample
from app.main import create_app
from app.runtime import Runtime
from app.settings import Settings
from app.usecases.accounts.create_user import create_user
from app.usecases.accounts.identify_session import identify_session
from app.usecases.accounts.log_in import LoggedIn, log_in
from app.usecases.batches.receive_batch import BatchOptions
from app.usecases.batches.release_batch import release_batch
from app.usecases.messages.record_inbound import record_inbound
from app.usecases.messages.record_report import record_report
from app.usecases.organisations.create_organisation import NewOrganisation, create_organisation
from app.web.auth import CSRF_HEADER, console_cookie
from links.text import LinkText, parse
from rcs.cards import OpenLink
from tests.pipeline import Pipeline, pipeline

START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)  # a Wednesday morning: every sending window is open
EMAIL, LOGIN = "paie@exemple.test", "une phrase assez longue"
JOURNAL_TABLES = frozenset({"journal_event", "journal_head"})


class RunningClock:
    """Real time, moved to the story's day, that a test may push forward."""

    def __init__(self) -> None:
        self._begin = monotonic()
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return START + timedelta(seconds=monotonic() - self._begin) + self._ahead

    def push(self, **by: float) -> None:
        self._ahead += timedelta(**by)


@dataclass(frozen=True)
class Letter:
    """What one person received, and what they know."""

    phone: str
    url: str
    ref: str
    period: str
    document_id: UUID
    pages: int
    secret: str = field(repr=False)
    password: str = field(repr=False)


@dataclass
class Records:
    """Every log record of the process, as text with its arguments and exception."""

    lines: list[str] = field(default_factory=list)

    def handler(self) -> logging.Handler:
        records = self.lines

        class Keep(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                if record.name.startswith(("httpx", "httpcore")):
                    return  # the tests' own client
                trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
                records.append(f"{record.name} {record.getMessage()} {record.__dict__} {trace}")

        return Keep()


@dataclass
class Live:
    """A running service. `client()` is a browser without a screen, in a network of its own."""

    house: Pipeline
    app: FastAPI
    clock: RunningClock
    base: str
    folder: Path
    logs: Records
    _clients: list[httpx.Client] = field(default_factory=list)
    _batches: int = 0
    _letters: list[Letter] = field(default_factory=list)

    @property
    def rt(self) -> Runtime:
        return self.house.rt

    def client(self, *, cookies: bool = True) -> httpx.Client:
        """Each client comes from another network, so that limits of one test do not touch the next."""
        number = len(self._clients)
        headers = {"X-Forwarded-For": f"10.{number // 250}.{number % 250}.7"}
        client = httpx.Client(base_url=self.base, headers=headers, timeout=30)
        self._clients.append(client)
        if not cookies:
            client.cookies.jar.set_policy(_NoCookies())
        return client

    def close(self) -> None:
        """Close every client."""
        for client in self._clients:
            client.close()

    def clerk(self) -> httpx.Client:
        """A client that is logged in to the console, with the token of its forms in `headers`."""
        client = self.client()
        logged = log_in(self.rt, EMAIL, LOGIN, "192.0.2.0/24", self.rt.now())
        assert isinstance(logged, LoggedIn)
        account = identify_session(self.rt, logged.token, self.rt.now())
        assert account is not None
        client.cookies.set(console_cookie(self.app.state.web), logged.token)
        client.headers[CSRF_HEADER] = account.csrf_token
        return client

    def letter(self) -> Letter:
        """A letter that no test has touched."""
        if not self._letters:
            self._letters = self.send()
        return self._letters.pop(0)

    def send(
        self, *, people: int = 24, policy: str = "sheet", expires_on: str = "2026-12-31"
    ) -> list[Letter]:
        """Upload, review and release a payroll of a month of its own, and let the network deliver it. Another payroll
        of the same month would replace the links of the first."""
        self._batches += 1
        month = 12 * 2026 + 10 - self._batches  # from October 2026 back
        sample = make_sample(1, date(month // 12, month % 12 + 1, 1), people=people)
        house = self.house
        batch = house.receive(
            {"bulletins.pdf": sample.pdf},
            ("effectif.xlsx", sample.sheet_xlsx),
            BatchOptions(title=f"Paie {self._batches}", expires_on=expires_on, password_policy=policy),
        )
        house.run()
        with self.rt.begin() as session:
            for line in documents.of_batch(session, batch.id):
                if any(finding["severity"] == "blocking" for finding in line.findings):
                    line.state = "excluded"
                    session.add(line)
        release_batch(self.rt, house.organisation.id, batch.id, "clerk")
        house.run()
        self.deliver()
        with self.rt.read() as session:
            lines = documents.of_batch(session, batch.id)
        codes = {_e164(person.phone): person.access_code for person in sample.people}
        received = self.received()
        return [
            Letter(
                phone=phone,
                url=received[phone][0],
                ref=received[phone][1].ref,
                period=line.period,
                document_id=line.id,
                pages=len(line.pages),
                secret=received[phone][1].secret,
                password=codes[phone],
            )
            for line in lines
            if line.state == "sealed" and (phone := self._phone(line)) in received
        ]

    def _phone(self, line: Document) -> str:
        assert line.phone_sealed is not None
        return self.rt.vault.columns.open_column(
            line.organisation_id, "document", "phone", line.id, line.phone_sealed
        )

    def deliver(self) -> None:
        """Let the simulated network do all that is due."""
        network = self.house.application.network
        for _ in range(40):
            self.clock.push(seconds=0.5)
            notices = network.tick(self.rt.now())
            for notice in notices:
                record(self.rt, notice.event)
            network.acknowledge([notice.id for notice in notices])

    def received(self) -> dict[str, tuple[str, LinkText]]:
        """The latest link on each phone, with its address as it stands there."""
        phones = self.house.application.phones
        found = {}
        for summary in phones.recent(self.house.organisation.id, limit=500, offset=0):
            for message in phones.show(self.house.organisation.id, summary.id).messages:
                url = _url(message.text) if message.card is None else _card_url(message.card.suggestions)
                link = parse(url)
                if isinstance(link, LinkText):
                    found[summary.number] = (url, link)
                    break
        return found

    def rows(self, *, journal: bool = False) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, as SQLite holds them; without the journal unless asked."""
        with sqlite3.connect(self.folder / "pli.db") as connection:
            names = [
                name
                for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                if journal or name not in JOURNAL_TABLES
            ]
            dump = {name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr) for name in names}
        connection.close()
        return dump

    def journal(self, letter: Letter) -> list[str]:
        """Tags of the events about a document and its link, in order."""
        with sqlite3.connect(self.folder / "pli.db") as connection:
            link = connection.execute("SELECT id FROM link WHERE ref = ?", (letter.ref,)).fetchone()[0]
            rows = connection.execute(
                "SELECT tag FROM journal_event WHERE subject_id IN (?, ?) ORDER BY seq",
                (link, letter.document_id.hex),
            ).fetchall()
        connection.close()
        return [tag for (tag,) in rows]

    def is_sealed_part(self, letter: Letter, data: bytes) -> bool:
        """Whether these are the bytes that were sealed, by the keyed hash that the line keeps of them."""
        with self.rt.read() as session:
            line = documents.get(session, self.house.organisation.id, letter.document_id)
        assert line is not None
        return line.content_index == self.rt.vault.columns.content_index(hashlib.sha256(data).digest())

    def link_row(self, letter: Letter) -> dict[str, Any]:
        """The row of the link."""
        with sqlite3.connect(self.folder / "pli.db") as connection:
            connection.row_factory = sqlite3.Row
            row = dict(connection.execute("SELECT * FROM link WHERE ref = ?", (letter.ref,)).fetchone())
        connection.close()
        return row


class _NoCookies(DefaultCookiePolicy):
    """That of a browser inside an app: nothing is kept."""

    def set_ok(self, cookie: Cookie, request: Request) -> bool:
        return False


def record(rt: Runtime, event: Report | Inbound) -> None:
    """What the worker does with an event of the network."""
    if isinstance(event, Report):
        record_report(rt, event)
    else:
        record_inbound(rt, event)


def unlock_form(letter: Letter, password: str | None = None, **changed: str) -> Mapping[str, str]:
    """What the page of a link posts."""
    return {
        "s": letter.secret,
        "link": "",
        "password": letter.password if password is None else password,
        "nonce": "",
        "then": "open",
        **changed,
    }


@contextmanager
def live_house(folder: Path, **settings: Any) -> Iterator[Live]:
    """A service in a thread of this process, with an organisation that may use the simulator, and a clerk."""
    clock, logs = RunningClock(), Records()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given: dict[str, Any] = {"port": port, "trusted_proxies": "127.0.0.0/8", "argon2_threads": 2, **settings}
    root, handler = logging.getLogger(), logs.handler()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    with pipeline(folder, now=clock, **given) as house:
        house.organisation = create_organisation(
            house.rt,
            NewOrganisation(
                "Boulangerie Épi", "EPI", "paie@exemple.test ou 01 99 00 12 34", simulator_only=True
            ),
        )
        create_user(
            house.rt,
            house.organisation.id,
            email=EMAIL,
            name="Camille Exemple",
            password=LOGIN,
            role="clerk",
            language="fr",
            actor="operator",
            now=clock(),
        )
        application = house.application
        app = create_app(Settings(data_dir=folder, **given), application)
        app.state.runtime = house.rt
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                host="127.0.0.1",
                port=port,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )
        thread = threading.Thread(target=server.run, name="live", daemon=True)
        thread.start()
        while not server.started:
            sleep(0.01)
        live = Live(house, app, clock, f"http://localhost:{port}", folder, logs)
        try:
            yield live
        finally:
            live.close()
            server.should_exit = True
            thread.join(10)
            root.removeHandler(handler)
            root.setLevel(level)


def _url(text: str) -> str:
    found = re.search(r"https?://\S+", text)
    return found[0] if found else ""


def _card_url(suggestions: tuple[object, ...]) -> str:
    return next((each.url for each in suggestions if isinstance(each, OpenLink)), "")


def _e164(written: str) -> str:
    return "+33" + written.replace(" ", "")[1:]
