"""Every question asked of console accounts, their sessions, failed logins and the keys of programs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.db.models import ApiKey, LoginThrottle, Organisation, User, UserSession


@dataclass(frozen=True)
class LoggedIn:
    """A session that holds, with whose it is."""

    session: UserSession
    user: User
    organisation: Organisation


def user(session: Session, user_id: UUID) -> User | None:
    """One account, held until the transaction ends."""
    return session.exec(select(User).where(User.id == user_id).with_for_update(key_share=True)).one_or_none()


def user_by_email(session: Session, email: str) -> User | None:
    """One account by its address, which is stored in small letters."""
    return session.exec(select(User).where(User.email == email)).one_or_none()


def users(session: Session, organisation_id: UUID) -> list[User]:
    """Accounts of an organisation by name, disabled ones too."""
    query = select(User).where(User.organisation_id == organisation_id)
    return list(session.exec(query.order_by(col(User.name), col(User.id))))


def logged_in(session: Session, token_hash: bytes, now: datetime) -> LoggedIn | None:
    """Whose session this is, if it is not over and the account is not disabled."""
    row = session.execute(
        sa.select(UserSession, User, Organisation)
        .join(User, col(User.id) == col(UserSession.user_id))
        .join(Organisation, col(Organisation.id) == col(User.organisation_id))
        .where(
            col(UserSession.token_hash) == token_hash,
            col(UserSession.expires_at) > now,
            col(User.disabled_at).is_(None),
        )
    ).one_or_none()
    return LoggedIn(*row) if row else None


def end_session(session: Session, token_hash: bytes) -> None:
    """Forget one session."""
    session.execute(sa.delete(UserSession).where(col(UserSession.token_hash) == token_hash))


def end_sessions_of(session: Session, user_id: UUID) -> None:
    """Forget every session of an account."""
    session.execute(sa.delete(UserSession).where(col(UserSession.user_id) == user_id))


def delete_expired(session: Session, now: datetime) -> None:
    """Forget sessions that are over and windows of failed logins that have passed."""
    session.execute(sa.delete(UserSession).where(col(UserSession.expires_at) <= now))
    session.execute(sa.delete(LoginThrottle).where(col(LoginThrottle.window_ends_at) <= now))


def reserve_attempt(
    session: Session, bucket: bytes, limit: int, now: datetime, window_ends_at: datetime
) -> datetime | None:
    """Count one try in one statement, so that parallel tries cannot pass the limit together.

    None when it was counted; else the end of the window in which `limit` tries have failed. A window that has passed
    begins again.
    """
    table = LoginThrottle.__table__  # type: ignore[attr-defined]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    over = table.c.window_ends_at <= now
    insert = dialect.insert(table).values(bucket=bucket, failures=1, window_ends_at=window_ends_at)
    counted = session.execute(
        insert.on_conflict_do_update(
            index_elements=[table.c.bucket],
            set_={
                "failures": sa.case((over, 1), else_=table.c.failures + 1),
                "window_ends_at": sa.case((over, window_ends_at), else_=table.c.window_ends_at),
            },
            where=sa.or_(over, table.c.failures < limit),
        ).returning(table.c.failures)
    ).one_or_none()
    if counted is not None:
        return None
    return session.get_one(LoginThrottle, bucket, populate_existing=True).window_ends_at


def give_back(session: Session, buckets: Sequence[bytes]) -> None:
    """Undo the count of one try in each bucket."""
    session.execute(
        sa.update(LoginThrottle)
        .where(col(LoginThrottle.bucket).in_(buckets), col(LoginThrottle.failures) > 0)
        .values(failures=col(LoginThrottle.failures) - 1)
    )


def forget_failures(session: Session, bucket: bytes) -> None:
    """Begin a bucket from zero."""
    session.execute(sa.delete(LoginThrottle).where(col(LoginThrottle.bucket) == bucket))


def api_key_by_hash(session: Session, hashes: Sequence[bytes]) -> tuple[ApiKey, Organisation] | None:
    """The key that one of these hashes belongs to, if it is not revoked."""
    row = session.execute(
        sa.select(ApiKey, Organisation)
        .join(Organisation, col(Organisation.id) == col(ApiKey.organisation_id))
        .where(col(ApiKey.key_hash).in_(hashes), col(ApiKey.revoked_at).is_(None))
    ).one_or_none()
    return (row[0], row[1]) if row else None


def api_keys(session: Session, organisation_id: UUID) -> list[ApiKey]:
    """Keys of an organisation, newest first, revoked ones too."""
    query = select(ApiKey).where(ApiKey.organisation_id == organisation_id)
    return list(session.exec(query.order_by(col(ApiKey.created_at).desc(), col(ApiKey.id))))


def api_key(session: Session, organisation_id: UUID, key_id: UUID) -> ApiKey | None:
    """One key of an organisation, held until the transaction ends."""
    query = select(ApiKey).where(ApiKey.id == key_id, ApiKey.organisation_id == organisation_id)
    return session.exec(query.with_for_update(key_share=True)).one_or_none()


def actor_names(session: Session, organisation_id: UUID, actors: Iterable[str]) -> dict[str, str]:
    """The names behind `user:<id>` and `key:<id>`; others stay as they are written."""
    wanted = {actor: actor.partition(":") for actor in set(actors) if actor}
    ids = {
        actor: UUID(rest)
        for actor, (kind, _, rest) in wanted.items()
        if kind in ("user", "key") and _is_id(rest)
    }
    rows = [
        *session.execute(
            sa.select(col(User.id), col(User.name)).where(
                col(User.organisation_id) == organisation_id, col(User.id).in_(ids.values())
            )
        ),
        *session.execute(
            sa.select(col(ApiKey.id), col(ApiKey.name)).where(
                col(ApiKey.organisation_id) == organisation_id, col(ApiKey.id).in_(ids.values())
            )
        ),
    ]
    names: dict[UUID, str] = {row.id: row.name for row in rows}
    return {actor: names.get(ids[actor], actor) if actor in ids else actor for actor in wanted}


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
