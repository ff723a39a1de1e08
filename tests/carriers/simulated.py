"""A small world around the simulated network: one organisation, a clock one moves by hand, real sealed tables."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlmodel import col

from app.carriers.base import Accepted, Channel, Inbound, Refused, Report, Submission
from app.carriers.simulated.carrier import SimulatorCarrier
from app.carriers.simulated.network import SimulatedNetwork
from app.carriers.simulated.phones import Phone, SimulatedPhones
from app.crypto.columns import Columns
from app.crypto.keyring import KeyRing
from app.db.models.organisation import Organisation
from app.db.models.simulator import SimulatedMessage
from app.db.sending.simulator_store import Seals, SimulatorStore
from app.db.session import Database
from rcs.cards import document_card, to_agent_message

START = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
ORDINARY = "+33611096033"
SENDER = "Atelier"
SECRET = "s3cretS3cretS3cret"
CARD = to_agent_message(
    document_card(
        language="fr",
        sender_name="Atelier Exemple",
        title="Un document vous attend",
        description="Votre bulletin de novembre.",
        link=f"https://d.example.fr/7K3MQ2X9#{SECRET}",
        ref="7K3MQ2X9",
        phone=None,
        remind_at=None,
    ),
    "TRANSACTION",
    900,
)


def magic(suffix: str) -> str:
    return f"+33612{suffix}"


@dataclass
class World:
    database: Database
    organisation: UUID
    carrier: SimulatorCarrier
    network: SimulatedNetwork
    phones: SimulatedPhones
    now: datetime = START

    def submit(
        self,
        to: str = ORDINARY,
        channel: Channel = "sms",
        *,
        attempt: UUID | None = None,
        ttl: int = 900,
        text: str = f"Votre bulletin : https://d.example.fr/7K3MQ2X9#{SECRET}",
    ) -> tuple[UUID, Accepted | Refused]:
        attempt = attempt or uuid4()
        card = CARD if channel == "rcs" else None
        submission = Submission(attempt, self.organisation, channel, SENDER, to, text, card, ttl)
        return attempt, self.carrier.submit(submission, self.now)

    def send(self, to: str = ORDINARY, channel: Channel = "sms", *, ttl: int = 900) -> UUID:
        """Submit what must be accepted; the attempt."""
        attempt, answer = self.submit(to, channel, ttl=ttl)
        assert isinstance(answer, Accepted)
        return attempt

    def wait(self, seconds: float) -> list[Report | Inbound]:
        """Let time pass in steps of half a second (five for a long wait), and record everything that is told."""
        events: list[Report | Inbound] = []
        step = timedelta(seconds=0.5 if seconds <= 60 else 5)
        until = self.now + timedelta(seconds=seconds)
        while self.now < until:
            self.now = min(self.now + step, until)
            notices = self.network.tick(self.now)
            self.network.acknowledge([notice.id for notice in notices])
            events += [notice.event for notice in notices]
        return events

    def states(self, seconds: float) -> list[str]:
        """The states of the reports that come while time passes."""
        return [event.state for event in self.wait(seconds) if isinstance(event, Report)]

    def phone(self, number: str = ORDINARY) -> Phone:
        summary = self.phones.find(self.organisation, number)
        assert summary is not None
        return self.phones.show(self.organisation, summary.id)

    def texts(self, number: str = ORDINARY) -> list[str]:
        return [message.text for message in self.phone(number).messages]


def add_organisation(database: Database, slug: str) -> UUID:
    organisation = Organisation(
        name="Atelier Exemple",
        slug=slug,
        sender_name=SENDER,
        contact="paie@example.fr",
        public_key=b"public",
        private_key_sealed=b"sealed",
        created_at=START,
    )
    with database.begin() as session:
        session.add(organisation)
    return organisation.id


def open_world(database: Database, organisation: UUID | None = None) -> World:
    """A world on a database, as a process that starts sees it."""
    columns = Columns(KeyRing.from_hex(1, {1: "11" * 32}))
    store = SimulatorStore(database, Seals(columns.seal_column, columns.open_column, columns.blind_index))
    return World(
        database,
        organisation or add_organisation(database, "atelier"),
        SimulatorCarrier(store),
        SimulatedNetwork(store),
        SimulatedPhones(store),
    )


def stored(world: World, attempt: UUID) -> SimulatedMessage:
    with world.database.read() as session:
        row = session.scalars(
            sa.select(SimulatedMessage).where(col(SimulatedMessage.attempt_id) == attempt)
        ).one()
        session.expunge(row)
        return row
