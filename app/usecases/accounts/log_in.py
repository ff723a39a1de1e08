"""Check an address and a password, and begin a session.

Order: count the try, then Argon2, then give the count back when the password was right. An unknown address costs the
same work. Tries are counted per (address, network) and, generously, per network: a stranger elsewhere can lock nobody
out, and one office behind one address still gets in.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.core.accounts import LONGEST_PASSWORD, canonical_email
from app.core.errors import Overloaded
from app.crypto.tokens import new_token, token_hash
from app.db.models import User, UserSession
from app.db.queries import accounts, journal
from app.evidence.tags import Tag
from app.runtime import Runtime

SESSION_LIFE: Final = timedelta(hours=12)
WINDOW: Final = timedelta(minutes=15)
ACCOUNT_LIMIT: Final = 5
NET_LIMIT: Final = 60
LONGEST_EMAIL: Final = 254
# Buckets are hashed like other columns; they belong to no organisation, for an address may be unknown.
_NO_ORGANISATION: Final = UUID(int=0)


@dataclass(frozen=True)
class LoggedIn:
    """`token` goes into the cookie and nowhere else; only its hash is stored."""

    token: str = field(repr=False)
    expires_at: datetime
    language: str


@dataclass(frozen=True)
class LoginRefused:
    """Address or password is wrong, without saying which; or, when `retry_after` (seconds) is not 0, too many tries
    came before and nothing was checked."""

    retry_after: int = 0


def log_in(rt: Runtime, email: str, password: str, net: str, now: datetime) -> LoggedIn | LoginRefused:
    """`net` is the client's network as text. Raises Overloaded when too many passwords are being checked at once."""
    email = canonical_email(email)
    if not email or len(email) > LONGEST_EMAIL or not 0 < len(password) <= LONGEST_PASSWORD:
        return LoginRefused()
    account_bucket = rt.vault.columns.blind_index(_NO_ORGANISATION, "login", f"{net} {email}")
    net_bucket = rt.vault.columns.blind_index(_NO_ORGANISATION, "login-net", net)
    window_end = now + WINDOW
    with rt.begin() as session:
        accounts.delete_expired(session, now)
        until = accounts.reserve_attempt(session, account_bucket, ACCOUNT_LIMIT, now, window_end)
        if until is None:
            until = accounts.reserve_attempt(session, net_bucket, NET_LIMIT, now, window_end)
            if until is not None:
                accounts.give_back(session, [account_bucket])
        user = accounts.user_by_email(session, email)
    if until is not None:
        return LoginRefused(retry_after=max(1, int((until - now).total_seconds())))
    stored = user.password_hash if user is not None and user.disabled_at is None else None
    try:
        right = rt.passwords.verify_account(stored, password)
    except Overloaded:
        with rt.begin() as session:
            accounts.give_back(session, [account_bucket, net_bucket])
        raise
    if not right or user is None:
        return LoginRefused()
    return _begin_session(rt, user, account_bucket, net_bucket, now)


def _begin_session(
    rt: Runtime, checked: User, account_bucket: bytes, net_bucket: bytes, now: datetime
) -> LoggedIn | LoginRefused:
    token = new_token()
    with rt.begin() as session:
        user = accounts.user(session, checked.id)
        if user is None or user.disabled_at is not None or user.password_hash != checked.password_hash:
            # Disabled, or given another password, while Argon2 ran.
            return LoginRefused()
        accounts.forget_failures(session, account_bucket)
        accounts.give_back(session, [net_bucket])
        begun = UserSession(
            user_id=user.id,
            token_hash=token_hash(token),
            csrf_token=new_token(),
            created_at=now,
            expires_at=now + SESSION_LIFE,
        )
        session.add(begun)
        entry = journal.Entry(Tag.ACCOUNT_LOGGED_IN, user.id, {"role": user.role})
        journal.append(session, rt.vault, user.organisation_id, [entry], now)
    return LoggedIn(token, begun.expires_at, user.language)
