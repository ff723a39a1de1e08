"""What every test may ask for. A test that asks for a database runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from app.db.session import Database
from tests.databases import PostgresDatabases, SqliteDatabases

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    """The maker of SQLite files."""
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_databases(testrun_uid: str, worker_id: str) -> Iterator[PostgresDatabases]:
    """The maker of PostgreSQL databases; starts the server when first asked for."""
    databases = PostgresDatabases(testrun_uid, worker_id)
    yield databases
    databases.close()


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """An S3 server on the loopback interface, started when first asked for."""
    from tests.s3 import s3_server

    with s3_server() as address:
        yield address


@pytest.fixture
def s3_bucket(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a new bucket, and the variables with which it is reached."""
    from tests.s3 import new_bucket

    return new_bucket(s3_address, f"pli-{uuid4().hex}", monkeypatch)


@pytest.fixture(params=BOTH)
def databases(request: pytest.FixtureRequest) -> SqliteDatabases | PostgresDatabases:
    """One maker after the other."""
    made: SqliteDatabases | PostgresDatabases = request.getfixturevalue(f"{request.param}_databases")
    return made


@pytest.fixture
def empty_database_url(databases: SqliteDatabases | PostgresDatabases) -> Iterator[str]:
    """The address of a new database without tables."""
    with databases.empty() as url:
        yield url


@pytest.fixture
def database_url(databases: SqliteDatabases | PostgresDatabases) -> Iterator[str]:
    """The address of a new database with every table and no row."""
    with databases.migrated() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A new database with every table and no row, on SQLite and on PostgreSQL."""
    opened = Database(database_url)
    yield opened
    opened.close()
