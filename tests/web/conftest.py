from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.crypto.passwords import Argon2Pool
from app.db.session import Database
from app.runtime import Runtime
from tests.databases import SqliteDatabases
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
def rt(
    sqlite_databases: SqliteDatabases, passwords: Argon2Pool, tmp_path: Path, clock: Clock
) -> Iterator[Runtime]:
    """On SQLite only: what the doors do does not depend on the kind of database."""
    with sqlite_databases.migrated() as url:
        database = Database(url)
        yield make_runtime(database, passwords, tmp_path, clock)
        database.close()


@pytest.fixture
def organisation_id(rt: Runtime) -> UUID:
    return add_organisation(rt)
