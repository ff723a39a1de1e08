"""Sealed bytes that no row points to: what a process left that was killed in the middle of an upload or of cutting.

Nobody can open them, their keys died with the process; they only fill the disk. An object is a stray when it is older than
any upload may take and no row points to it. A pack is written before its rows, so the packs of a batch that is still
being read wait. In a store that bears the name of another database nothing is deleted.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from app.db.blob_mark import PACKS, UPLOADS, batch_of, claim_blobs
from app.db.queries import batches
from app.runtime import Runtime

STRAY_AFTER = timedelta(days=1)
PROBES = "doctor"
AT_ONCE = 200

log = logging.getLogger(__name__)


def delete_strays(rt: Runtime) -> None:
    """The timer's job. What is listed is old, and rows are read after it was listed: one that is not there by now never
    comes."""
    before = rt.now() - STRAY_AFTER
    for key in list(_old(rt, PROBES, before)):
        rt.blobs.delete(key)
    if not claim_blobs(rt.database, rt.blobs):
        log.error("the blob store belongs to another database; nothing is deleted from it")
        return
    for folder in (UPLOADS, PACKS):
        for keys in _by(AT_ONCE, list(_old(rt, folder, before))):
            for key in _strays(rt, keys):
                rt.blobs.delete(key)


def _old(rt: Runtime, folder: str, before: datetime) -> Iterator[str]:
    return (stored.key for stored in rt.blobs.list(folder) if stored.at < before)


def _strays(rt: Runtime, keys: Iterable[str]) -> list[str]:
    owners = {key: owner for key in keys if (owner := batch_of(key)) is not None}
    with rt.read() as session:
        wanted = batches.stored_for(session, set(owners.values()))
        reading = batches.still_read(session, set(owners.values()))
    return [
        key
        for key, owner in owners.items()
        if key not in wanted and not (owner in reading and key.startswith(f"{PACKS}/"))
    ]


def _by(size: int, keys: list[str]) -> Iterator[list[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))
