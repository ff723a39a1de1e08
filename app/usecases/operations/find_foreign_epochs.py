"""Epoch keys that are in the store but are not the ones the database was sealed with."""

from app.crypto.boot import foreign_epochs
from app.db.queries import keys
from app.runtime import Runtime


def find_foreign_epochs(rt: Runtime) -> list[str]:
    """Their names; empty when all is well, otherwise a store of another installation is mounted."""
    with rt.read() as session:
        return foreign_epochs(rt.vault.epochs, keys.epoch_checks(session))
