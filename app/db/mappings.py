"""The clerk's answer about the columns of a people sheet: positions in clear, the name of the sheet sealed, for sheets
are named after teams and people."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from app.crypto.vault import Vault
from app.db.models import Batch


@dataclass(frozen=True)
class StoredMapping:
    """Column by name of the field, from 0; `header_row` 0 means that the sheet has no headings."""

    columns: Mapping[str, int]
    header_row: int
    sheet: str


def write_mapping(vault: Vault, batch: Batch, columns: Mapping[str, int], header_row: int, sheet: str) -> int:
    """Put the answer into the row, in the place of an earlier one; returns how many there were by now."""
    tries = int((batch.mapping or {}).get("tries", 0)) + 1
    sealed = vault.columns.seal_column(batch.organisation_id, "batch", "mapping_sheet", batch.id, sheet)
    batch.mapping = {
        "columns": dict(columns),
        "header_row": header_row,
        "sheet_sealed": base64.b64encode(sealed).decode("ascii"),
        "tries": tries,
    }
    return tries


def read_mapping(vault: Vault, batch: Batch) -> StoredMapping | None:
    """The answer; None when nobody was asked."""
    stored = batch.mapping
    if stored is None:
        return None
    sheet = vault.columns.open_column(
        batch.organisation_id, "batch", "mapping_sheet", batch.id, base64.b64decode(stored["sheet_sealed"])
    )
    return StoredMapping(stored["columns"], stored["header_row"], sheet)
