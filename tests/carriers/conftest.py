import pytest

from app.db.session import Database
from tests.carriers.simulated import World, open_world


@pytest.fixture
def world(database: Database) -> World:
    return open_world(database)
