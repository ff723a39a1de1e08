"""What each role of a console account may do, and which passwords an account may have."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.core.errors import Forbidden, InvalidInput

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 128


class Permission(StrEnum):
    """READ looks and exports; PREPARE uploads, maps, excludes and cancels; RELEASE lets a batch go, sends again,
    revokes and recalls; CONFIGURE changes settings, accounts and API keys; OWN takes a risk upon the organisation that
    nobody else may take for it."""

    READ = "read"
    PREPARE = "prepare"
    RELEASE = "release"
    CONFIGURE = "configure"
    OWN = "own"


_ALL = frozenset(Permission)
ROLES: Final = {
    "owner": _ALL,
    "admin": _ALL - {Permission.OWN},
    "clerk": _ALL - {Permission.CONFIGURE, Permission.OWN},
    "releaser": frozenset({Permission.READ, Permission.RELEASE}),
    "auditor": frozenset({Permission.READ}),
}


def may(role: str, permission: Permission) -> bool:
    """Whether the role has the permission; an unknown role has none."""
    return permission in ROLES.get(role, frozenset())


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for something, as records name them, and what they may do."""

    name: str
    permissions: frozenset[Permission]

    def require(self, permission: Permission) -> None:
        """Raises Forbidden without the permission."""
        if permission not in self.permissions:
            raise Forbidden("role_not_allowed", f"{permission} is not allowed to this role; ask an owner")


# Whoever runs the service on its host sets organisations up, and answers for none of them.
OPERATOR: Final = Actor("operator", frozenset({Permission.READ, Permission.CONFIGURE}))


def canonical_email(email: str) -> str:
    """The one spelling under which an account is stored and found: NFKC, ends trimmed, small letters."""
    return unicodedata.normalize("NFKC", email).strip().lower()


def require_good_password(password: str, email: str) -> None:
    """Length is what counts (12 to 128 characters); no rule asks for kinds of characters. Raises InvalidInput."""
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidInput(
            "password_too_short", f"choose a password of at least {SHORTEST_PASSWORD} characters"
        )
    if len(password) > LONGEST_PASSWORD:
        raise InvalidInput("password_too_long", f"choose a password of at most {LONGEST_PASSWORD} characters")
    folded = canonical_email(password)
    if len(set(folded)) < 5 or folded == email or folded == email.partition("@")[0]:
        raise InvalidInput(
            "password_too_simple", "choose a password that is not the address nor a repeated pattern"
        )
