import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.processes import Service, credentials, free_port


@dataclass(frozen=True)
class Demo:
    """A running demo."""

    service: Service
    folder: Path
    api_key: str

    @property
    def url(self) -> str:
        return self.service.url


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all tests that talk to a live service."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    with Service("demo", folder=folder, port=free_port()) as service:
        service.wait_for("pli: serving")
        yield Demo(service, folder, credentials(service.lines)["api key"])
    assert service.status == 0
    shutil.rmtree(folder)
