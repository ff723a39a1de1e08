"""Inserting hundreds of rows in one statement, without the object layer and without its work on every value."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

Process = Callable[[Any], Any]


class _Insert:
    """An INSERT for one dialect, with what turns each column's values into the driver's."""

    def __init__(self, table: sa.Table, keys: tuple[str, ...], dialect: sa.Dialect) -> None:
        compiled = sa.insert(table).compile(dialect=dialect, column_keys=list(keys))
        self.text = str(compiled)
        self._order: list[str] | None = compiled.positiontup if compiled.positional else None
        self._columns = [(key, _processor(table.c[key].type, dialect)) for key in self._order or keys]

    def parameters(self, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """The rows in the form that the driver takes."""
        values = [_processed([row[key] for row in rows], process) for key, process in self._columns]
        if self._order is not None:
            return list(zip(*values, strict=True))
        keys = [key for key, _ in self._columns]
        return [dict(zip(keys, row, strict=True)) for row in zip(*values, strict=True)]


def table_of(model: type[SQLModel]) -> sa.Table:
    """The table behind a model, for statements that are put together once and run without the object layer.

    Flush the session first when such a statement must see objects that were only added.
    """
    table = sa.inspect(model).local_table
    assert isinstance(table, sa.Table)
    return table


def insert_rows(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Every row names the same columns: all of the table that have no default in the database itself."""
    if rows:
        connection = session.connection()
        insert = _insert(table_of(table), tuple(rows[0]), connection.dialect)
        connection.exec_driver_sql(insert.text, insert.parameters(rows))


@lru_cache(maxsize=64)
def _insert(table: sa.Table, keys: tuple[str, ...], dialect: sa.Dialect) -> _Insert:
    return _Insert(table, keys, dialect)


def _processor(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Process | None:
    if isinstance(kind, sa.LargeBinary):
        return None  # Both drivers take bytes as they are; a memoryview for each is what costs.
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _processed(values: list[Any], process: Process | None) -> list[Any]:
    """Most columns of a bulk hold one value over and over, so each run of the same object is processed once."""
    if process is None:
        return values
    processed: list[Any] = []
    last, result = values[0], process(values[0])
    for value in values:
        if value is not last:
            last, result = value, process(value)
        processed.append(result)
    return processed
