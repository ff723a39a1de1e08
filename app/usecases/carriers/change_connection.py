"""Change a connection: its settings, as when its password was renewed, and what it carries. Workers take it up within
seconds."""

from collections.abc import Callable

from app.db.sending import connections
from app.db.sending.connections import Connection, Terms
from app.runtime import Runtime


def change_connection(
    rt: Runtime, name: str, change: Callable[[Connection], str] | None = None, terms: Terms | None = None
) -> None:
    """`change` gets the connection as it is and returns the JSON of its new settings. Raises NotFound, InvalidInput for
    terms that cannot be, and what `change` raises; then nothing is changed."""
    if terms is not None:
        connections.require_terms(terms)
    with rt.begin() as session:
        if change is not None:
            opened = connections.open_one(rt.vault.columns, connections.require(session, name))
            connections.change_settings(session, rt.vault.columns, name, change(opened), rt.now())
        if terms is not None:
            connections.change_terms(session, name, terms, rt.now())
