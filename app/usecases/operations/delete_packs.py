"""Ciphertext that nobody can open any more is deleted: that of batches that were cancelled, recalled, or whose every
link is over.

Their keys are gone by then, so this is for the disk, and for whoever distrusts the keys. A batch with one document left
keeps its whole pack.
"""

from app.db.queries import batches
from app.runtime import Runtime


def delete_packs(rt: Runtime) -> None:
    """The timer's job. Objects go before the note that they are gone, so an interrupted run is made good by the next."""
    with rt.read() as session:
        dead = batches.with_dead_packs(session)
    for batch_id in dead:
        rt.blobs.delete_folder(f"packs/{batch_id.hex}")
        with rt.begin() as session:
            batches.forget_packs(session, batch_id, rt.now())
