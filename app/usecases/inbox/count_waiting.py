"""How many answers wait for somebody to read them, for the menu."""

from uuid import UUID

from app.db.queries import inbox
from app.runtime import Runtime


def count_waiting(rt: Runtime, organisation_id: UUID) -> int:
    """Read only."""
    with rt.read() as session:
        return inbox.waiting(session, organisation_id)
