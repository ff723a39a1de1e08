"""The connection that a callback is for."""

from app.carriers.http.calls import Callbacks
from app.db.queries import connections as stored
from app.db.sending import connections
from app.db.sending.connections import Connection
from app.runtime import Runtime


def open_connection(rt: Runtime, name: str) -> tuple[Connection, Callbacks] | None:
    """The connection with its settings, and its addresses; None when there is none of that name. One that is switched
    off is found too: what it sent before is still reported on."""
    with rt.read() as session:
        row = stored.by_name(session, name)
    if row is None:
        return None
    columns = rt.vault.columns
    secret = connections.callback_secret(columns, row.id, row.renewals)
    callbacks = Callbacks.at(rt.policies.public_url, row.name, secret)
    return connections.open_one(columns, row), callbacks
