"""The tables of links: the same on SQLite and PostgreSQL."""

from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlmodel import Field, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from links.ports import NO_PASSWORD, Binding
from links.state import LinkFacts

INSTANT = UTCDateTime()
"""The type of every instant in these tables, for values inside expressions."""

# Constraints need names that do not depend on the database, or they cannot be dropped by a later migration on SQLite.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Link(SQLModel, table=True):
    """A link. After its life the wraps are gone and the rest stays for a year, so that a holder of the real link reads
    "expired" and not "unknown".

    `proof` opens nothing: it tells that somebody holds the secret. `epoch_check` recognises the key of the last day. `recipient` is a keyed hash of the person, for
    limits over all their links. `bad` counts wrong passwords over the life of the link, `day_bad` over 24 hours.
    """

    __tablename__ = "link"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    ref: str = Field(max_length=8, unique=True)
    organisation_id: UUID = Field(index=True)
    document_id: UUID = Field(index=True)
    recipient: bytes | None = Field(default=None)
    version: int
    kid: int
    kdf: int
    salt: bytes
    salt_password: bytes
    proof: bytes
    hard_day: int = Field(index=True)
    epoch_check: bytes
    expires_at: datetime
    wrapped_link: bytes | None = None
    wrapped_org: bytes | None = None
    created_at: datetime
    released_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_reason: str = Field(default="", max_length=10)
    frozen_at: datetime | None = None
    wiped_at: datetime | None = None
    bad: int = 0
    day_bad: int = 0
    day_ends_at: datetime | None = None
    blocked_until: datetime | None = None
    openings: int = 0
    first_opened_at: datetime | None = None
    last_opened_at: datetime | None = None

    def facts(self) -> LinkFacts:
        """What decides the state, apart from the row."""
        return LinkFacts(
            id=self.id,
            ref=self.ref,
            organisation_id=self.organisation_id,
            document_id=self.document_id,
            expires_at=self.expires_at,
            hard_day=self.hard_day,
            needs_password=self.kdf != NO_PASSWORD,
            released_at=self.released_at,
            revoked_at=self.revoked_at,
            revoked_reason=self.revoked_reason,
            frozen_at=self.frozen_at,
            wiped_at=self.wiped_at,
            last_opened_at=self.last_opened_at,
            openings=self.openings,
        )

    def binding(self) -> Binding:
        """What the wrapped document key is tied to."""
        return Binding(
            organisation_id=self.organisation_id,
            document_id=self.document_id,
            link_id=self.id,
            hard_day=self.hard_day,
            kdf=self.kdf,
            version=self.version,
        )


class LinkSession(SQLModel, table=True):
    """What an opening leaves for a quarter of an hour. `sid` is derived from a cookie or ticket that is not stored.

    `kind` is cookie or ticket. Bytes are served in the state `open` alone.
    """

    __tablename__ = "link_session"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    sid: bytes = Field(unique=True)
    link_id: UUID = Field(foreign_key="link.id", index=True)
    kind: str = Field(max_length=6)
    state: str = Field(max_length=4)
    sealed_dek: bytes
    created_at: datetime
    expires_at: datetime = Field(index=True)


class LinkThrottle(SQLModel, table=True):
    """Wrong tries in a window, per hash of what is limited: a link with a network, a recipient, or a stranger's
    network."""

    __tablename__ = "link_throttle"

    bucket: bytes = Field(primary_key=True, sa_type=sa.LargeBinary)
    wrong: int
    window_ends_at: datetime = Field(index=True)
    blocked_until: datetime | None = None
