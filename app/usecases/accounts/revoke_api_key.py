"""Stop a program's key at once."""

from datetime import datetime
from uuid import UUID

from app.core.errors import NotFound
from app.db.queries import accounts, journal
from app.evidence.tags import Tag
from app.runtime import Runtime


def revoke_api_key(rt: Runtime, organisation_id: UUID, key_id: UUID, *, actor: str, now: datetime) -> None:
    """Doing it twice changes nothing. Raises NotFound when the organisation has no such key."""
    with rt.begin() as session:
        key = accounts.api_key(session, organisation_id, key_id)
        if key is None:
            raise NotFound("api_key_unknown", "this organisation has no such key")
        if key.revoked_at is not None:
            return
        key.revoked_at = now
        session.add(key)
        entry = journal.Entry(Tag.API_KEY_REVOKED, key.id, {"by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
