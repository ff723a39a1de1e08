"""The ciphers that `links` asks for (see `links.ports`)."""

import hmac
import os
from uuid import UUID

from app.core.errors import KeysUnavailable
from app.crypto import boxes, labels
from app.crypto.derive import NONCE_SIZE, gcm_open, gcm_seal, hkdf, link_key, link_proof, pack_ids, unwrap_key
from app.crypto.envelope import OrganisationWrapper
from app.crypto.epochs import EpochName, EpochStore, check_value, require
from app.crypto.keyring import AppKeys, KeyRing
from app.crypto.passwords import Argon2Pool, peppered
from links.ports import Binding, PasswordKey


class _Prover:
    def prove(self, secret: str, salt: bytes, ref: str) -> tuple[bytes, bytes]:
        """K_s, and the proof of it that is stored."""
        key = link_key(secret, salt, ref)
        return key, link_proof(key)


class DaySealer(_Prover):
    """Makes links of one organisation that end on one day; holds that day's epoch key while it does. For one thread."""

    def __init__(self, keys: AppKeys, epoch: bytes, organisation_id: UUID, hard_day: int) -> None:
        self.organisation_id = organisation_id
        self.hard_day = hard_day
        self.kid = keys.kid
        self.epoch_check = check_value(epoch)
        self._keys = keys
        self._epoch = epoch
        self._nonces = boxes.nonces()

    def peppered(self, password: str) -> bytes:
        """What `Argon2Pool.derive_many` is given for a password of these links."""
        return peppered(self._keys, password)

    def wrap(
        self, binding: Binding, link_key: bytes, password: PasswordKey, salt: bytes, dek: bytes
    ) -> bytes:
        """`wrapped_link`: 60 bytes."""
        ids = pack_ids(binding)
        key = unwrap_key(link_key, password.key, self._epoch, salt, ids)
        return gcm_seal(key, next(self._nonces), dek, labels.DEK + ids)

    def organisation_wrapper(self, public: bytes) -> OrganisationWrapper:
        """Makes `wrapped_org` of the standard profile, dead with the first link. `public` is the organisation's key."""
        return OrganisationWrapper(public, self._epoch, self.organisation_id)


class LinkKeys(_Prover):
    """Opens links, and makes the sealers that mint them."""

    def __init__(self, ring: KeyRing, epochs: EpochStore, pool: Argon2Pool) -> None:
        self._ring = ring
        self._epochs = epochs
        self._pool = pool

    def sealer(self, organisation_id: UUID, hard_day: int) -> DaySealer:
        """Makes the day's epoch key, durably, before the first link of that day can be committed."""
        epoch = self._epochs.get_or_create(EpochName.link(organisation_id, hard_day))
        return DaySealer(self._ring.current, epoch, organisation_id, hard_day)

    def require_keys(self, kid: int, organisation_id: UUID, hard_day: int, epoch_check: bytes) -> None:
        """Raises KeysUnavailable when the application key or the epoch key is missing or another one."""
        self._ring.get(kid)
        name = EpochName.link(organisation_id, hard_day)
        if not hmac.compare_digest(check_value(require(self._epochs, name)), epoch_check):
            raise KeysUnavailable(
                "epoch_mismatch", f"epoch key {name} is not the key its links were made with"
            )

    def password_key(self, kid: int, kdf: int, salt: bytes, password: str) -> bytes:
        """K_p. Raises Overloaded when the pool is full."""
        return self._pool.derive(peppered(self._ring.get(kid), password), salt, kdf)

    def unwrap(
        self, binding: Binding, link_key: bytes, password_key: bytes, salt: bytes, wrapped: bytes
    ) -> bytes | None:
        """The document key; None when the password is wrong."""
        epoch = require(self._epochs, EpochName.link(binding.organisation_id, binding.hard_day))
        ids = pack_ids(binding)
        return gcm_open(unwrap_key(link_key, password_key, epoch, salt, ids), wrapped, labels.DEK + ids)

    def session_id(self, value: bytes) -> bytes:
        """The stored name of a session: 16 bytes."""
        return hkdf(value, salt=None, info=labels.SESSION_ID, size=16)

    def seal_session(self, value: bytes, link_id: UUID, dek: bytes) -> bytes:
        """The document key under K_c."""
        return gcm_seal(
            _session_key(value, link_id), os.urandom(NONCE_SIZE), dek, self._session_aad(value, link_id)
        )

    def open_session(self, value: bytes, link_id: UUID, sealed: bytes) -> bytes | None:
        """The document key; None when cookie, link or bytes are others."""
        return gcm_open(_session_key(value, link_id), sealed, self._session_aad(value, link_id))

    def _session_aad(self, value: bytes, link_id: UUID) -> bytes:
        return labels.SESSION_DEK + self.session_id(value) + link_id.bytes


def _session_key(value: bytes, link_id: UUID) -> bytes:
    return hkdf(value, salt=None, info=labels.SESSION + link_id.bytes)
