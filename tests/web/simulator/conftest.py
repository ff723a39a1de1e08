"""One running service for all tests of this door."""

from collections.abc import Iterator

import pytest

from tests.web.live import Live, live_house


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_house(tmp_path_factory.mktemp("live")) as running:
        running.letter()
        yield running
