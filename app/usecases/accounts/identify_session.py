"""Find out who a console cookie belongs to."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.core.accounts import ROLES, Actor, Permission, may
from app.crypto.tokens import token_hash
from app.db.queries import accounts
from app.runtime import Runtime


@dataclass(frozen=True)
class Account:
    """The person behind a console request, and what their pages show of their organisation.

    `zone` is an IANA name. `csrf_token` belongs to the session.
    """

    user_id: UUID
    email: str
    name: str
    role: str
    language: str
    organisation_id: UUID
    organisation: str
    zone: str
    simulator_only: bool
    expires_at: datetime
    csrf_token: str = field(repr=False)

    @property
    def actor(self) -> str:
        """How records and the journal name this person."""
        return f"user:{self.user_id}"

    @property
    def acting(self) -> Actor:
        """The same with what the person's role may do, for what checks it itself."""
        return Actor(self.actor, ROLES.get(self.role, frozenset()))

    def may(self, permission: Permission) -> bool:
        """Whether the person's role has the permission."""
        return may(self.role, permission)


def identify_session(rt: Runtime, token: str, now: datetime) -> Account | None:
    """None when the cookie is unknown, its session is over, or the account was disabled."""
    with rt.read() as session:
        found = accounts.logged_in(session, token_hash(token), now)
        if found is None:
            return None
        user, organisation = found.user, found.organisation
        return Account(
            user_id=user.id,
            email=user.email,
            name=user.name,
            role=user.role,
            language=user.language,
            organisation_id=organisation.id,
            organisation=organisation.name,
            zone=organisation.timezone,
            simulator_only=organisation.simulator_only,
            expires_at=found.session.expires_at,
            csrf_token=found.session.csrf_token,
        )
