"""A house with one payroll delivered, without the web."""

from collections.abc import Iterator

import pytest

from tests.web.live import Letter, Live, live_house


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_house(tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.fixture
def letter(live: Live) -> Letter:
    """A letter that no other test has touched."""
    return live.letter()
