"""The usual password of a recipient, kept from one batch to the next in the standard profile only.

What is kept is the derived key with its salt and cost, sealed to the organisation's public key. With custody `officer`
it therefore waits for the officer; with custody `online` the server can use it at release.
"""

import os
from uuid import UUID

from app.crypto import labels
from app.crypto.derive import KEY_SIZE, NONCE_SIZE, gcm_open, gcm_seal
from app.crypto.errors import SealBroken
from app.crypto.exchange import Exchange, exchanged_key
from links.ports import PasswordKey

_LABEL = labels.label("usual-password")
_KDFS = {1, 2}
_SALT_SIZE = 16


def seal_usual(exchange: Exchange, organisation_id: UUID, person_id: UUID, password: PasswordKey) -> bytes:
    """Ephemeral key (32), nonce (12), then cost (1), salt (16) and key (32) under AES-256-GCM."""
    place = organisation_id.bytes + person_id.bytes
    data = bytes((password.kdf,)) + password.salt + password.key
    box = gcm_seal(exchange.key(_LABEL + place), os.urandom(NONCE_SIZE), data, _LABEL + place)
    return exchange.ephemeral_public + box


def open_usual(private: bytes, organisation_id: UUID, person_id: UUID, sealed: bytes) -> PasswordKey:
    """The derived key. Raises SealBroken when it was sealed for another organisation or person."""
    place = organisation_id.bytes + person_id.bytes
    key = exchanged_key(private, sealed[:KEY_SIZE], _LABEL + place)
    data = gcm_open(key, sealed[KEY_SIZE:], _LABEL + place)
    if data is None or len(data) != 1 + _SALT_SIZE + KEY_SIZE or data[0] not in _KDFS:
        raise SealBroken(
            "usual_password_broken", "a usual password does not open; give a code in the sheet instead"
        )
    return PasswordKey(data[0], data[1 : 1 + _SALT_SIZE], data[1 + _SALT_SIZE :])
