"""One running service for all tests of this door."""

from collections.abc import Iterator

import httpx
import pytest

from app.crypto.tokens import new_ref
from tests.web.live import Letter, Live, live_house


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_house(tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.fixture
def letter(live: Live) -> Letter:
    """A letter that no other test has touched."""
    return live.letter()


@pytest.fixture
def phone(live: Live) -> httpx.Client:
    """A browser in a network of its own that has loaded some link's page, as browsers do before they post."""
    client = live.client()
    assert client.get(f"/{new_ref()}").status_code == 200
    return client
