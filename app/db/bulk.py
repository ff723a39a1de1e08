"""Bulk writing without the object layer: hundreds of rows a statement, nothing synchronised with loaded objects."""

from collections.abc import Mapping
from typing import Any

from links.bulk import insert_rows, table_of

__all__ = ["UNSYNCHRONISED", "insert_rows", "table_of"]

UNSYNCHRONISED: Mapping[str, Any] = {"synchronize_session": False}
