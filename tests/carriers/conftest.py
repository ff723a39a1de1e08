from collections.abc import Iterator

import pytest

from app.db.session import Database
from tests.carriers.simulated import World, open_world
from tests.databases import SqliteDatabases


@pytest.fixture
def world(database: Database) -> World:
    return open_world(database)


@pytest.fixture
def sqlite_world(sqlite_databases: SqliteDatabases) -> Iterator[World]:
    """For what does not depend on the database."""
    with sqlite_databases.migrated() as url:
        database = Database(url)
        yield open_world(database)
        database.close()
