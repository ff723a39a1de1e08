"""Set up a connection to a carrier. Its settings were read by whoever asks, and are sealed here."""

import re
from uuid import UUID

from app.core.errors import InvalidInput
from app.db.sending import connections
from app.db.sending.connections import NewConnection, Terms
from app.runtime import Runtime

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")


def add_connection(rt: Runtime, new: NewConnection) -> UUID:
    """Raises InvalidInput for a name or terms that cannot be, Conflict when the name is taken."""
    if not NAME.fullmatch(new.name):
        raise InvalidInput(
            "connection_name", "A carrier's name has 1 to 20 small letters, digits or hyphens."
        )
    connections.require_terms(
        Terms(rate=new.rate, destinations=new.destinations, rank=new.rank, weight=new.weight)
    )
    if new.name in rt.carriers:
        raise InvalidInput("connection_exists", f"There is a carrier named {new.name} already.")
    with rt.begin() as session:
        return connections.add(session, rt.vault.columns, new, rt.now())
