"""A pay office and its people, played without a browser: upload, review, release, phones, opening.

The real use cases run on the real stores and the simulated network. Only the clock can be moved.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from pypdf import PdfReader
from sqlmodel import SQLModel

from app.carriers.base import Carrier, Inbound, Report
from app.carriers.simulated.phones import PhoneMessage
from app.core import clock
from app.core.errors import Conflict
from app.db.models import Attempt, Batch, Document, Message, Template
from app.db.payroll.faces import read_face
from app.db.queries import batches, documents, journal, messages, organisations
from app.messaging.sending.senders import PROFILES, Kind
from app.messaging.texts.notices import PAYSLIP_NOTICE
from app.usecases.batches.exclude_blocking import exclude_blocking
from app.usecases.batches.finish_batches import finish_batches
from app.usecases.batches.receive_batch import BatchOptions
from app.usecases.batches.release_batch import release_batch
from app.usecases.batches.show_blocking import show_blocking
from app.usecases.documents.confirm_finding import confirm_finding
from app.usecases.documents.exclude_document import exclude_document
from app.usecases.messages.expire_attempts import expire_attempts
from app.usecases.messages.record_inbound import record_inbound
from app.usecases.messages.record_report import record_report
from app.usecases.messages.release_held import release_held
from app.usecases.opening.read_document import authorize_bytes
from app.usecases.opening.unlock_document import Outcome, Unlocked, unlock_document
from app.usecases.operations.verify_journal import verify_journal
from links.text import LinkText, parse
from rcs.cards import OpenLink
from tests.pipeline import Pipeline
from tests.stories.payroll import OCTOBER, Employee, e164, list_of, pdf_of

CLERK = "clerk"
NET = "192.0.2.0/24"


@dataclass
class Clock:
    """Real time, some way ahead."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return clock.now() + self.ahead

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self.ahead += timedelta(**by)

    def set_to(self, instant: datetime) -> None:
        """Go on from another instant."""
        self.ahead = instant - clock.now()


@dataclass(frozen=True)
class Line:
    """One line of the review, in clear."""

    id: UUID
    staff: str
    match: str
    state: str
    pages: tuple[int, ...]
    findings: Mapping[str, str]
    document: Document = field(repr=False)

    @property
    def blocking(self) -> set[str]:
        return {code for code, severity in self.findings.items() if severity == "blocking"}


@dataclass
class Story:
    """One organisation from upload to opening."""

    pipeline: Pipeline
    clock: Clock
    folder: Path

    def __post_init__(self) -> None:
        self.rt = self.pipeline.rt
        self.id = self.pipeline.organisation.id

    def use_carrier(self, carrier: Carrier) -> None:
        """From now on messages leave by this one."""
        self.use_carriers(simulator=carrier)

    def use_carriers(self, **carriers: Carrier) -> None:
        """The same, of several by name."""
        self.rt = self.pipeline.rt = replace(self.rt, carriers=carriers)

    def upload(
        self,
        people: Sequence[Employee],
        *,
        without: Sequence[str] = (),
        period: Any = OCTOBER,
        **options: Any,
    ) -> Batch:
        """A merged PDF and its list, cut and laid beside each other."""
        return self.upload_files(
            {"bulletins.pdf": pdf_of(people, period)},
            ("salaries.csv", list_of(people, without=without)),
            **options,
        )

    def upload_files(self, files: Mapping[str, bytes], people: tuple[str, bytes], **options: Any) -> Batch:
        """Any files, as far as the review or the failure."""
        batch = self.pipeline.receive(files, people, BatchOptions(**{"title": "Paie", **options}))
        self.pipeline.run("split_batch")
        return self.pipeline.batch(batch.id)

    def review(self, batch: Batch) -> list[Line]:
        """Every line, in review order."""
        with self.rt.read() as session:
            lines = documents.of_batch(session, batch.id)
        return [
            Line(
                line.id,
                read_face(self.rt.vault, line).staff_number,
                line.match,
                line.state,
                tuple(line.pages),
                {finding["code"]: finding["severity"] for finding in line.findings},
                line,
            )
            for line in lines
        ]

    def line(self, batch: Batch, staff: str) -> Line:
        """The one line of a staff number."""
        (found,) = [line for line in self.review(batch) if line.staff == staff]
        return found

    def exclude(self, line: Line) -> None:
        exclude_document(self.rt, self.id, line.id, CLERK)

    def confirm(self, line: Line, code: str) -> None:
        confirm_finding(self.rt, self.id, line.id, code, CLERK)

    def exclude_blocking(self, batch: Batch) -> int:
        """Leave out every line that blocks; how many they were."""
        seen = [line.id for line in show_blocking(self.rt, self.id, batch.id).lines]
        _lot, lines = exclude_blocking(self.rt, self.id, batch.id, seen, CLERK)
        return lines

    def release(self, batch: Batch) -> None:
        """Let it go, as far as the queue of messages."""
        release_batch(self.rt, self.id, batch.id, CLERK)
        self.pipeline.run("announce_block")

    def refused_release(self, batch: Batch) -> str:
        """The code of a release that must not pass."""
        with pytest.raises(Conflict) as refusal:
            self.release(batch)
        return refusal.value.code

    def phone_of(self, line: Line) -> str:
        """The number of a line, E.164."""
        return read_face(self.rt.vault, line.document).phone

    def assert_each_phone_opens_its_own(self, batch: Batch, codes: Mapping[str, str]) -> list[str]:
        """Every line that left is one message on one phone, and opens that person's payslip and nobody else's.

        Returns their staff numbers.
        """
        lines = [line for line in self.review(batch) if line.state == "sealed"]
        everybody = {line.staff for line in lines}
        for line in lines:
            (message,) = self.phone(self.phone_of(line))
            text = self.read(message, codes[line.staff])
            assert {staff for staff in everybody if staff in text} == {line.staff}
        return [line.staff for line in lines]

    def send(self, batch: Batch) -> None:
        """Release it, and let the network deliver everything that can be delivered at once."""
        self.release(batch)
        self.let_network_work()

    def sent(self, *people: Employee, **options: Any) -> Batch:
        """Upload and send at once."""
        batch = self.upload(people, **options)
        self.send(batch)
        return batch

    def only_message(self, batch: Batch) -> Message:
        """The message of a batch for one person."""
        (message,) = self.messages_of(batch).values()
        return message

    def let_network_work(self, rounds: int = 3) -> None:
        """Run every job, let two seconds pass, record what the network tells; some rounds of it."""
        for _ in range(rounds):
            self.pipeline.run()
            self.clock.forward(seconds=2)
            self.hear()
        self.pipeline.run()

    def hear(self) -> None:
        """Record what the network has to tell now, as the worker's loop does."""
        network = self.pipeline.application.network
        notices = network.tick(self.clock())
        for notice in notices:
            if isinstance(notice.event, Report):
                record_report(self.rt, notice.event)
            elif isinstance(notice.event, Inbound):
                record_inbound(self.rt, notice.event)
        network.acknowledge([notice.id for notice in notices])

    def timers(self) -> None:
        """The timers of messages and batches, once, with the jobs they cause."""
        expire_attempts(self.rt)
        release_held(self.rt)
        self.pipeline.run()
        finish_batches(self.rt)

    def phone(self, typed: str) -> list[PhoneMessage]:
        """What a phone shows, oldest first; nothing when it was never written to."""
        phones = self.pipeline.application.phones
        found = phones.find(self.id, e164(typed))
        return list(reversed(phones.show(self.id, found.id).messages)) if found else []

    def answer(self, typed: str, text: str) -> None:
        """The person answers the last message."""
        phones = self.pipeline.application.phones
        found = phones.find(self.id, e164(typed))
        assert found is not None
        phones.reply(self.id, found.id, self.phone(typed)[-1].sender, text, self.clock())
        self.hear()

    def link_in(self, message: PhoneMessage) -> LinkText:
        """The link of a message; the button of a card carries the same one."""
        link = parse(message.text)
        assert isinstance(link, LinkText), message.text
        if message.card is not None:
            (button,) = [one for one in message.card.suggestions if isinstance(one, OpenLink)]
            assert parse(button.url) == link
        return link

    def try_to_open(self, link: LinkText, password: str) -> Outcome:
        return unlock_document(self.rt, link.ref, link.secret, password, NET, self.clock())

    def read(self, message: PhoneMessage, password: str) -> str:
        """Open a message's link with the password; what the document says."""
        link = self.link_in(message)
        outcome = self.try_to_open(link, password)
        assert isinstance(outcome, Unlocked), outcome
        readable = authorize_bytes(self.rt, link.ref, outcome.value, self.clock())
        assert readable is not None
        pages = PdfReader(io.BytesIO(readable.whole())).pages
        return "\n".join(page.extract_text() for page in pages)

    def messages_of(self, batch: Batch) -> dict[str, Message]:
        """The newest message of each person, by staff number."""
        found: dict[str, Message] = {}
        with self.rt.read() as session:
            for line in self.review(batch):
                for message in messages.of_document(session, line.id):
                    found[line.staff] = message
        return found

    def attempts_of(self, message: Message) -> list[Attempt]:
        with self.rt.read() as session:
            return messages.attempts_of(session, message.id)

    def states(self, batch: Batch) -> dict[str, str]:
        """State of each person's message, by staff number."""
        return {staff: message.state for staff, message in self.messages_of(batch).items()}

    def progress(self, batch: Batch) -> batches.Progress:
        with self.rt.read() as session:
            return batches.progress(session, batch.id)

    def change_organisation(self, **values: Any) -> None:
        with self.rt.begin() as session:
            organisation = organisations.get(session, self.id)
            assert organisation is not None
            for name, value in values.items():
                setattr(organisation, name, value)
            session.add(organisation)

    def change_sender(self, channel: str, **values: Any) -> None:
        with self.rt.begin() as session:
            for sender in organisations.every_sender(session, self.id):
                if PROFILES[Kind(sender.kind)].channel == channel:
                    for name, value in values.items():
                        setattr(sender, name, value)
                    session.add(sender)

    def change_templates(self, **values: Any) -> None:
        """Of the notice, in every language and channel."""
        with self.rt.begin() as session:
            template: Template
            for template in organisations.templates(session, self.id, PAYSLIP_NOTICE).values():
                for name, value in values.items():
                    setattr(template, name, value)
                session.add(template)

    def journal_tags(self, *subjects: UUID) -> list[str]:
        """What the journal tells of these, oldest first."""
        with self.rt.read() as session:
            return [event.tag for event in journal.about(session, self.rt.vault, self.id, subjects)]

    def check_journal(self) -> None:
        """The chain of the organisation holds from its first event to its last."""
        verdict = verify_journal(self.rt, self.id)
        assert verdict.sound, verdict

    def everything_stored(self) -> bytes:
        """Every byte of the database and of the blobs: files as they lie, or a dump of every table."""
        folder = self.folder
        parts = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
        if self.rt.database.is_sqlite:
            database = Path(self.rt.database.url.removeprefix("sqlite:///"))
            parts += [path.read_bytes() for path in database.parent.glob(f"{database.name}*")]
        else:
            with self.rt.read() as session:
                for table in SQLModel.metadata.sorted_tables:
                    for row in session.execute(sa.select(table)):
                        parts += [value if isinstance(value, bytes) else str(value).encode() for value in row]
        return b"\n".join(parts)
