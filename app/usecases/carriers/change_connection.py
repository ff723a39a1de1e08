"""Change the settings of a connection, as when its password was renewed. Workers take it up within seconds."""

from collections.abc import Callable

from app.db.sending import connections
from app.db.sending.connections import Connection
from app.runtime import Runtime


def change_connection(rt: Runtime, name: str, change: Callable[[Connection], str]) -> None:
    """`change` gets the connection as it is and returns the JSON of its new settings. Raises NotFound, and what `change`
    raises; then nothing is changed."""
    with rt.begin() as session:
        opened = connections.open_one(rt.vault.columns, connections.require(session, name))
        connections.change_settings(session, rt.vault.columns, name, change(opened), rt.now())
