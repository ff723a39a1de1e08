from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.crypto.passwords import Argon2Pool
from app.db.session import Database
from app.runtime import Runtime
from tests.usecases.accounts.runtime import Clock, add_organisation, make_runtime


@pytest.fixture(scope="session")
def passwords() -> Iterator[Argon2Pool]:
    pool = Argon2Pool(threads=2, queue=100)
    yield pool
    pool.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rt(sqlite_database: Database, passwords: Argon2Pool, tmp_path: Path, clock: Clock) -> Runtime:
    return make_runtime(sqlite_database, passwords, tmp_path, clock)


@pytest.fixture
def organisation_id(rt: Runtime) -> UUID:
    return add_organisation(rt)
