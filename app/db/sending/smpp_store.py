"""Where an SMPP connection keeps submissions, receipts and its lease: the tables of `models/smpp.py`, with numbers as
keyed hashes and texts sealed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

from sqlmodel import Session

from app.crypto.columns import Columns
from app.db.bulk import insert_rows
from app.db.models import ConnectionLease, SmppPart, SmppPiece, SmppReceipt
from app.db.queries import connections
from app.db.queries import smpp as queries
from app.db.sending.connections import HOUSE
from app.db.session import Database

PART_TABLE, BODY_COLUMN = "smpp_part", "body"
PIECE_TABLE, CONTENT_COLUMN = "smpp_piece", "content"
NUMBER_LABEL, SERIES_LABEL = "smpp-number", "smpp-series"
# A number comes back with its country code, or with a trunk 0 instead; its last digits are the same.
SAME_DIGITS = 9


class NewPart(Protocol):
    """What is asked to be written down."""

    @property
    def id(self) -> UUID: ...
    @property
    def attempt_id(self) -> UUID: ...
    @property
    def number(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def to(self) -> str: ...
    @property
    def body(self) -> bytes: ...
    @property
    def leaves_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class SmppStore:
    """What `app.carriers.smpp.store` asks for, for one connection."""

    database: Database
    columns: Columns
    connection_id: UUID

    @contextmanager
    def begin(self) -> Iterator["SmppTransaction"]:
        """A transaction that commits at the end of the block."""
        with self.database.begin() as session:
            yield SmppTransaction(session, self.columns, self.connection_id)

    @contextmanager
    def read(self) -> Iterator["SmppTransaction"]:
        """A view; nothing is held or kept."""
        with self.database.read() as session:
            yield SmppTransaction(session, self.columns, self.connection_id)


class SmppTransaction:
    """One transaction. Rows are SQLModel rows: what is set on them is written at the commit."""

    def __init__(self, session: Session, columns: Columns, connection_id: UUID) -> None:
        self._session, self._columns, self._connection = session, columns, connection_id

    def index(self, number: str) -> bytes:
        """What a number is kept as."""
        digits = "".join(char for char in number if char.isdecimal())
        return self._columns.blind_index(HOUSE, NUMBER_LABEL, digits[-SAME_DIGITS:] or number)

    def add_parts(self, parts: Sequence[NewPart], state: str, now: datetime) -> None:
        """Write down submissions."""
        offered = state == "offered"
        rows = [
            {
                "id": part.id,
                "connection_id": self._connection,
                "attempt_id": part.attempt_id,
                "number": part.number,
                "total": part.total,
                "to_index": self.index(part.to),
                "reference": "",
                "state": state,
                "code": "",
                "vendor": "",
                "body_sealed": self._seal(PART_TABLE, BODY_COLUMN, part.id, part.body.hex()) if offered else None,
                "leaves_at": part.leaves_at,
                "sent_at": part.leaves_at or now,
                "done_at": None,
            }
            for part in parts
        ]  # fmt: skip
        insert_rows(self._session, SmppPart, rows)

    def parts(self, ids: Collection[UUID]) -> Mapping[UUID, SmppPart]:
        """Submissions by id."""
        return {part.id: part for part in queries.parts(self._session, ids)}

    def parts_of(self, attempt_ids: Collection[UUID]) -> Sequence[SmppPart]:
        """Every submission of some attempts."""
        return queries.parts_of(self._session, attempt_ids)

    def parts_named(self, references: Collection[str]) -> Sequence[SmppPart]:
        """Submissions the SMSC gave one of these ids."""
        return queries.parts_named(self._session, self._connection, references) if references else ()

    def parts_to(self, to_index: bytes) -> Sequence[SmppPart]:
        """Submissions to one number, oldest first."""
        return queries.parts_to(self._session, self._connection, to_index)

    def parts_in(self, state: str, limit: int) -> Sequence[SmppPart]:
        """Submissions in a state, oldest first; held."""
        return queries.parts_in(self._session, self._connection, state, limit)

    def body(self, part_id: UUID) -> bytes:
        """What to send for another process. It is erased with this call."""
        part = next(iter(queries.parts(self._session, [part_id])), None)
        if part is None or part.body_sealed is None:
            return b""
        text = self._columns.open_column(HOUSE, PART_TABLE, BODY_COLUMN, part.id, part.body_sealed)
        part.body_sealed = None
        return bytes.fromhex(text)

    def withdraw(self, ids: Collection[UUID]) -> None:
        """What is still offered of these is not."""
        queries.withdraw(self._session, ids)

    def add_receipt(
        self, reference: str, to_index: bytes, state: str, code: str, vendor: str, now: datetime
    ) -> None:
        """Keep a receipt for later, once."""
        if queries.receipt_exists(self._session, self._connection, reference[:64], to_index, state):
            return
        row = SmppReceipt(
            connection_id=self._connection,
            reference=reference[:64],
            to_index=to_index,
            state=state,
            code=code,
            vendor=vendor,
            received_at=now,
        )
        self._session.add(row)

    def receipts(self) -> Sequence[SmppReceipt]:
        """Those that were kept for numbers something was sent to, newest first."""
        return queries.receipts(self._session, self._connection)

    def remove_receipts(self, ids: Collection[UUID]) -> None:
        """They are recorded."""
        queries.delete_receipts(self._session, ids)

    def series(self, told_by: str) -> bytes:
        """What the parts of one message from a person are kept under."""
        return self._columns.blind_index(HOUSE, SERIES_LABEL, told_by)

    def add_piece(self, series: bytes, number: int, total: int, content: str, now: datetime) -> None:
        """Keep one part of a message from a person, once."""
        if any(piece.number == number for piece in queries.pieces(self._session, self._connection, series)):
            return
        row_id = uuid4()
        row = SmppPiece(
            id=row_id,
            connection_id=self._connection,
            series=series,
            number=number,
            total=total,
            content_sealed=self._seal(PIECE_TABLE, CONTENT_COLUMN, row_id, content),
            received_at=now,
        )
        self._session.add(row)
        self._session.flush()

    def pieces(self, series: bytes) -> Mapping[int, str]:
        """The parts of a message that have come, by number."""
        return {
            piece.number: self._columns.open_column(
                HOUSE, PIECE_TABLE, CONTENT_COLUMN, piece.id, piece.content_sealed
            )
            for piece in queries.pieces(self._session, self._connection, series)
        }

    def remove_pieces(self, series: bytes) -> None:
        """The message is recorded."""
        for piece in queries.pieces(self._session, self._connection, series):
            self._session.delete(piece)

    def stale_series(self, before: datetime) -> Sequence[bytes]:
        """Messages of which a part came before then."""
        return queries.stale_series(self._session, self._connection, before)

    def organisation_of(self, address: str) -> UUID | None:
        """Whose sender this is."""
        row = connections.by_id(self._session, self._connection)
        return connections.organisation_of_sender(self._session, address, row) if row is not None else None

    def lease(self) -> ConnectionLease | None:
        """Who holds the connection."""
        return connections.lease(self._session, self._connection)

    def take_lease(self, owner: str, now: datetime, expires_at: datetime) -> bool:
        """Become its holder, or stay it."""
        return connections.take_lease(self._session, self._connection, owner, now, expires_at)

    def give_lease_back(self, owner: str, now: datetime) -> None:
        """Let others have it at once."""
        connections.give_lease_back(self._session, self._connection, owner, now)

    def note_link(self, owner: str, state: str, reason: str, now: datetime) -> None:
        """Write down how the link stands."""
        connections.note_link(self._session, self._connection, owner, state, reason, now)

    def count_reported(self, since: datetime, before: datetime) -> tuple[int, int]:
        """How many submissions of that time were accepted, and on how many a receipt came."""
        return queries.count_reported(self._session, self._connection, since, before)

    def count_failures(self, since: datetime) -> Sequence[tuple[str, int]]:
        """By the carrier's number how many submissions failed since then."""
        return queries.count_failures(self._session, self._connection, since)

    def forget(self, parts_before: datetime, receipts_before: datetime) -> int:
        """Delete what is older; how many receipts were among it."""
        return queries.forget(self._session, self._connection, parts_before, receipts_before)

    def _seal(self, table: str, column: str, row_id: UUID, value: str) -> bytes:
        return self._columns.seal_column(HOUSE, table, column, row_id, value)
