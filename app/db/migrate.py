"""Bringing a database to the present schema, at every start and by every process.

Two processes that start together wait for each other: SQLite by `BEGIN IMMEDIATE`, PostgreSQL by an advisory lock
that ends with the transaction. A migration that fails leaves the database as it was.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlmodel import SQLModel

import app.db.models  # noqa: F401 - importing models puts their tables into the metadata
import links.tables  # noqa: F401
from app.core.errors import Conflict
from app.db.session import open_engine

ROOT = Path(__file__).resolve().parents[2]
METADATA = SQLModel.metadata
ADVISORY_LOCK = 7_254_861  # any number, as long as every version of Pli uses the same


def upgrade(url: str) -> None:
    """Apply every migration the database has not seen.

    Raises Conflict when the database is newer than this program, so that old code never writes into it.
    """
    config = configuration()
    with migration_connection(url) as connection:
        refuse_unknown(connection, config)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def configuration() -> Config:
    """Alembic's configuration, which lives in pyproject.toml."""
    return Config(toml_file=ROOT / "pyproject.toml")


def refuse_unknown(connection: sa.Connection, config: Config) -> None:
    """Raise Conflict unless the database's revision is one of ours."""
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            raise Conflict(
                "schema_unknown",
                f"The database has schema {revision}, which this version of Pli does not know. "
                "Start the version that made it, or restore the backup taken before it was upgraded.",
            )


@contextmanager
def migration_connection(url: str) -> Iterator[sa.Connection]:
    """A connection inside one transaction that holds every other migrator off.

    On SQLite foreign keys are not enforced inside it, because a table is changed there by copying it and dropping
    the old one; they are checked as a whole before the commit.
    """
    engine = open_engine(url, pool_size=1)
    is_sqlite = engine.dialect.name == "sqlite"
    if is_sqlite:

        @event.listens_for(engine, "connect")
        def suspend_foreign_keys(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA foreign_keys = OFF")

    try:
        with engine.begin() as connection:
            if not is_sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
            yield connection
            if is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                raise RuntimeError(f"The migration would leave rows of {broken[0]} that point to nothing")
    finally:
        engine.dispose()
