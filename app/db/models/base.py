"""What every table shares: ids made here, aware UTC times, sealed columns as bytes."""

from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlmodel import Field

import links.tables  # noqa: F401 - sets how constraints are named, before any table of ours exists


def id_field() -> Any:
    """Primary key made by the application, so that it can be sealed against before the row is written."""
    return Field(default_factory=uuid4, primary_key=True)


def reference(target: str, *, index: bool = True) -> Any:
    """A foreign key to `table.column`."""
    return Field(foreign_key=target, index=index)


def json_field(default: Any) -> Any:
    """A JSON column. It never holds personal data: codes, counts and settings only."""
    return Field(default_factory=lambda: default() if callable(default) else default, sa_type=sa.JSON)


def text_field(length: int, *, index: bool = False, unique: bool = False, default: Any = ...) -> Any:
    """A bounded text column."""
    return Field(default=default, max_length=length, index=index, unique=unique)
