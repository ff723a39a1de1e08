"""Give an account a new password and end its sessions."""

from datetime import datetime
from uuid import UUID

from app.core.accounts import require_good_password
from app.core.errors import NotFound
from app.db.queries import accounts, journal
from app.evidence.tags import Tag
from app.runtime import Runtime


def set_password(rt: Runtime, user_id: UUID, password: str, *, actor: str, now: datetime) -> None:
    """Whoever was logged in must log in again. Raises InvalidInput for a bad password, NotFound without account."""
    hashed = rt.passwords.hash_account(password)
    with rt.begin() as session:
        user = accounts.user(session, user_id)
        if user is None:
            raise NotFound("user_unknown", "this account does not exist")
        require_good_password(password, user.email)
        user.password_hash = hashed
        session.add(user)
        accounts.end_sessions_of(session, user_id)
        entry = journal.Entry(Tag.ACCOUNT_PASSWORD_CHANGED, user.id, {"role": user.role, "by": actor})
        journal.append(session, rt.vault, user.organisation_id, [entry], now)
