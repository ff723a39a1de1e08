from collections.abc import Iterator

import pytest

from app.db.session import Database
from tests.databases import SqliteDatabases


@pytest.fixture
def sqlite(sqlite_databases: SqliteDatabases) -> Iterator[Database]:
    """For what does not depend on the database."""
    with sqlite_databases.migrated() as url:
        opened = Database(url)
        yield opened
        opened.close()
