"""The clerk's answer about the columns of a people sheet: positions in clear, the name of the sheet sealed, for sheets
are named after teams and people."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.core.errors import Conflict, NotFound
from app.crypto.vault import Vault
from app.db.models import Batch, Upload
from app.db.queries import batches
from app.db.session import Session


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


@dataclass(frozen=True)
class SheetToMap:
    """The people sheet of a batch that waits for its columns, and what each folded heading meant before."""

    batch: Batch
    upload: Upload
    remembered: Mapping[str, str]


def load_sheet_to_map(session: Session, vault: Vault, organisation_id: UUID, batch_id: UUID) -> SheetToMap:
    """Raises NotFound, or Conflict `mapping_settled` when the batch waits for nothing of the kind."""
    batch = batches.get(session, organisation_id, batch_id)
    if batch is None:
        raise NotFound("batch_unknown", "this batch does not exist")
    require_unmapped(batch)
    upload = batches.uploads(session, batch_id, "people")[0]
    return SheetToMap(batch, upload, batches.remembered_headings(session, vault, organisation_id))


def require_unmapped(batch: Batch | None) -> Batch:
    """The batch, if its columns are still to be said. Raises Conflict `mapping_settled`."""
    if batch is None or batch.state != "needs_mapping":
        raise Conflict("mapping_settled", "the columns of this batch are settled; load the page again")
    return batch
