"""A document at rest: a header of 16 bytes, then records of 64 KiB, each sealed on its own.

    header    "PLI", version 01, algorithm 01, log2 of the record size 10 (hex), three zero bytes, nonce prefix (7)
    record i  AES-256-GCM under the document key, at offset 16 + i * 65,552
              nonce = prefix || i (u32 big endian) || last (1);   context = header || organisation || document

`last` is 1 on the final record alone, so a cut, a swap or a changed byte never opens. A range is served by opening
the records it touches. Algorithm 02 is reserved for compressed documents and refused here.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.crypto.derive import TAG_SIZE
from app.crypto.errors import SealBroken

RECORD = 1 << 16
SEALED_RECORD = RECORD + TAG_SIZE
HEADER_SIZE = 16
PREFIX_SIZE = 7
MAGIC = b"PLI\x01\x01\x10\x00\x00\x00"
READ_RECORDS = 16

Read = Callable[[int, int], bytes]


def sealed_size(plain: int) -> int:
    """Bytes at rest of a document of `plain` bytes."""
    return HEADER_SIZE + plain + TAG_SIZE * _record_count(plain)


class RecordSealer:
    """Seals one document as its bytes arrive: `update` any number of times, then `finish` once."""

    def __init__(
        self, key: bytes, organisation_id: UUID, document_id: UUID, *, prefix: bytes | None = None
    ) -> None:
        """`prefix` (7 bytes) is drawn at random; only test vectors give one."""
        self._prefix = os.urandom(PREFIX_SIZE) if prefix is None else prefix
        header = MAGIC + self._prefix
        self._cipher = AESGCM(key)
        self._context = header + organisation_id.bytes + document_id.bytes
        self._pending = bytearray()
        self._ready: list[bytes] = [header]
        self._index = 0
        self.plain_size = 0
        self.sealed_size = 0

    def update(self, data: bytes) -> bytes:
        """Take more of the document; returns the sealed bytes that are ready, often none."""
        self.plain_size += len(data)
        self._pending += data
        # The last record must be known as such, so one full record always waits.
        full = (len(self._pending) - 1) // RECORD
        if full > 0:
            with memoryview(self._pending) as view:
                for start in range(0, full * RECORD, RECORD):
                    self._seal(view[start : start + RECORD], last=False)
            del self._pending[: full * RECORD]
        return self._take()

    def finish(self) -> bytes:
        """The last sealed bytes. `plain_size` and `sealed_size` are final after it."""
        self._seal(self._pending, last=True)
        self._pending.clear()
        return self._take()

    def whole(self, data: bytes) -> bytes:
        """All of a document at once, instead of `update` and `finish`: clear bytes are not copied on the way."""
        self.plain_size = len(data)
        view, last = memoryview(data), _record_count(len(data)) - 1
        for index in range(last + 1):
            self._seal(view[index * RECORD : (index + 1) * RECORD], last=index == last)
        return self._take()

    def _seal(self, data: bytearray | memoryview, *, last: bool) -> None:
        self._ready.append(self._cipher.encrypt(_nonce(self._prefix, self._index, last), data, self._context))
        self._index += 1

    def _take(self) -> bytes:
        taken = b"".join(self._ready)
        self._ready.clear()
        self.sealed_size += len(taken)
        return taken


def seal(key: bytes, organisation_id: UUID, document_id: UUID, data: bytes) -> bytes:
    """Seal a whole document that is in memory."""
    return RecordSealer(key, organisation_id, document_id).whole(data)


def seal_stream(sealer: RecordSealer, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Sealed chunks of a document that arrives in chunks of any size."""
    for chunk in chunks:
        if sealed := sealer.update(chunk):
            yield sealed
    yield sealer.finish()


class RecordOpener:
    """Random access to a sealed document.

    `read(offset, length)` gives sealed bytes counted from the header. `sealed` and `plain` are the sizes the row holds:
    they are compared first, because a range need not touch the last record, where a cut would show.
    Every method raises SealBroken when bytes are missing, moved or changed.
    """

    def __init__(
        self, key: bytes, organisation_id: UUID, document_id: UUID, read: Read, *, sealed: int, plain: int
    ) -> None:
        if sealed != sealed_size(plain):
            raise _broken("the size at rest does not fit the size of the document")
        header = read(0, HEADER_SIZE)
        if len(header) != HEADER_SIZE or header[: len(MAGIC)] != MAGIC:
            raise _broken("the header is not of a version and algorithm this Pli reads")
        self.size = plain
        self._read = read
        self._cipher = AESGCM(key)
        self._prefix = header[len(MAGIC) :]
        self._context = header + organisation_id.bytes + document_id.bytes
        self._count = _record_count(plain)

    def open_range(self, start: int, end: int) -> Iterator[bytes]:
        """Bytes `start` to `end` (exclusive) of the document, in chunks of at most a record."""
        if not 0 <= start <= end <= self.size:
            raise ValueError(f"range {start}-{end} lies outside a document of {self.size} bytes")
        first, stop = start // RECORD, max(_record_count(end), start // RECORD + 1)
        for index in range(first, stop, READ_RECORDS):
            for offset, record in self._records(index, min(index + READ_RECORDS, stop)):
                piece = record[max(0, start - offset) : end - offset]
                if piece:
                    yield piece

    def read_all(self) -> bytes:
        """The whole document."""
        return b"".join(self.open_range(0, self.size))

    def _records(self, first: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Plain records with their offset in the document."""
        begin = HEADER_SIZE + first * SEALED_RECORD
        finish = min(HEADER_SIZE + stop * SEALED_RECORD, sealed_size(self.size))
        sealed = memoryview(self._read(begin, finish - begin))
        if len(sealed) != finish - begin:
            raise _broken("bytes are missing")
        for index in range(first, stop):
            at = (index - first) * SEALED_RECORD
            nonce = _nonce(self._prefix, index, index == self._count - 1)
            try:
                plain = self._cipher.decrypt(nonce, sealed[at : at + SEALED_RECORD], self._context)
            except InvalidTag:
                raise _broken(f"record {index} does not open") from None
            yield index * RECORD, plain


def open_all(key: bytes, organisation_id: UUID, document_id: UUID, sealed: bytes, *, plain: int) -> bytes:
    """Open a whole document that is in memory."""

    def read(offset: int, length: int) -> bytes:
        return sealed[offset : offset + length]

    return RecordOpener(key, organisation_id, document_id, read, sealed=len(sealed), plain=plain).read_all()


def _record_count(plain: int) -> int:
    return max(1, -(-plain // RECORD))


def _nonce(prefix: bytes, index: int, last: bool) -> bytes:
    return prefix + index.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def _broken(what: str) -> SealBroken:
    return SealBroken(
        "blob_damaged", f"a sealed document cannot be read: {what}; restore the blob from its backup"
    )
