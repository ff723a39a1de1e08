"""Bulk writing without the object layer: hundreds of rows a statement, nothing synchronised with loaded objects."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

UNSYNCHRONISED: Mapping[str, Any] = {"synchronize_session": False}


def insert_rows(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Every row names the same columns, all those without a default in the database among them."""
    if rows:
        session.connection().execute(sa.insert(sa.inspect(table).local_table), list(rows))
