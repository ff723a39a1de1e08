"""Where the simulated network lives: the tables of `models/simulator.py`, with numbers and texts sealed."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.db.models.simulator import SimulatedHandset, SimulatedMessage, SimulatedReport
from app.db.queries import simulator as queries
from app.db.session import Database

HANDSET_TABLE = "simulated_handset"
PHONE_COLUMN = "phone"
MESSAGE_TABLE = "simulated_message"
BODY_COLUMN = "body"
PHONE_LABEL = "simulated-phone"

Seal = Callable[[UUID, str, str, UUID, str], bytes]
Open = Callable[[UUID, str, str, UUID, bytes], str]
Index = Callable[[UUID, str, str], bytes]


@dataclass(frozen=True)
class Seals:
    """How a column is sealed, opened and looked up.

    `seal(organisation_id, table, column, row_id, text)`, `open(organisation_id, table, column, row_id, sealed)`,
    `index(organisation_id, label, value)`.
    """

    seal: Seal
    open: Open
    index: Index


class SimulatorStore:
    """What `app.carriers.simulated.store` asks for, on our database."""

    def __init__(self, database: Database, seals: Seals) -> None:
        self._database = database
        self._seals = seals

    @contextmanager
    def begin(self) -> Iterator["SimulatorTransaction"]:
        """A transaction that commits at the end of the block."""
        with self._database.begin() as session:
            yield SimulatorTransaction(session, self._seals, hold=True)

    @contextmanager
    def read(self) -> Iterator["SimulatorTransaction"]:
        """A view; nothing is held or kept."""
        with self._database.read() as session:
            yield SimulatorTransaction(session, self._seals, hold=False)


class SimulatorTransaction:
    """One transaction. Rows are SQLModel rows: what is set on them is written at the commit."""

    def __init__(self, session: Session, seals: Seals, *, hold: bool) -> None:
        self._session = session
        self._seals = seals
        self._hold = hold

    def handset_at(self, organisation_id: UUID, number: str) -> SimulatedHandset | None:
        index = self._seals.index(organisation_id, PHONE_LABEL, number)
        return queries.handset_by_index(self._session, organisation_id, index, hold=self._hold)

    def handset_for(
        self, organisation_id: UUID, number: str, now: datetime, *, powered: bool, rcs: bool
    ) -> SimulatedHandset:
        known = self.handset_at(organisation_id, number)
        if known is not None:
            return known
        handset = SimulatedHandset(
            organisation_id=organisation_id,
            phone_sealed=b"",
            phone_index=self._seals.index(organisation_id, PHONE_LABEL, number),
            powered=powered,
            rcs=rcs,
            created_at=now,
        )
        handset.phone_sealed = self._seals.seal(
            organisation_id, HANDSET_TABLE, PHONE_COLUMN, handset.id, number
        )
        queries.add_handset_once(self._session, handset)
        made = self.handset_at(organisation_id, number)
        if made is None:
            raise LookupError("a phone that was just made is missing")
        return made

    def handset(self, organisation_id: UUID, handset_id: UUID) -> SimulatedHandset | None:
        return queries.handset(self._session, organisation_id, handset_id, hold=self._hold)

    def number(self, handset_id: UUID) -> str:
        handset = self._session.get_one(SimulatedHandset, handset_id)
        return self._seals.open(
            handset.organisation_id, HANDSET_TABLE, PHONE_COLUMN, handset.id, handset.phone_sealed
        )

    def message_of(self, attempt_id: UUID) -> SimulatedMessage | None:
        return queries.message_by_attempt(self._session, attempt_id, hold=False)

    def held_message_of(self, attempt_id: UUID) -> SimulatedMessage | None:
        return queries.message_by_attempt(self._session, attempt_id, hold=True)

    def message_in_outage(self, handset_id: UUID, channel: str) -> SimulatedMessage | None:
        return queries.message_in_outage(self._session, handset_id, channel)

    def message(self, organisation_id: UUID, message_id: UUID) -> SimulatedMessage | None:
        return queries.message(self._session, organisation_id, message_id)

    def owner(self, message_id: UUID) -> SimulatedMessage:
        return self._session.get_one(SimulatedMessage, message_id)

    def body(self, message_id: UUID) -> str | None:
        row = self.owner(message_id)
        if row.body_sealed is None:
            return None
        return self._seals.open(row.organisation_id, MESSAGE_TABLE, BODY_COLUMN, row.id, row.body_sealed)

    def add_message(
        self,
        *,
        organisation_id: UUID,
        handset_id: UUID,
        attempt_id: UUID | None,
        channel: str,
        sender: str,
        body: str,
        state: str,
        now: datetime,
        due_at: datetime | None,
        expires_at: datetime | None,
    ) -> SimulatedMessage:
        message = SimulatedMessage(
            organisation_id=organisation_id,
            handset_id=handset_id,
            attempt_id=attempt_id,
            channel=channel,
            sender=sender,
            body_sealed=None,
            state=state,
            due_at=due_at,
            expires_at=expires_at,
            created_at=now,
        )
        message.body_sealed = self._seals.seal(organisation_id, MESSAGE_TABLE, BODY_COLUMN, message.id, body)
        self._session.add(message)
        self._session.flush()
        return message

    def add_report(
        self, message_id: UUID, *, state: str, code: str, occurred_at: datetime, due_at: datetime
    ) -> None:
        self._session.add(
            SimulatedReport(
                message_id=message_id, state=state, code=code, occurred_at=occurred_at, due_at=due_at
            )
        )

    def anything_due(self, now: datetime) -> bool:
        return queries.anything_due(self._session, now)

    def due_messages(self, now: datetime, limit: int) -> Sequence[SimulatedMessage]:
        return queries.due_messages(self._session, now, limit)

    def due_reports(self, now: datetime, limit: int) -> Sequence[SimulatedReport]:
        return queries.due_reports(self._session, now, limit)

    def remove_reports(self, report_ids: Collection[UUID]) -> None:
        queries.remove_reports(self._session, report_ids)

    def erase_bodies(self, before: datetime) -> int:
        return queries.erase_bodies(self._session, before)

    def handsets(self, organisation_id: UUID, limit: int, offset: int) -> Sequence[SimulatedHandset]:
        return queries.handsets(self._session, organisation_id, limit, offset)

    def count_handsets(self, organisation_id: UUID) -> int:
        return queries.count_handsets(self._session, organisation_id)

    def shown_messages(self, handset_id: UUID, limit: int) -> Sequence[SimulatedMessage]:
        return queries.shown_messages(self._session, handset_id, limit)

    def latest_shown(self, handset_ids: Collection[UUID]) -> Mapping[UUID, SimulatedMessage]:
        return queries.latest_shown(self._session, handset_ids)

    def count_unread(self, handset_ids: Collection[UUID]) -> Mapping[UUID, int]:
        return queries.count_unread(self._session, handset_ids)

    def count_waiting(self, handset_ids: Collection[UUID]) -> Mapping[UUID, int]:
        return queries.count_waiting(self._session, handset_ids)
