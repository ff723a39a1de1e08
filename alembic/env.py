"""Run by alembic for every command: from `app.db.migrate` with an open connection, or from the command line.

On the command line the database is that of the settings, or the one given by `-x url=...`.

A new migration, from the difference between the models and a database at the last revision:
    .venv/bin/alembic revision --autogenerate --rev-id 0002 -m "what changes" && .venv/bin/ruff format alembic

The first migration, made anew from the models (only while no version has been released):
    rm alembic/versions/0001_*.py && .venv/bin/alembic -x url=sqlite:// revision --autogenerate --rev-id 0001 \
        -m "first tables" && .venv/bin/ruff format alembic
"""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from app.db.migrate import METADATA, migration_connection
from app.engine.schema import TABLES as ENGINE_TABLES
from app.settings import Settings


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write plain SQLAlchemy types, so that a migration does not change when a library's type does."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        length = item.impl.length if isinstance(item.impl, sa.String) else None
        return f"sa.String({length or ''})"
    return False


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """On SQLite the job engine's tables lie beside ours; they are the engine's to change."""
    return not (kind == "table" and name in ENGINE_TABLES)


def run(connection: sa.Connection) -> None:
    """Run the command's migrations in the caller's transaction."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=True,
        render_item=render_item,
        include_name=include_name,
        transactional_ddl=True,
    )
    context.run_migrations()


def main() -> None:
    """Use the caller's connection, or open the database the command line names."""
    given = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    url = context.get_x_argument(as_dictionary=True).get("url") or Settings().database
    with migration_connection(url) as connection:
        run(connection)


main()
