"""A line of the review as a row: everything personal sealed, codes and counts in clear."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from app.crypto.vault import Vault
from app.db.models import Batch, Document, Organisation

_JSON = json.JSONEncoder(ensure_ascii=False)


@dataclass(frozen=True)
class Sealed:
    """A document in its pack. `digest` is the SHA-256 of the clear bytes, `key` opens the blob."""

    document_id: UUID
    source: str
    first_page: int
    problem: str
    blob_key: str
    blob_offset: int
    blob_size: int
    plain_size: int
    digest: bytes
    key_review: bytes
    key: bytes = field(repr=False)


class LineFacts(NamedTuple):
    """What the review says of one line, in plain types."""

    row_key: str
    match: str
    conflict: bool
    staff_number: str
    name: str
    phone: str | None
    phone_typed: str
    sheet_row: int | None
    language: str
    pages: tuple[int, ...]
    findings: tuple[dict[str, str], ...]
    details: tuple[str, ...]
    access_code: str


@dataclass(frozen=True)
class Details:
    """What a screen shows of a line beyond its columns. `findings` are the details of the findings, in their order."""

    findings: tuple[str, ...] = ()
    phone_typed: str = ""
    source: str = ""
    first_page: int = 0
    problem: str = ""


class LineMaker:
    """Turns lines of one batch into rows for a bulk insert."""

    def __init__(
        self,
        vault: Vault,
        organisation: Organisation,
        batch: Batch,
        now: datetime,
        staff_index: Callable[[str], bytes],
    ) -> None:
        """`staff_index` is `Vault.staff_index` of the organisation, for a folded staff number."""
        self._vault = vault
        self._staff_index = staff_index
        self._organisation_id = organisation.id
        self._language = organisation.language
        self._batch_id = batch.id
        self._now = now
        self._sealer = vault.columns.sealer(organisation.id, "document")
        self._box = vault.envelope.review_box(organisation.id, batch.id, batch.review_day)

    def row(self, position: int, facts: LineFacts, part: Sealed | None, period: str) -> dict[str, Any]:
        """One row of the table `document`."""
        document_id = part.document_id if part else uuid4()
        organisation_id, columns = self._organisation_id, self._vault.columns

        def sealed(column: str, value: str | None) -> bytes | None:
            return self._sealer.seal(column, document_id, value) if value else None

        details = Details(
            findings=facts.details,
            phone_typed=facts.phone_typed,
            source=part.source if part else "",
            first_page=part.first_page if part else 0,
            problem=part.problem if part else "",
        )
        code = facts.access_code.encode()
        has_bytes = part is not None and part.blob_size > 0
        return {
            "id": document_id,
            "organisation_id": organisation_id,
            "batch_id": self._batch_id,
            "person_id": None,
            "block_id": None,
            "position": position,
            "match": facts.match,
            "state": "in_review",
            "row_key": facts.row_key,
            "conflict": facts.conflict,
            "findings": facts.findings,
            "confirmed": (),
            "details_sealed": sealed("details", _details_text(details)),
            "sheet_row": facts.sheet_row,
            "pages": facts.pages,
            "period": period,
            "language": facts.language or self._language,
            "staff_sealed": sealed("staff", facts.staff_number),
            "staff_index": self._staff_index(facts.staff_number) if facts.staff_number else None,
            "name_sealed": sealed("name", facts.name),
            "phone_sealed": sealed("phone", facts.phone),
            "phone_index": self._vault.phone_index(organisation_id, facts.phone) if facts.phone else None,
            "access_code_review": self._box.seal(document_id, "access-code", code) if code else None,
            "blob_key": part.blob_key if part else "",
            "blob_offset": part.blob_offset if part else 0,
            "blob_size": part.blob_size if part else 0,
            "plain_size": part.plain_size if part else 0,
            "content_index": columns.content_index(part.digest) if part and has_bytes else None,
            "content_hash_sealed": sealed("content_hash", part.digest.hex()) if part and has_bytes else None,
            "key_review": part.key_review if part and has_bytes else None,
            "opened_at": None,
            "downloaded_at": None,
            "revoked_at": None,
            "created_at": self._now,
        }


def read_details(vault: Vault, document: Document) -> Details:
    """The inverse of what `LineMaker` sealed."""
    if document.details_sealed is None:
        return Details()
    text = vault.columns.open_column(
        document.organisation_id, "document", "details", document.id, document.details_sealed
    )
    stored = json.loads(text)
    return Details(**{**stored, "findings": tuple(stored["findings"])})


def write_details(vault: Vault, document: Document, *, findings: tuple[str, ...], phone_typed: str) -> None:
    """Seal what a correction changed; the rest stays."""
    details = replace(read_details(vault, document), findings=findings, phone_typed=phone_typed)
    document.details_sealed = vault.columns.seal_column(
        document.organisation_id, "document", "details", document.id, _details_text(details)
    )


def _details_text(details: Details) -> str:
    return _JSON.encode(vars(details))


def read_staff_number(vault: Vault, document: Document) -> str:
    """The staff number of a line, in clear; empty when it has none."""
    if document.staff_sealed is None:
        return ""
    return vault.columns.open_column(
        document.organisation_id, "document", "staff", document.id, document.staff_sealed
    )
