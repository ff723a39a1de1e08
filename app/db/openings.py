"""Opening what waits for release: uploads and parts, under the review key of their batch."""

from collections.abc import Callable

from app.core.errors import NotFound
from app.crypto.records import open_all, sealed_size
from app.crypto.vault import Vault
from app.db.models import Batch, Document, Upload

GetRange = Callable[[str, int, int], bytes]


def open_upload(vault: Vault, batch: Batch, upload: Upload, get_range: GetRange) -> bytes:
    """The file as it was given. Raises NotFound when its key is gone, because the batch needs it no more."""
    if upload.key_wrapped is None:
        raise NotFound("upload_wiped", "this upload was wiped; the batch needs it no more")
    box = vault.envelope.review_box(batch.organisation_id, batch.id, batch.review_day)
    key = box.open(upload.id, "upload-key", upload.key_wrapped)
    sealed = get_range(upload.blob_key, 0, sealed_size(upload.size))
    return open_all(key, batch.organisation_id, upload.id, sealed, plain=upload.size)


def open_part(vault: Vault, batch: Batch, document: Document, get_range: GetRange) -> bytes:
    """The PDF of one line. Raises NotFound when the line has none, or when its key went with the release."""
    if document.key_review is None or not document.blob_size:
        raise NotFound("no_pages_to_show", "this line has no pages that can be shown any more")
    box = vault.envelope.review_box(batch.organisation_id, batch.id, batch.review_day)
    key = box.open(document.id, "document-key", document.key_review)
    sealed = get_range(document.blob_key, document.blob_offset, document.blob_size)
    return open_all(key, batch.organisation_id, document.id, sealed, plain=document.plain_size)


def upload_name(vault: Vault, upload: Upload) -> str:
    """The name of the file as the clerk had it."""
    return vault.columns.open_column(upload.organisation_id, "upload", "name", upload.id, upload.name_sealed)
