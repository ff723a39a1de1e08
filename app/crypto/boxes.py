"""Small sealed values: version (1 byte, 01), key number (1 byte), nonce (12), AES-256-GCM.

The number says which application key opens the box, so keys can rotate under rows that are left alone.
"""

import os
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.crypto.derive import NONCE_SIZE, cipher_open
from app.crypto.errors import SealBroken
from app.crypto.keyring import AppKeys, KeyRing

VERSION = 1
CipherOf = Callable[[AppKeys], AESGCM]


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
