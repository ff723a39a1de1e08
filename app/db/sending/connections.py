"""Carrier connections with their settings opened. Passwords are sealed in the row, and shown nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Session

from app.core.errors import Conflict, InvalidInput, NotFound
from app.crypto.columns import Columns
from app.db.models import CarrierConnection
from app.db.queries import connections
from app.messaging.sending.roads import Destination

TABLE = "carrier_connection"
COLUMN = "settings"
# Connections may serve all organisations, so their settings are sealed for the house and not for one of them.
HOUSE = UUID(int=0)


@dataclass(frozen=True)
class Connection:
    """One connection, opened. `settings` is the JSON of its kind's settings and never part of a log or an error."""

    id: UUID
    name: str
    kind: str
    organisation_id: UUID | None
    settings: str = field(repr=False)
    rate: float
    enabled: bool
    changed_at: datetime
    renewals: int = 0


@dataclass(frozen=True)
class NewConnection:
    """What an operator gives. `rate` in segments a second; empty lists mean no limit."""

    name: str
    kind: str
    settings: str = field(repr=False)
    rate: float
    organisation_id: UUID | None = None
    channels: Sequence[str] = ("sms",)
    destinations: Sequence[str] = ()
    senders: Sequence[str] = ()
    rank: int = 0
    weight: int = 1


@dataclass(frozen=True)
class Terms:
    """What a connection carries and how much of it. None leaves what is there; empty lists mean no limit."""

    rate: float | None = None
    destinations: Sequence[str] | None = None
    senders: Sequence[str] | None = None
    rank: int | None = None
    weight: int | None = None
    enabled: bool | None = None


def require_terms(terms: Terms) -> None:
    """Raises InvalidInput for a rate, destination, rank or weight that cannot be."""
    if terms.rate is not None and terms.rate <= 0:
        raise InvalidInput(
            "connection_rate", "The rate is what the contract allows, in segments a second, above 0."
        )
    if unknown := sorted(set(terms.destinations or ()) - set(Destination)):
        raise InvalidInput(
            "connection_destination",
            f"Not a destination: {', '.join(unknown)}. There are {', '.join(Destination)}.",
        )
    if min(terms.rank or 0, terms.weight or 0) < 0:
        raise InvalidInput("connection_share", "Rank and weight are whole numbers from 0 on.")


def add(session: Session, columns: Columns, new: NewConnection, now: datetime) -> UUID:
    """Store a connection. Raises Conflict when the name is taken."""
    if connections.by_name(session, new.name) is not None:
        raise Conflict("connection_exists", f"There is a carrier named {new.name} already.")
    row_id = uuid4()
    session.add(
        CarrierConnection(
            id=row_id,
            name=new.name,
            kind=new.kind,
            organisation_id=new.organisation_id,
            settings_sealed=columns.seal_column(HOUSE, TABLE, COLUMN, row_id, new.settings),
            rate=new.rate,
            channels=list(new.channels),
            destinations=list(new.destinations),
            senders=list(new.senders),
            rank=new.rank,
            weight=new.weight,
            created_at=now,
            changed_at=now,
        )
    )
    return row_id


def change_terms(session: Session, name: str, terms: Terms, now: datetime) -> None:
    """Change what is given. Raises NotFound."""
    row = require(session, name)
    if terms.rate is not None and terms.rate != row.rate:
        row.rate = terms.rate
        row.changed_at = now
    row.destinations = row.destinations if terms.destinations is None else list(terms.destinations)
    row.senders = row.senders if terms.senders is None else list(terms.senders)
    row.rank = row.rank if terms.rank is None else terms.rank
    row.weight = row.weight if terms.weight is None else terms.weight
    row.enabled = row.enabled if terms.enabled is None else terms.enabled
    session.add(row)


def change_settings(session: Session, columns: Columns, name: str, settings: str, now: datetime) -> None:
    """Replace the settings of a connection, as when a password changes. Raises NotFound."""
    row = require(session, name)
    row.settings_sealed = columns.seal_column(HOUSE, TABLE, COLUMN, row.id, settings)
    row.changed_at = now
    session.add(row)


def remove(session: Session, name: str) -> None:
    """Forget a connection and its password. Raises NotFound, or Conflict while senders or messages need it."""
    row = require(session, name)
    if connections.in_use(session, name):
        raise Conflict(
            "connection_in_use",
            f"A sender leaves by {name}, or a message on it waits for its report. Move the sender to another carrier "
            "and wait for the reports.",
        )
    if (held := connections.lease(session, row.id)) is not None:
        session.delete(held)
        session.flush()
    session.delete(row)


def callback_secret(columns: Columns, connection_id: UUID, renewals: int = 0) -> str:
    """What the tokens in a connection's callback addresses are made with. It is derived, so nobody has to keep it; another
    one after each of `renewals`."""
    return columns.blind_index(HOUSE, "callbacks", f"{connection_id.hex}:{renewals}").hex()


def renew_callbacks(session: Session, name: str, now: datetime) -> None:
    """From now on the callback addresses of a connection are others, and the earlier ones are refused. Raises NotFound."""
    row = require(session, name)
    row.renewals += 1
    row.changed_at = now
    session.add(row)


def require(session: Session, name: str) -> CarrierConnection:
    """One connection as its row. Raises NotFound."""
    row = connections.by_name(session, name)
    if row is None:
        raise NotFound(
            "connection_unknown", f"There is no carrier named {name}; `pli carrier list` shows them."
        )
    return row


def opened(session: Session, columns: Columns) -> list[Connection]:
    """Every connection that is in use, by name."""
    return [open_one(columns, row) for row in connections.every(session) if row.enabled]


def open_one(columns: Columns, row: CarrierConnection) -> Connection:
    """One connection, opened. Raises SealBroken, or KeysUnavailable without its key."""
    return Connection(
        id=row.id,
        name=row.name,
        kind=row.kind,
        organisation_id=row.organisation_id,
        settings=columns.open_column(HOUSE, TABLE, COLUMN, row.id, row.settings_sealed),
        rate=row.rate,
        enabled=row.enabled,
        changed_at=row.changed_at,
        renewals=row.renewals,
    )
