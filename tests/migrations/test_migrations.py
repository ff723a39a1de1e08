"""The migrations make exactly the tables the models describe, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.core.errors import Conflict
from app.db import migrate
from app.db.session import open_engine
from app.engine import schema
from tests.databases import SqliteDatabases, upgrade


def differences(url: str) -> list[object]:
    """What autogenerate would still change, the job engine's tables apart."""
    with migrate.migration_connection(url) as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: not (kind == "table" and name in schema.TABLES)},
        )
        return list(compare_metadata(context, migrate.METADATA))


def tables(url: str) -> set[str]:
    engine = open_engine(url, pool_size=1)
    names = set(sa.inspect(engine).get_table_names())
    engine.dispose()
    return names


def run(url: str, action: str, revision: str) -> None:
    """One alembic command on the database, as the command line would run it."""
    config = migrate.configuration()
    with migrate.migration_connection(url) as connection:
        config.attributes["connection"] = connection
        getattr(command, action)(config, revision)


def test_migrated_tables_are_those_of_the_models_and_a_missing_column_is_noticed(
    empty_database_url: str,
) -> None:
    url = empty_database_url
    upgrade(url)
    assert differences(url) == []

    execute(url, "ALTER TABLE organisation DROP COLUMN brand_colour")
    assert [change[0] for change in differences(url)] == ["add_column"]  # type: ignore[index]


def test_upgrading_again_changes_nothing(database_url: str) -> None:
    before = tables(database_url)
    migrate.upgrade(database_url)
    schema.migrate(database_url)

    assert tables(database_url) == before


def test_each_migration_can_be_taken_back_and_applied_again(empty_database_url: str) -> None:
    url = empty_database_url
    migrate.upgrade(url)
    steps = len(list(ScriptDirectory.from_config(migrate.configuration()).walk_revisions()))
    for _ in range(steps):
        run(url, "downgrade", "-1")
    assert tables(url) == {"alembic_version"}

    migrate.upgrade(url)
    assert differences(url) == []


def test_processes_that_start_together_migrate_once(empty_database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(schema.migrate, [empty_database_url] * 2))
        list(pool.map(lambda url: locked_marker(url), [empty_database_url] * 4))

    assert count(empty_database_url) == 4


def locked_marker(url: str) -> None:
    """What a migrator does: look, then write. Two at once would both see the same count."""
    with migrate.migration_connection(url) as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS marker (n INTEGER PRIMARY KEY)")
        highest = connection.exec_driver_sql("SELECT count(*) FROM marker").scalar_one()
        connection.exec_driver_sql(f"INSERT INTO marker VALUES ({highest})")


def count(url: str) -> int:
    with migrate.migration_connection(url) as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM marker").scalar_one())


def test_a_database_of_a_newer_version_is_refused_and_left_alone(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    execute(empty_database_url, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(Conflict, match="9999"):
        migrate.upgrade(empty_database_url)

    with migrate.migration_connection(empty_database_url) as connection:
        assert MigrationContext.configure(connection).get_current_revision() == "9999"


def test_a_failing_migration_leaves_nothing_behind(empty_database_url: str) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        execute(empty_database_url, "CREATE TABLE half_done (n INTEGER)", "SELECT nothing FROM nowhere")

    assert tables(empty_database_url) == set()


def test_rows_that_point_to_nothing_stop_a_sqlite_migration(sqlite_databases: SqliteDatabases) -> None:
    orphan = "INSERT INTO console_session VALUES ('a', 'nobody', x'00', '', '2026-01-01', '2026-01-01')"
    with sqlite_databases.migrated() as url:
        with pytest.raises(RuntimeError, match="console_session"):
            execute(url, orphan)
        with migrate.migration_connection(url) as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM console_session").scalar_one() == 0


def execute(url: str, *statements: str) -> None:
    """What a hand-written migration does."""
    with migrate.migration_connection(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_no_table_of_ours_has_the_name_of_one_of_the_engine() -> None:
    assert not schema.TABLES & set(migrate.METADATA.tables)


def test_the_list_of_engine_tables_is_complete(empty_database_url: str) -> None:
    schema.migrate(empty_database_url)
    engine = open_engine(empty_database_url, pool_size=1)
    where = schema.SCHEMA if engine.dialect.name == "postgresql" else None
    names = set(sa.inspect(engine).get_table_names(schema=where))
    engine.dispose()

    assert names == (schema.TABLES if where else schema.TABLES - {"event_dispatch_kv"})


def test_there_is_one_line_of_migrations() -> None:
    script = ScriptDirectory.from_config(migrate.configuration())

    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
