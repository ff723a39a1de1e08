from collections.abc import Iterator

import pytest

from tests.web.console.office import Office, open_office


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One office for the tests of a file; each test has a batch of its own."""
    with open_office(tmp_path_factory.mktemp("office") / "data") as opened:
        yield opened
