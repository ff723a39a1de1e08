"""A story on each database; its journal must hold at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline import pipeline
from tests.stories.story import Clock, Story


@pytest.fixture
def story(database_url: str, tmp_path: Path) -> Iterator[Story]:
    """An organisation of its own, on SQLite and on PostgreSQL."""
    clock = Clock()
    with pipeline(tmp_path / "data", database_url=database_url, now=clock) as made:
        played = Story(made, clock, tmp_path / "data")
        yield played
        played.check_journal()
