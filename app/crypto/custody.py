"""The organisation's key pair (X25519), with which a lost message can be re-issued, and who keeps its private half.

`online`: sealed under the application key, so the server can re-issue, and therefore read, alone.
`officer`: sealed under a person's passphrase, so each re-issue waits for that person.
"""

import os
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.crypto import boxes, labels
from app.crypto.derive import NONCE_SIZE, gcm_open, gcm_seal
from app.crypto.errors import SealBroken
from app.crypto.keyring import AppKeys, KeyRing
from app.crypto.passwords import Argon2Pool, canonical

OFFICER_VERSION = 1
OFFICER_KDF = 2
SALT_SIZE = 16


@dataclass(frozen=True, slots=True)
class OrganisationPair:
    """Both halves, 32 bytes each."""

    public: bytes
    private: bytes = field(repr=False)


def new_pair() -> OrganisationPair:
    """A fresh pair."""
    private = X25519PrivateKey.generate()
    return OrganisationPair(private.public_key().public_bytes_raw(), private.private_bytes_raw())


def seal_online(ring: KeyRing, organisation_id: UUID, private: bytes) -> bytes:
    """The private half for custody `online`."""
    return boxes.seal(ring, _cipher, private, labels.ORG_CUSTODY + organisation_id.bytes)


def open_online(ring: KeyRing, organisation_id: UUID, sealed: bytes) -> bytes:
    """The private half. Raises SealBroken, or KeysUnavailable without the application key."""
    return boxes.unseal(ring, _cipher, sealed, labels.ORG_CUSTODY + organisation_id.bytes)


def seal_for_officer(pool: Argon2Pool, organisation_id: UUID, private: bytes, passphrase: str) -> bytes:
    """The private half for custody `officer`: version (1), salt (16), then AES-256-GCM under Argon2id with 64 MiB."""
    salt = os.urandom(SALT_SIZE)
    key = pool.derive(canonical(passphrase).encode(), salt, OFFICER_KDF)
    aad = labels.ORG_CUSTODY + organisation_id.bytes
    return bytes((OFFICER_VERSION,)) + salt + gcm_seal(key, os.urandom(NONCE_SIZE), private, aad)


def open_for_officer(pool: Argon2Pool, organisation_id: UUID, sealed: bytes, passphrase: str) -> bytes | None:
    """The private half; None when the passphrase is wrong. Raises SealBroken for an unknown version."""
    if not sealed or sealed[0] != OFFICER_VERSION:
        raise SealBroken(
            "box_version", "the officer's key has an unknown version; was it written by a newer Pli?"
        )
    salt, box = sealed[1 : 1 + SALT_SIZE], sealed[1 + SALT_SIZE :]
    key = pool.derive(canonical(passphrase).encode(), salt, OFFICER_KDF)
    return gcm_open(key, box, labels.ORG_CUSTODY + organisation_id.bytes)


def _cipher(keys: AppKeys) -> AESGCM:
    return AESGCM(keys.purpose("org-custody"))
