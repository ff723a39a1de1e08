"""One object per upload and one pack per batch, in which documents lie one after another.

A document is addressed by key, offset and length. Packs are shredded by destroying keys, never by rewriting; they are
deleted once nothing in them can be opened.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

import obstore
from obstore.store import LocalStore, from_url

from app.core.errors import NotFound, PliError

WRITE_BUFFER: Final = 8 * 1024 * 1024
# How the library names a file until it is whole.
_UNFINISHED = re.compile(r"#\d+$")


class BlobDamaged(PliError):
    """The object is shorter than the row that points into it."""


@dataclass(frozen=True)
class Stored:
    """An object and when it was written, by the clock of the store."""

    key: str
    at: datetime


class BlobWriter(Protocol):
    """An object being written. It exists under its key after the block ends well, and not at all otherwise."""

    position: int

    def write(self, data: bytes) -> int:
        """Append; returns the offset at which these bytes begin."""


class BlobStore(Protocol):
    """Where ciphertext lies. Keys are paths with slashes, without `..`."""

    def put(self, key: str, data: bytes) -> None:
        """Write a whole object."""

    def open_writer(self, key: str) -> AbstractContextManager[BlobWriter]:
        """Write an object piece by piece."""

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes. Raises NotFound, or BlobDamaged when the object ends too soon."""

    def size(self, key: str) -> int:
        """Length of an object in bytes. Raises NotFound."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""

    def delete_folder(self, folder: str) -> None:
        """Remove every object whose key begins with the folder and a slash; a folder without objects is fine."""

    def list(self, folder: str) -> Iterator[Stored]:
        """Every object whose key begins with the folder and a slash. On a local folder also what a process that was
        killed left unfinished, which can be deleted by its key and nothing else."""

    def sync(self, keys: Iterable[str]) -> None:
        """Make these objects durable, before the rows that point to them are committed."""


class ObjectBlobs:
    """Objects in a store of the obstore library: S3, Google, Azure, memory. Such a store is durable when it answers."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def put(self, key: str, data: bytes) -> None:
        """Write a whole object."""
        obstore.put(self._store, key, data)

    def open_writer(self, key: str) -> "_Writer":
        """Write an object piece by piece, 8 MiB at a time."""
        return _Writer(obstore.open_writer(self._store, key, buffer_size=WRITE_BUFFER))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes. Raises NotFound, or BlobDamaged when the object ends too soon."""
        try:
            data = bytes(obstore.get_range(self._store, key, start=offset, length=length)) if length else b""
        except FileNotFoundError:
            raise _missing(key) from None
        except obstore.exceptions.GenericError:
            # A store answers an offset past the end with an error of its own.
            if self.size(key) >= offset + length:
                raise
            data = b""
        if len(data) != length:
            raise BlobDamaged("blob_short", f"object {key} ends before byte {offset + length}; restore it")
        return data

    def size(self, key: str) -> int:
        """Length of an object in bytes. Raises NotFound."""
        try:
            return int(obstore.head(self._store, key)["size"])
        except FileNotFoundError:
            raise _missing(key) from None

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine."""
        try:
            obstore.delete(self._store, key)
        except FileNotFoundError:
            return

    def delete_folder(self, folder: str) -> None:
        """Remove every object whose key begins with the folder and a slash; a folder without objects is fine."""
        for page in obstore.list(self._store, prefix=folder):
            for found in page:
                self.delete(found["path"])

    def list(self, folder: str) -> Iterator[Stored]:
        """Every object whose key begins with the folder and a slash."""
        for page in obstore.list(self._store, prefix=folder):
            for found in page:
                yield Stored(found["path"], found["last_modified"])

    def sync(self, keys: Iterable[str]) -> None:
        """Nothing to do: the store answered after it had the bytes."""


class LocalBlobs(ObjectBlobs):
    """Objects as files of mode 0600 under a folder of mode 0700.

    The library neither syncs files nor narrows their mode, so `sync` does both, once per batch.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.chmod(0o700)
        self._root = root
        super().__init__(LocalStore(prefix=root))

    def delete_folder(self, folder: str) -> None:
        """Remove every object whose key begins with the folder and a slash, and the folder; none is fine."""
        super().delete_folder(folder)
        with suppress(OSError):
            (self._root / folder).rmdir()

    def delete(self, key: str) -> None:
        """Remove an object, or what is there of an unfinished one; one that is not there is fine."""
        if _UNFINISHED.search(key):
            (self._root / key).unlink(missing_ok=True)
        else:
            super().delete(key)

    def list(self, folder: str) -> Iterator[Stored]:
        """Every file below the folder, unfinished ones too."""
        for place, _folders, files in os.walk(self._root / folder):
            for name in files:
                path = Path(place) / name
                with suppress(FileNotFoundError):
                    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                    yield Stored(path.relative_to(self._root).as_posix(), at)

    def sync(self, keys: Iterable[str]) -> None:
        """Sync the files, then each folder on the way to them."""
        folders: set[Path] = {self._root}
        for key in keys:
            path = self._root / key
            path.chmod(0o600)
            _sync(path, os.O_RDONLY)
            folders.update(parent for parent in path.parents if parent.is_relative_to(self._root))
        for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
            _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


class _Writer:
    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.position = 0

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._inner.__exit__(kind, error, traceback)

    def write(self, data: bytes) -> int:
        """Append; returns the offset at which these bytes begin."""
        start = self.position
        self._inner.write(data)
        self.position += len(data)
        return start


def open_blobs(url: str, folder: Path, **options: Any) -> BlobStore:
    """The store at `url` (`s3://bucket/prefix` and the like); the local folder when `url` is empty.

    `options` go to the store's own constructor: region, endpoint, credentials.
    """
    return ObjectBlobs(from_url(url, **options)) if url else LocalBlobs(folder)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _missing(key: str) -> NotFound:
    return NotFound("blob_missing", f"object {key} is not in the blob store; restore it from its backup")
