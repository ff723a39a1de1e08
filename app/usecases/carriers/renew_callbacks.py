"""Give a connection other callback addresses, as when one was read in a log."""

from app.db.sending import connections
from app.runtime import Runtime


def renew_callbacks(rt: Runtime, name: str) -> None:
    """Reports on what left before are refused from now on too: nothing tells them from a forged one. Raises NotFound."""
    with rt.begin() as session:
        connections.renew_callbacks(session, name, rt.now())
