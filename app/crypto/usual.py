"""The usual password of a recipient, kept from one batch to the next in the standard profile only.

What is kept is the derived key with its salt and cost, sealed to the organisation's public key. With custody `officer`
it therefore waits for the officer; with custody `online` the server can use it at release.
"""

import os
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from app.crypto import labels
from app.crypto.derive import KEY_SIZE, NONCE_SIZE, gcm_open, gcm_seal, hkdf
from app.crypto.errors import SealBroken
from links.ports import PasswordKey

_LABEL = labels.label("usual-password")
_KDFS = {1, 2}
_SALT_SIZE = 16


def seal_usual(public: bytes, organisation_id: UUID, person_id: UUID, password: PasswordKey) -> bytes:
    """Ephemeral key (32), nonce (12), then cost (1), salt (16) and key (32) under AES-256-GCM."""
    ephemeral = X25519PrivateKey.generate()
    ephemeral_public = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
    place = organisation_id.bytes + person_id.bytes
    key = hkdf(shared, salt=ephemeral_public + public, info=_LABEL + place)
    data = bytes((password.kdf,)) + password.salt + password.key
    return ephemeral_public + gcm_seal(key, os.urandom(NONCE_SIZE), data, _LABEL + place)


def open_usual(private: bytes, organisation_id: UUID, person_id: UUID, sealed: bytes) -> PasswordKey:
    """The derived key. Raises SealBroken when it was sealed for another organisation or person."""
    holder = X25519PrivateKey.from_private_bytes(private)
    ephemeral_public, box = sealed[:KEY_SIZE], sealed[KEY_SIZE:]
    shared = holder.exchange(X25519PublicKey.from_public_bytes(ephemeral_public))
    place = organisation_id.bytes + person_id.bytes
    key = hkdf(shared, salt=ephemeral_public + holder.public_key().public_bytes_raw(), info=_LABEL + place)
    data = gcm_open(key, box, _LABEL + place)
    if data is None or len(data) != 1 + _SALT_SIZE + KEY_SIZE or data[0] not in _KDFS:
        raise SealBroken(
            "usual_password_broken", "a usual password does not open; give a code in the sheet instead"
        )
    return PasswordKey(data[0], data[1 : 1 + _SALT_SIZE], data[1 + _SALT_SIZE :])
