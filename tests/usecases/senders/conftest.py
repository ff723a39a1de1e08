from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.usecases.house import House, open_house


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    """On SQLite and on PostgreSQL."""
    with open_house(tmp_path / "data", database_url) as opened:
        yield opened
