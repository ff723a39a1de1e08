"""A story on each database; its journal must hold at the end. And places in which processes are killed."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.databases import PostgresDatabases, SqliteDatabases
from tests.pipeline import pipeline
from tests.stories.killed import Place
from tests.stories.story import Clock, Story


@pytest.fixture
def story(database_url: str, tmp_path: Path) -> Iterator[Story]:
    """An organisation of its own, on SQLite and on PostgreSQL."""
    clock = Clock()
    with pipeline(tmp_path / "data", database_url=database_url, now=clock) as made:
        played = Story(made, clock, tmp_path / "data")
        yield played
        played.check_journal()


def settle_in(folder: Path, url: str) -> Place:
    """A data folder with an organisation in it."""
    with pipeline(folder, database_url=url) as made:
        return Place(folder, url, made.organisation.id)


@pytest.fixture(scope="session")
def settled(sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A SQLite place to copy."""
    folder = tmp_path_factory.mktemp("settled") / "data"
    folder.mkdir()
    with sqlite_databases.migrated() as url:
        shutil.move(url.removeprefix("sqlite:///"), folder / "pli.db")
    return settle_in(folder, "")


@pytest.fixture
def sqlite_places(settled: Place, tmp_path: Path) -> Callable[[str], Place]:
    """Makes a place of its own for each name."""

    def place(name: str) -> Place:
        folder = tmp_path / name.replace(" ", "-")
        shutil.copytree(settled.folder, folder)
        return replace(settled, folder=folder)

    return place


@pytest.fixture
def postgres_places(
    postgres_databases: PostgresDatabases, tmp_path: Path
) -> Iterator[Callable[[str], Place]]:
    """The same with a PostgreSQL database for each."""
    with ExitStack() as databases:

        def place(name: str) -> Place:
            url = databases.enter_context(postgres_databases.migrated())
            return settle_in(tmp_path / name.replace(" ", "-"), url)

        yield place
