"""Small sealed values: version (1 byte, 01), key number (1 byte), nonce (12), AES-256-GCM.

The number says which application key opens the box, so keys can rotate under rows that are left alone.
"""

import os
from collections.abc import Callable, Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.crypto.derive import NONCE_SIZE, cipher_open
from app.crypto.errors import SealBroken
from app.crypto.keyring import AppKeys, KeyRing

VERSION = 1
NONCES_DRAWN = 256
CipherOf = Callable[[AppKeys], AESGCM]


def nonces() -> Iterator[bytes]:
    """Random nonces without end, each given once. They are drawn in bulk, because asking the kernel for twelve bytes
    costs as much as sealing a name. For one thread."""
    while True:
        drawn = os.urandom(NONCES_DRAWN * NONCE_SIZE)
        for start in range(0, len(drawn), NONCE_SIZE):
            yield drawn[start : start + NONCE_SIZE]


class BoxSealer:
    """Seals many values of one job with one cipher, as `seal` does one. For one thread."""

    def __init__(self, ring: KeyRing, cipher_of: CipherOf, drawn: Iterator[bytes] | None = None) -> None:
        """`drawn` are nonces to share with other sealers of the job."""
        keys = ring.current
        self._head = bytes((VERSION, keys.kid))
        self._cipher = cipher_of(keys)
        self._nonces = drawn or nonces()

    def seal(self, data: bytes, aad: bytes) -> bytes:
        """One box."""
        nonce = next(self._nonces)
        return self._head + nonce + self._cipher.encrypt(nonce, data, aad)


def seal(ring: KeyRing, cipher_of: CipherOf, data: bytes, aad: bytes) -> bytes:
    """Seal with what `cipher_of` makes of the current application key."""
    keys = ring.current
    nonce = os.urandom(NONCE_SIZE)
    return bytes((VERSION, keys.kid)) + nonce + cipher_of(keys).encrypt(nonce, data, aad)


def unseal(ring: KeyRing, cipher_of: CipherOf, box: bytes, aad: bytes) -> bytes:
    """Open a box. Raises SealBroken, or KeysUnavailable when its application key is not in the ring."""
    if len(box) < 2 or box[0] != VERSION:
        raise SealBroken(
            "box_version", "a sealed value has an unknown version; was it written by a newer Pli?"
        )
    data = cipher_open(cipher_of(ring.get(box[1])), box[2:], aad)
    if data is None:
        raise SealBroken(
            "box_broken", "a sealed value does not open in its place; restore the row or the key"
        )
    return data
