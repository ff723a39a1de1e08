"""People who log in to the console, their sessions, and the keys of programs."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.db.models.base import id_field, reference, text_field


class User(SQLModel, table=True):
    """A console account. `role` is owner, admin, clerk, releaser or auditor."""

    __tablename__ = "console_user"

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id")
    email: str = text_field(254, unique=True)
    name: str = text_field(120)
    password_hash: str = text_field(255)
    role: str = text_field(10)
    language: str = text_field(2, default="fr")
    created_at: datetime
    disabled_at: datetime | None = None


class UserSession(SQLModel, table=True):
    """A logged-in browser. The cookie is never stored: `token_hash` is its SHA-256."""

    __tablename__ = "console_session"

    id: UUID = id_field()
    user_id: UUID = reference("console_user.id")
    token_hash: bytes = Field(unique=True)
    csrf_token: str = text_field(64)
    created_at: datetime
    expires_at: datetime


class LoginThrottle(SQLModel, table=True):
    """Failed logins per keyed hash of account and network, so that a stranger elsewhere locks nobody out."""

    __tablename__ = "login_throttle"

    bucket: bytes = Field(primary_key=True)
    failures: int
    window_ends_at: datetime


class ApiKey(SQLModel, table=True):
    """A key of the HTTP interface: shown once, stored as a keyed hash. `mode` is live or test."""

    __tablename__ = "api_key"

    id: UUID = id_field()
    organisation_id: UUID = reference("organisation.id")
    name: str = text_field(120)
    mode: str = text_field(4)
    prefix: str = text_field(16)
    key_hash: bytes = Field(unique=True)
    created_at: datetime
    revoked_at: datetime | None = None
