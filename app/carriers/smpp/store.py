"""What an SMPP connection asks of its storage. Numbers and texts are sealed below this port and clear above it.

The row shapes are protocols, so that the tables of `app.db` satisfy them without knowing this package. What is set on a
row is kept when the transaction commits. One process writes for one connection, and it writes one thing after another.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewPart:
    """A submission. `to` are bare digits, `body` the submit_sm without its header. `leaves_at` is its slot, None when it
    may leave at once."""

    id: UUID
    attempt_id: UUID
    number: int
    total: int
    to: str
    body: bytes = field(repr=False)
    leaves_at: datetime | None = None


class Part(Protocol):
    """A submission as it is kept, see `SmppPart`."""

    id: UUID
    attempt_id: UUID
    number: int
    total: int
    to_index: bytes
    reference: str
    state: str
    code: str
    vendor: str
    sent_at: datetime
    leaves_at: datetime | None
    done_at: datetime | None


class EarlyReceipt(Protocol):
    """A receipt whose submission is not known yet, see `SmppReceipt`."""

    id: UUID
    reference: str
    to_index: bytes
    state: str
    code: str
    vendor: str


class Lease(Protocol):
    """Who holds the connection, see `ConnectionLease`."""

    owner: str
    expires_at: datetime
    state: str
    reason: str
    state_at: datetime


class SmppTransaction(Protocol):
    """What can be read and written at once, for one connection."""

    def index(self, number: str) -> bytes:
        """What a number is kept as: the same for the same number, with or without its country code."""

    def add_parts(self, parts: Sequence[NewPart], state: str, now: datetime) -> None:
        """Write down submissions; with their bodies, sealed, when another process is to send them."""

    def parts(self, ids: Collection[UUID]) -> Mapping[UUID, Part]:
        """Submissions by id."""

    def parts_of(self, attempt_ids: Collection[UUID]) -> Sequence[Part]:
        """Every submission of some attempts."""

    def parts_named(self, references: Collection[str]) -> Sequence[Part]:
        """Submissions the SMSC gave one of these ids."""

    def parts_to(self, to_index: bytes) -> Sequence[Part]:
        """Submissions to one number, oldest first, at most some hundreds of the newest."""

    def parts_in(self, state: str, limit: int) -> Sequence[Part]:
        """Submissions in a state, oldest first; held, and what others hold is skipped."""

    def body(self, part_id: UUID) -> bytes:
        """What to send for another process. It is erased with this call."""

    def withdraw(self, ids: Collection[UUID]) -> None:
        """What is still offered of these is not: nobody took it, and nobody will."""

    def add_receipt(
        self, reference: str, to_index: bytes, state: str, code: str, vendor: str, now: datetime
    ) -> None:
        """Keep a receipt for later, once."""

    def receipts(self) -> Sequence[EarlyReceipt]:
        """Those that were kept for numbers something was sent to, newest first, at most some hundreds."""

    def remove_receipts(self, ids: Collection[UUID]) -> None:
        """They are recorded."""

    def series(self, told_by: str) -> bytes:
        """What the parts of one message from a person are kept under: the same for the same `told_by`."""

    def add_piece(self, series: bytes, number: int, total: int, content: str, now: datetime) -> None:
        """Keep one part of a message from a person, once."""

    def pieces(self, series: bytes) -> Mapping[int, str]:
        """The parts of a message that have come, by number."""

    def remove_pieces(self, series: bytes) -> None:
        """The message is recorded."""

    def stale_series(self, before: datetime) -> Sequence[bytes]:
        """Messages whose first part came before then and which are not complete."""

    def organisation_of(self, address: str) -> UUID | None:
        """Whose sender this is."""

    def lease(self) -> Lease | None:
        """Who holds the connection."""

    def take_lease(self, owner: str, now: datetime, expires_at: datetime) -> bool:
        """Become its holder, or stay it. False while another process holds it."""

    def give_lease_back(self, owner: str, now: datetime) -> None:
        """Let others have it at once."""

    def note_link(self, owner: str, state: str, reason: str, now: datetime) -> None:
        """Write down how the link stands, if this process still holds it."""

    def count_reported(self, since: datetime, before: datetime) -> tuple[int, int]:
        """How many submissions of that time were accepted, and on how many a receipt came."""

    def count_failures(self, since: datetime) -> Sequence[tuple[str, int]]:
        """By the carrier's number how many submissions it refused or failed to deliver since then, the most first."""

    def forget(self, parts_before: datetime, receipts_before: datetime) -> int:
        """Delete what is older; how many receipts nobody ever missed were among it."""


class SmppStore(Protocol):
    """Where one connection keeps what it must not forget."""

    def begin(self) -> AbstractContextManager[SmppTransaction]:
        """A transaction that commits at the end of the block."""

    def read(self) -> AbstractContextManager[SmppTransaction]:
        """A view; nothing is held or kept."""
