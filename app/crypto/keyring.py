"""The application keys. The current one seals, previous ones only open what they sealed."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.core.errors import KeysUnavailable
from app.crypto import labels
from app.crypto.derive import KEY_SIZE, hkdf


class AppKeys:
    """One application key (32 bytes) and what is derived from it. `kid` is its number, 1 to 255."""

    def __init__(self, kid: int, key: bytes) -> None:
        if not 1 <= kid <= 255:
            raise KeysUnavailable("key_number", f"application key number {kid} is not between 1 and 255")
        if len(key) != KEY_SIZE:
            raise KeysUnavailable(
                "key_size", f"application key {kid} has {len(key)} bytes instead of {KEY_SIZE}"
            )
        self.kid = kid
        self._purpose = lru_cache(maxsize=None)(
            lambda purpose: hkdf(key, salt=None, info=labels.app(purpose), size=KEY_SIZE)
        )
        self._column_cipher = lru_cache(maxsize=4096)(
            lambda organisation, table: AESGCM(self.column(organisation, table))
        )

    def __repr__(self) -> str:
        return f"AppKeys(kid={self.kid})"

    def purpose(self, purpose: labels.AppLabel) -> bytes:
        """A(x): the key of one purpose."""
        return self._purpose(purpose)

    def column(self, organisation: bytes, table: str) -> bytes:
        """The key of one organisation's columns in one table. `organisation` is the 16 bytes of its id."""
        return hkdf(
            self.purpose("column"), salt=None, info=labels.COLUMN + organisation + table.encode("ascii")
        )

    def column_cipher(self, organisation: bytes, table: str) -> AESGCM:
        """The cipher of those columns. It is kept, because a batch seals a dozen values for each person."""
        return self._column_cipher(organisation, table)


class KeyRing:
    """Application keys by number. Raises KeysUnavailable for a number it does not hold."""

    def __init__(self, current: AppKeys, previous: tuple[AppKeys, ...] = ()) -> None:
        self.current = current
        self._keys = {keys.kid: keys for keys in (*previous, current)}

    @classmethod
    def from_hex(cls, current: int, keys: Mapping[int, str]) -> Self:
        """From 64 hexadecimal digits per key number; `current` must be one of them."""
        ring = {}
        for kid, text in keys.items():
            try:
                ring[kid] = AppKeys(kid, bytes.fromhex(text.strip()))
            except ValueError:
                raise KeysUnavailable(
                    "key_format", f"application key {kid} is not 64 hexadecimal digits"
                ) from None
        if current not in ring:
            raise KeysUnavailable("key_missing", f"application key {current} is not among the keys given")
        return cls(ring[current], tuple(keys for kid, keys in ring.items() if kid != current))

    def __repr__(self) -> str:
        return f"KeyRing(current={self.current.kid}, kids={sorted(self._keys)})"

    def get(self, kid: int) -> AppKeys:
        """The key with that number."""
        try:
            return self._keys[kid]
        except KeyError:
            raise KeysUnavailable(
                "key_missing", f"application key {kid} is not in the key ring; add it as a previous key"
            ) from None

    @cached_property
    def newest_first(self) -> tuple[AppKeys, ...]:
        """The current key, then the others from the highest number down."""
        others = sorted((kid for kid in self._keys if kid != self.current.kid), reverse=True)
        return (self.current, *(self._keys[kid] for kid in others))
