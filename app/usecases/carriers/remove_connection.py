"""Forget a connection to a carrier, with its password."""

from app.db.sending import connections
from app.runtime import Runtime


def remove_connection(rt: Runtime, name: str) -> None:
    """Raises NotFound, or Conflict while a sender or a message needs it."""
    with rt.begin() as session:
        connections.remove(session, name)
