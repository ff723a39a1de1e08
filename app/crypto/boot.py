"""Noticing a wrong key before it does harm. The database stores these values; they open nothing."""

import hmac
from collections.abc import Mapping

from app.core.errors import KeysUnavailable
from app.crypto.derive import mac
from app.crypto.epochs import EpochName, EpochStore, check_value
from app.crypto.keyring import AppKeys, KeyRing


def verifier(keys: AppKeys) -> bytes:
    """16 bytes that recognise an application key."""
    return mac(keys.purpose("boot-verifier"), bytes((keys.kid,)))[:16]


def require_known_keys(ring: KeyRing, stored: Mapping[int, bytes]) -> None:
    """Raises KeysUnavailable, naming the number, when a key of the ring is not the one the database was sealed with.

    `stored` maps key numbers to verifiers. A number that is not stored yet is new and passes.
    """
    for keys in ring.newest_first:
        expected = stored.get(keys.kid)
        if expected is not None and not hmac.compare_digest(expected, verifier(keys)):
            raise KeysUnavailable(
                "key_mismatch",
                f"application key {keys.kid} is not the key this database was sealed with; nothing was changed. "
                "Start again with the right key, or give the new key a new number",
            )
    if stored and not any(keys.kid in stored for keys in ring.newest_first):
        raise KeysUnavailable(
            "key_missing",
            f"this database was sealed with application key {max(stored)}, which is not in the key ring; "
            "add it as a previous key",
        )


def foreign_epochs(store: EpochStore, stored: Mapping[str, bytes]) -> list[str]:
    """Names of epoch keys that are in the store but are not the keys the database knows. Raises an alarm, stops
    nothing: links of other days are well."""
    wrong = []
    for name, expected in stored.items():
        key = store.get(EpochName.parse(name))
        if key is not None and not hmac.compare_digest(expected, check_value(key)):
            wrong.append(name)
    return wrong
