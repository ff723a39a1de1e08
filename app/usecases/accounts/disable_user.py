"""Close an account: its sessions end and its password opens nothing."""

from datetime import datetime
from uuid import UUID

from app.core.errors import NotFound
from app.db.queries import accounts, journal
from app.evidence.tags import Tag
from app.runtime import Runtime


def disable_user(rt: Runtime, organisation_id: UUID, user_id: UUID, *, actor: str, now: datetime) -> None:
    """Doing it twice keeps the first date. Raises NotFound when the organisation has no such account."""
    with rt.begin() as session:
        user = accounts.user(session, user_id)
        if user is None or user.organisation_id != organisation_id:
            raise NotFound("user_unknown", "this organisation has no such account")
        if user.disabled_at is not None:
            return
        user.disabled_at = now
        session.add(user)
        accounts.end_sessions_of(session, user_id)
        entry = journal.Entry(Tag.ACCOUNT_DISABLED, user.id, {"role": user.role, "by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
