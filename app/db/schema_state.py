"""Whether the database has the schema of this program, without changing it."""

from typing import Literal

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.db.migrate import configuration, refuse_unknown
from app.db.session import open_engine

SchemaState = Literal["empty", "older", "current"]


def schema_state(url: str) -> SchemaState:
    """Raises Conflict when the schema is newer than this program, and what the driver raises when nobody answers."""
    config = configuration()
    engine = open_engine(url, pool_size=1, begin="BEGIN")
    try:
        with engine.connect() as connection:
            refuse_unknown(connection, config)
            heads = MigrationContext.configure(connection).get_current_heads()
            if not heads:
                return "older" if sa.inspect(connection).has_table("organisation") else "empty"
            known = ScriptDirectory.from_config(config).get_heads()
            return "current" if set(heads) == set(known) else "older"
    finally:
        engine.dispose()
