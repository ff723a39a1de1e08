from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.usecases.house import House, open_house


@pytest.fixture
def house(tmp_path: Path, empty_database_url: str) -> Iterator[House]:
    """On SQLite and on PostgreSQL: the ledger is the one table that must never be read wrong."""
    with open_house(tmp_path / "data", empty_database_url) as opened:
        yield opened
