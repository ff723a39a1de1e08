"""Sealed columns and the keyed hashes by which rows are found without opening them."""

import ipaddress
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.crypto import boxes
from app.crypto.derive import mac
from app.crypto.keyring import AppKeys, KeyRing

INDEX_SIZE = 16


class ColumnSealer:
    """Seals many values of one organisation's table, as `Columns.seal_column` does one. For one thread."""

    def __init__(self, ring: KeyRing, organisation_id: UUID, table: str) -> None:
        self._box = boxes.BoxSealer(ring, _cipher(organisation_id, table))
        self._table = table
        self._contexts: dict[str, bytes] = {}

    def seal(self, column: str, row_id: UUID, value: str) -> bytes:
        """The bytes to store."""
        context = self._contexts.get(column)
        if context is None:
            context = self._contexts[column] = _context(self._table, column)
        return self._box.seal(value.encode(), context + row_id.bytes)


class Columns:
    """Names, numbers and texts at rest. A value opens only in the organisation, table, column and row it was sealed
    for."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def seal_column(self, organisation_id: UUID, table: str, column: str, row_id: UUID, value: str) -> bytes:
        """The bytes to store."""
        return boxes.seal(
            self._ring,
            _cipher(organisation_id, table),
            value.encode(),
            _context(table, column) + row_id.bytes,
        )

    def sealer(self, organisation_id: UUID, table: str) -> ColumnSealer:
        """For a job that writes hundreds of rows."""
        return ColumnSealer(self._ring, organisation_id, table)

    def open_column(self, organisation_id: UUID, table: str, column: str, row_id: UUID, sealed: bytes) -> str:
        """The value. Raises SealBroken, or KeysUnavailable when its application key is not in the ring."""
        data = boxes.unseal(
            self._ring, _cipher(organisation_id, table), sealed, _context(table, column) + row_id.bytes
        )
        return data.decode()

    def blind_index(self, organisation_id: UUID, field: str, value: str) -> bytes:
        """16 bytes, equal for equal values of one field of one organisation, and telling nothing else.

        The caller gives the value in one spelling only: a phone in E.164, a staff number in capitals.
        """
        key = self._ring.current.purpose("blind-index")
        return mac(key, field.encode("ascii") + b"\x00" + organisation_id.bytes + value.encode())[:INDEX_SIZE]

    def content_index(self, digest: bytes) -> bytes:
        """32 bytes that find a document by the SHA-256 of its bytes; the clear digest is never stored."""
        return mac(self._ring.current.purpose("doc-index"), digest)

    def net_hash(self, address: str) -> bytes:
        """16 bytes for the client's network, /24 in IPv4 and /48 in IPv6, so that limits store no address."""
        return mac(self._ring.current.purpose("net-hash"), client_network(address).encode("ascii"))[
            :INDEX_SIZE
        ]


def client_network(address: str) -> str:
    """The network of an IP address as text; an IPv4 address in IPv6 clothes counts as IPv4. `unknown` when unreadable."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    prefix = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, prefix), strict=False))


def _cipher(organisation_id: UUID, table: str) -> boxes.CipherOf:
    def of(keys: AppKeys) -> AESGCM:
        return keys.column_cipher(organisation_id.bytes, table)

    return of


def _context(table: str, column: str) -> bytes:
    return f"{table}\0{column}\0".encode("ascii")
