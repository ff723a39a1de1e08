"""Why a batch was refused or cancelled: the code in clear, for figures; the detail sealed, for it names a file, and
files are often named after people."""

import base64
from collections.abc import Mapping

from app.crypto.vault import Vault
from app.db.models import Batch


def write_failure(vault: Vault, batch: Batch, code: str, detail: str) -> None:
    """Put the reason into the row; `detail` is the name of a file, or a sentence for developers."""
    failure = {"code": code}
    if detail:
        sealed = vault.columns.seal_column(batch.organisation_id, "batch", "failure", batch.id, detail)
        failure["detail_sealed"] = base64.b64encode(sealed).decode("ascii")
    batch.failure = failure


def read_failure(vault: Vault, batch: Batch) -> Mapping[str, str]:
    """`code` and `detail`; empty when nothing is wrong with the batch."""
    if not batch.failure:
        return {}
    sealed = batch.failure.get("detail_sealed")
    detail = (
        vault.columns.open_column(
            batch.organisation_id, "batch", "failure", batch.id, base64.b64decode(sealed)
        )
        if sealed
        else ""
    )
    return {"code": str(batch.failure["code"]), "detail": detail}
