from collections.abc import Iterator

import pytest

from tests.web.api.house import House
from tests.web.client import TestClient


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    built = House(tmp_path_factory.mktemp("api") / "data")
    yield built
    built.close()


@pytest.fixture
def client(house: House) -> TestClient:
    """A program with a live key of an organisation of its own."""
    return house.client(house.key(house.organisation()))


@pytest.fixture(autouse=True)
def no_jobs_left(house: House) -> Iterator[None]:
    """Jobs that a test leaves waiting are not the next one's."""
    yield
    house.jobs.jobs.clear()
