"""What `links` needs from ciphers. The application implements these; a test may, too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

NO_PASSWORD = 0
NO_PASSWORD_KEY = bytes(32)
VERSION = 1
Kdf = Literal[0, 1, 2]


@dataclass(frozen=True, slots=True)
class Binding:
    """What a wrapped document key is tied to. A wrap moved to another link, organisation or day does not open.

    `hard_day` is the last day of the link (UTC, counted from 1970-01-01); `kdf` is 0 without password, 1 or 2 for the
    two costs of Argon2id.
    """

    organisation_id: UUID
    document_id: UUID
    link_id: UUID
    hard_day: int
    kdf: int
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class PasswordKey:
    """What a password is worth (32 bytes), with the salt and cost that made it. Derived once per recipient and shared
    by all documents of that recipient in a batch. For `kdf` 0 it is 32 zero bytes."""

    kdf: int
    salt: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Journalled:
    """Something that happened to a link, for the caller's journal. `kind` is for example `unlock_ok`."""

    kind: str
    organisation_id: UUID
    document_id: UUID
    link_id: UUID
    details: Mapping[str, int | str | bool]


class Prover(Protocol):
    """The secret's side of a link."""

    def prove(self, secret: str, salt: bytes, ref: str) -> tuple[bytes, bytes]:
        """The key that the secret yields, and the proof that is stored (16 bytes)."""


class LinkSealer(Prover, Protocol):
    """Makes links of one organisation that end on one day. Its epoch key exists and is durable."""

    organisation_id: UUID
    hard_day: int
    kid: int
    epoch_check: bytes

    def wrap(
        self, binding: Binding, link_key: bytes, password: PasswordKey, salt: bytes, dek: bytes
    ) -> bytes:
        """The document key, wrapped under secret, password and epoch together (60 bytes)."""


class LinkOpener(Prover, Protocol):
    """Opens links. A missing or wrong key of the operator raises the application's own error."""

    def require_keys(self, kid: int, organisation_id: UUID, hard_day: int, epoch_check: bytes) -> None:
        """Raise unless the keys that this link needs are here, and are the ones it was made with."""

    def password_key(self, kid: int, kdf: int, salt: bytes, password: str) -> bytes:
        """Run Argon2 in a bounded pool; raise when the pool is full."""

    def unwrap(
        self, binding: Binding, link_key: bytes, password_key: bytes, salt: bytes, wrapped: bytes
    ) -> bytes | None:
        """The document key; None when the password is wrong."""

    def session_id(self, value: bytes) -> bytes:
        """The stored name (16 bytes) of a session whose cookie or ticket is `value`."""

    def seal_session(self, value: bytes, link_id: UUID, dek: bytes) -> bytes:
        """The document key under the cookie or ticket."""

    def open_session(self, value: bytes, link_id: UUID, sealed: bytes) -> bytes | None:
        """The document key; None when the value is another."""
