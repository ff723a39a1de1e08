"""Epoch keys that links or waiting batches need and the epoch store does not have, for `pli doctor`."""

from app.crypto.epochs import EpochName
from app.db.queries import keys
from app.runtime import Runtime


def find_missing_epochs(rt: Runtime) -> list[EpochName]:
    """Empty when all is well; otherwise the volume of the store is not mounted or was lost."""
    now = rt.now()
    with rt.read() as session:
        needed = [EpochName.link(owner, day) for owner, day in keys.link_days(session, now)]
        needed += [EpochName.out(day) for day in keys.review_days(session, now)]
    return [name for name in needed if rt.vault.epochs.get(name) is None]
