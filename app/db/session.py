"""Opening the database: one writer and several readers on SQLite, one pool on PostgreSQL, the same code above.

On SQLite the driver would begin a transaction only at its first write, so a value read before it could be stale and
an update lost. The driver's own transaction control is therefore switched off and SQLAlchemy's `begin` event says
`BEGIN IMMEDIATE` on the writer, `BEGIN` on readers.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import Session

__all__ = ["Database", "Session", "open_engine"]

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA busy_timeout = 30000",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
)


def open_engine(url: str, *, pool_size: int, begin: str = "BEGIN IMMEDIATE") -> sa.Engine:
    """An engine with our rules: bound values never appear in errors, SQLite in WAL with explicit transactions."""
    options: dict[str, Any] = {"hide_parameters": True, "pool_size": pool_size, "max_overflow": 0}
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_pre_ping=True, **options)
    options |= {"connect_args": {"check_same_thread": False, "timeout": 30}, "poolclass": sa.QueuePool}
    engine = sa.create_engine(url, **options)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class Database:
    """Write transactions one at a time on SQLite, many on PostgreSQL; reads beside them."""

    def __init__(self, url: str, *, pool_size: int = 16) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._lock = threading.Lock() if self.is_sqlite else None
        self.engine = open_engine(url, pool_size=1 if self.is_sqlite else pool_size)
        self._readers = (
            open_engine(url, pool_size=pool_size, begin="BEGIN") if self.is_sqlite else self.engine
        )

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction that commits at the end of the block, or leaves nothing behind if the block raises."""
        if self._lock is None:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                yield session
            return
        with self._lock, Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view; nothing written in it is kept. What was loaded stays readable afterwards."""
        with Session(self._readers, expire_on_commit=False) as session:
            yield session
            session.expunge_all()

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()
        self._readers.dispose()
