"""A house without a web and without an engine, whose clock the tests push."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import select

from app.carriers.base import Inbound
from app.db.models import ConsentRecord, Message, Organisation
from app.db.queries import consents
from app.db.sending import answers
from app.messaging.permission.consent import Entry
from app.messaging.texts.notices import ANSWERS, PAYSLIP_NOTICE, STOP_DONE
from app.runtime import Runtime
from app.usecases.messages.record_inbound import record_inbound
from tests.pipeline import Pipeline, pipeline

START = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)  # a Wednesday morning
ZOE = "+33611001001"
SENDER = "36105"


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def push(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class House:
    """One organisation, and what a test asks of it."""

    pipeline: Pipeline
    clock: Clock
    _answers: int = field(default=0)

    @property
    def rt(self) -> Runtime:
        return self.pipeline.rt

    @property
    def organisation(self) -> Organisation:
        return self.pipeline.organisation

    @property
    def id(self) -> UUID:
        return self.organisation.id

    def hears(
        self, text: str, number: str = ZOE, postback: str = "", key: str = "", to: str = SENDER
    ) -> None:
        """Somebody answers."""
        self._answers += 1
        self.clock.push(seconds=1)
        record_inbound(
            self.rt,
            Inbound(self.id, number, to, text, self.clock(), key or f"answer-{self._answers}", postback),
        )

    def ledger(self, number: str = ZOE) -> list[Entry]:
        with self.rt.read() as session:
            return consents.ledger(session, self.id, self.rt.vault.phone_index(self.id, number))

    def facts(self, number: str = ZOE) -> list[str]:
        """What the ledger says, oldest first, contacts left out."""
        lines = sorted(self.ledger(number), key=lambda line: line.at)
        return [line.fact.value for line in lines if line.fact.value != "contacted_us"]

    def records(self) -> list[ConsentRecord]:
        with self.rt.read() as session:
            return list(session.exec(select(ConsentRecord).order_by(sa.text("recorded_at"))))

    def messages(self) -> list[Message]:
        """Everything that was ever queued, oldest first."""
        with self.rt.read() as session:
            return list(session.exec(select(Message).order_by(sa.text("created_at"))))

    def queue(self, category: str, number: str = ZOE, state: str = "queued") -> UUID:
        """A message that waits to leave, as a campaign would leave it."""
        with self.rt.begin() as session:
            held_to = self.rt.text_rules(session, self.id)
            message = answers.send(
                session, self.rt.vault, self.rt.jobs, held_to, number, STOP_DONE, "fr", self.clock()
            )
            assert message is not None
            message.category, message.state = category, state
            session.add(message)
            return message.id

    def texted(self, number: str = ZOE) -> None:
        """A notice reached the number two days ago: whoever was never written to gets no answer."""
        message = self.message(self.queue("transactional", number, "delivered"))
        message.template_key = PAYSLIP_NOTICE
        message.created_at -= timedelta(days=2)
        with self.rt.begin() as session:
            session.add(message)

    def answers(self) -> list[str]:
        """The keys of the texts that were sent to answer a keyword, oldest first."""
        return [one.template_key for one in self.messages() if one.template_key in ANSWERS]

    def message(self, message_id: UUID) -> Message:
        with self.rt.read() as session:
            return session.exec(select(Message).where(Message.id == message_id)).one()


@contextmanager
def open_house(folder: Path, database_url: str = "") -> Iterator[House]:
    clock = Clock()
    with pipeline(folder, database_url=database_url, now=clock) as opened:
        yield House(opened, clock)
