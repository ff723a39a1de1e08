"""What reading the people sheet gives to say: codes and row numbers in clear; names of columns and sheets sealed, for a
sheet may carry anything where its headings should be."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.crypto.vault import Vault
from app.db.models import Batch

MOST_ROWS = 50


class SheetWarning(Protocol):
    """What a reader of sheets warns of."""

    @property
    def code(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def row_numbers(self) -> tuple[int, ...]: ...


@dataclass(frozen=True)
class ToldWarning:
    """`rows` are numbers of the spreadsheet, at most fifty; `detail` names columns or sheets, or is empty."""

    code: str
    rows: tuple[int, ...]
    detail: str


def write_sheet_warnings(vault: Vault, batch: Batch, warnings: Sequence[SheetWarning]) -> None:
    """Put the warnings into the row, in the place of earlier ones."""
    stored: list[dict[str, Any]] = []
    for warning in warnings:
        entry: dict[str, Any] = {"code": warning.code, "rows": list(warning.row_numbers[:MOST_ROWS])}
        if warning.detail:
            sealed = vault.columns.seal_column(
                batch.organisation_id, "batch", "sheet_warning", batch.id, warning.detail
            )
            entry["detail_sealed"] = base64.b64encode(sealed).decode("ascii")
        stored.append(entry)
    batch.sheet_warnings = stored


def read_sheet_warnings(vault: Vault, batch: Batch) -> list[ToldWarning]:
    """The inverse, in the order of the sheet."""
    return [
        ToldWarning(
            str(entry["code"]),
            tuple(entry["rows"]),
            vault.columns.open_column(
                batch.organisation_id,
                "batch",
                "sheet_warning",
                batch.id,
                base64.b64decode(entry["detail_sealed"]),
            )
            if "detail_sealed" in entry
            else "",
        )
        for entry in batch.sheet_warnings
    ]
