"""What each role of a console account may do, and which passwords an account may have."""

import unicodedata
from enum import StrEnum
from typing import Final

from app.core.errors import InvalidInput

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 128


class Permission(StrEnum):
    """READ looks and exports; PREPARE uploads, maps, excludes and cancels; RELEASE lets a batch go, sends again,
    revokes and recalls; CONFIGURE changes settings, accounts and API keys."""

    READ = "read"
    PREPARE = "prepare"
    RELEASE = "release"
    CONFIGURE = "configure"


_ALL = frozenset(Permission)
ROLES: Final = {
    "owner": _ALL,
    "admin": _ALL,
    "clerk": _ALL - {Permission.CONFIGURE},
    "releaser": frozenset({Permission.READ, Permission.RELEASE}),
    "auditor": frozenset({Permission.READ}),
}


def may(role: str, permission: Permission) -> bool:
    """Whether the role has the permission; an unknown role has none."""
    return permission in ROLES.get(role, frozenset())


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
