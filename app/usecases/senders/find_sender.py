"""Find a sender by its address, for whoever types it."""

from uuid import UUID

from app.core.errors import NotFound
from app.db.queries import senders
from app.messaging.sending.senders import Kind, read_address
from app.runtime import Runtime


def find_sender(rt: Runtime, organisation_id: UUID, typed: str) -> UUID:
    """Of several the oldest. Raises NotFound."""
    spellings = dict.fromkeys([typed.strip(), *(read_address(kind, typed) for kind in Kind)])
    with rt.read() as session:
        found = [one for text in spellings for one in senders.of_address(session, organisation_id, text)]
    if not found:
        raise NotFound("sender_unknown", "the organisation has no such sender; `pli sender list` shows them")
    return found[0].id
