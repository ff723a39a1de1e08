"""Whether the blob store is the one this database points into.

A database that is new, restored from elsewhere or simply the wrong one has no row for what lies in the store, and would
take all of it for remains. So the store holds the name of its database, and who does not find its own deletes nothing.
"""

from enum import Enum
from uuid import UUID

from app.core.errors import NotFound
from app.db.queries import batches, keys
from app.runtime import Runtime
from app.storage.blobs import BlobDamaged

MARK = "pli-database"
UPLOADS, PACKS = "uploads", "packs"
_MARK_SIZE = 32
AT_ONCE = 200


class Whose(Enum):
    """OURS bears the name of this database. FREE bears none, and holds nothing that another one can have written.
    FOREIGN is everything else."""

    OURS = "ours"
    FREE = "free"
    FOREIGN = "foreign"


def whose_blobs(rt: Runtime) -> Whose:
    """Look, and change nothing."""
    with rt.read() as session:
        name = keys.database_name(session)
    try:
        return Whose.OURS if rt.blobs.get_range(MARK, 0, _MARK_SIZE) == name.encode() else Whose.FOREIGN
    except BlobDamaged:
        return Whose.FOREIGN
    except NotFound:
        return Whose.FREE if _holds_only_known(rt) else Whose.FOREIGN


def claim_blobs(rt: Runtime) -> bool:
    """Write our name into a store that is free. Whether the store is ours now."""
    whose = whose_blobs(rt)
    if whose is Whose.FREE:
        with rt.read() as session:
            name = keys.database_name(session)
        rt.blobs.put(MARK, name.encode())
        rt.blobs.sync([MARK])
    return whose is not Whose.FOREIGN


def batch_of(key: str) -> UUID | None:
    """The batch in `uploads/<batch>/<number>` or `packs/<batch>/<name>`; what is named otherwise is not ours."""
    parts = key.split("/")
    try:
        return UUID(parts[1]) if len(parts) == 3 else None
    except ValueError:
        return None


def _holds_only_known(rt: Runtime) -> bool:
    found = {batch_of(stored.key) for folder in (UPLOADS, PACKS) for stored in rt.blobs.list(folder)}
    owners = sorted(owner for owner in found if owner is not None)
    with rt.read() as session:
        return all(
            batches.known(session, some) == set(some)
            for some in (owners[start : start + AT_ONCE] for start in range(0, len(owners), AT_ONCE))
        )
