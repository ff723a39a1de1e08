"""What the simulated network asks of its storage. Numbers and texts are sealed below this port and clear above it.

The row shapes are protocols, so that the tables of `app.db` satisfy them without knowing this package.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True)
class Body:
    """What a message says. `card` is the JSON body of an RCS message, `postback` the data of a tapped button.

    What a tap made the phone itself do is either `dialled`, the number it prepared a call to, or `noted`, the title of
    what it put in its calendar, for `noted_for` (ISO 8601 with offset).
    """

    text: str
    card: dict[str, Any] | None = None
    postback: str = ""
    dialled: str = ""
    noted: str = ""
    noted_for: str = ""

    def to_json(self) -> str:
        """One line of JSON, as it is sealed."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Body":
        """The reverse of `to_json`."""
        return cls(**json.loads(text))


class Handset(Protocol):
    """A phone."""

    id: UUID
    organisation_id: UUID
    powered: bool
    rcs: bool


class NetworkMessage(Protocol):
    """A message in the network or on a phone; changes to it are kept when the transaction commits."""

    id: UUID
    organisation_id: UUID
    handset_id: UUID
    attempt_id: UUID | None
    channel: str
    sender: str
    body_sealed: bytes | None
    state: str
    due_at: datetime | None
    expires_at: datetime | None
    created_at: datetime
    delivered_at: datetime | None
    read_at: datetime | None


class OwedReport(Protocol):
    """Something the network has to tell, see `SimulatedReport`."""

    id: UUID
    message_id: UUID
    state: str
    code: str
    occurred_at: datetime
    due_at: datetime
    tries: int


class SimulatorTransaction(Protocol):
    """What can be read and written at once. What is read to be changed is held until the end."""

    def handset_at(self, organisation_id: UUID, number: str) -> Handset | None:
        """The phone with this number (E.164)."""

    def handset_for(
        self, organisation_id: UUID, number: str, now: datetime, *, powered: bool, rcs: bool
    ) -> Handset:
        """The phone with this number, made with these switches when there is none. Held."""

    def handset(self, organisation_id: UUID, handset_id: UUID) -> Handset | None:
        """One phone of the organisation. Held."""

    def number(self, handset_id: UUID) -> str:
        """The number of a phone, E.164."""

    def message_of(self, attempt_id: UUID) -> NetworkMessage | None:
        """The message that was submitted as this attempt."""

    def held_message_of(self, attempt_id: UUID) -> NetworkMessage | None:
        """The same. Held."""

    def message_in_outage(self, handset_id: UUID, channel: str) -> NetworkMessage | None:
        """What a failing network did not take for this phone, and nobody has tried again since. Held."""

    def message(self, organisation_id: UUID, message_id: UUID) -> NetworkMessage | None:
        """One message of the organisation. Held."""

    def owner(self, message_id: UUID) -> NetworkMessage:
        """The message that something is owed about."""

    def body(self, message_id: UUID) -> str | None:
        """The JSON of a `Body`; None once it was erased."""

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
    ) -> NetworkMessage:
        """Add a message."""

    def add_report(
        self, message_id: UUID, *, state: str, code: str, occurred_at: datetime, due_at: datetime
    ) -> None:
        """Add something to tell at `due_at`."""

    def anything_due(self, now: datetime) -> bool:
        """Whether `due_messages` or `due_reports` would find something."""

    def due_messages(self, now: datetime, limit: int) -> Sequence[NetworkMessage]:
        """Messages to hand to a phone that can take them, or whose lifetime ended. Held; skips what others hold."""

    def due_reports(self, now: datetime, limit: int) -> Sequence[OwedReport]:
        """What is to be told now, oldest first. Held; skips what others hold."""

    def remove_reports(self, report_ids: Collection[UUID]) -> None:
        """Forget what was told."""

    def erase_bodies(self, before: datetime) -> int:
        """Erase the texts of messages older than this that nothing is owed about; how many there were."""

    def handsets(self, organisation_id: UUID, limit: int, offset: int) -> Sequence[Handset]:
        """Phones of the organisation, latest activity first."""

    def count_handsets(self, organisation_id: UUID) -> int:
        """How many phones the organisation has."""

    def shown_messages(self, handset_id: UUID, limit: int) -> Sequence[NetworkMessage]:
        """What the phone shows, latest first: delivered to it or sent from it."""

    def latest_shown(self, handset_ids: Collection[UUID]) -> Mapping[UUID, NetworkMessage]:
        """The latest of them, by phone."""

    def count_unread(self, handset_ids: Collection[UUID]) -> Mapping[UUID, int]:
        """How many delivered messages nobody looked at, by phone; phones without are missing."""

    def count_waiting(self, handset_ids: Collection[UUID]) -> Mapping[UUID, int]:
        """How many messages wait in the network, by phone; phones without are missing."""


class SimulatorStore(Protocol):
    """Where the simulated network keeps everything, durably."""

    def begin(self) -> AbstractContextManager[SimulatorTransaction]:
        """A transaction that commits at the end of the block."""

    def read(self) -> AbstractContextManager[SimulatorTransaction]:
        """A view; nothing is held or kept."""
