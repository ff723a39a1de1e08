"""A key ring, an epoch store on disk, and the ids used all over these tests."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.crypto.epochs import FileEpochStore
from app.crypto.keyring import AppKeys, KeyRing
from app.crypto.passwords import Argon2Pool

ORGANISATION = UUID(bytes=b"\x11" * 16)
DOCUMENT = UUID(bytes=b"\x22" * 16)
LINK = UUID(bytes=b"\x33" * 16)
OTHER = UUID(bytes=b"\x99" * 16)
DAY = 20818


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing(AppKeys(1, bytes(range(32))))


@pytest.fixture
def epochs(tmp_path: Path) -> FileEpochStore:
    return FileEpochStore(tmp_path / "epochs")


@pytest.fixture(scope="session")
def pool() -> Iterator[Argon2Pool]:
    pool = Argon2Pool(threads=2)
    yield pool
    pool.close()
