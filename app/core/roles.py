"""What each role of a console account may do."""

from enum import StrEnum
from typing import Final


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
