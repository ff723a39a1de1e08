"""Whether the blob store is the one this database points into.

A database that is new, restored from elsewhere or simply the wrong one has no row for what lies in the store, and would
take all of it for remains. So the store holds the name of its database, and who does not find its own deletes nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import Enum
from typing import Protocol
from uuid import UUID

from app.core.errors import NotFound, PliError
from app.db.queries import batches, keys
from app.db.session import Database

MARK = "pli-database"
UPLOADS, PACKS = "uploads", "packs"
_MARK_SIZE = 32
AT_ONCE = 200


class Stored(Protocol):
    """See `app.storage.blobs.Stored`."""

    @property
    def key(self) -> str: ...
    @property
    def at(self) -> datetime: ...


class Blobs(Protocol):
    """What is asked of `app.storage.blobs.BlobStore`."""

    def put(self, key: str, data: bytes, /) -> None: ...
    def get_range(self, key: str, offset: int, length: int, /) -> bytes: ...
    def list(self, folder: str, /) -> Iterator[Stored]: ...
    def sync(self, keys: Iterable[str], /) -> None: ...


class Whose(Enum):
    """OURS bears the name of this database. FREE bears none, and holds nothing that another one can have written.
    FOREIGN is everything else."""

    OURS = "ours"
    FREE = "free"
    FOREIGN = "foreign"


def whose_blobs(database: Database, blobs: Blobs) -> Whose:
    """Look, and change nothing."""
    with database.read() as session:
        name = keys.database_name(session)
    try:
        return Whose.OURS if blobs.get_range(MARK, 0, _MARK_SIZE) == name.encode() else Whose.FOREIGN
    except NotFound:
        return Whose.FREE if _holds_only_known(database, blobs) else Whose.FOREIGN
    except PliError:  # the mark is shorter than a name
        return Whose.FOREIGN


def claim_blobs(database: Database, blobs: Blobs) -> bool:
    """Write our name into a store that is free. Whether the store is ours now."""
    whose = whose_blobs(database, blobs)
    if whose is Whose.FREE:
        with database.read() as session:
            name = keys.database_name(session)
        blobs.put(MARK, name.encode())
        blobs.sync([MARK])
    return whose is not Whose.FOREIGN


def batch_of(key: str) -> UUID | None:
    """The batch in `uploads/<batch>/<number>` or `packs/<batch>/<name>`; what is named otherwise is not ours."""
    parts = key.split("/")
    try:
        return UUID(parts[1]) if len(parts) == 3 else None
    except ValueError:
        return None


def _holds_only_known(database: Database, blobs: Blobs) -> bool:
    found = {batch_of(stored.key) for folder in (UPLOADS, PACKS) for stored in blobs.list(folder)}
    owners = sorted(owner for owner in found if owner is not None)
    with database.read() as session:
        return all(
            batches.known(session, some) == set(some)
            for some in (owners[start : start + AT_ONCE] for start in range(0, len(owners), AT_ONCE))
        )
