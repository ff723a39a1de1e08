"""Opening what waits for release: uploads and parts, under the review key of their batch."""

from collections.abc import Callable, Iterator
from functools import partial

from app.core.errors import NotFound
from app.crypto.records import RecordOpener, open_all, sealed_size
from app.crypto.vault import Vault
from app.db.models import Batch, Document, Upload

GetRange = Callable[[str, int, int], bytes]


def open_upload(vault: Vault, batch: Batch, upload: Upload, get_range: GetRange) -> bytes:
    """The file as it was given. Raises NotFound when its key is gone, because the batch needs it no more."""
    return b"".join(read_upload(vault, batch, upload, get_range))


def read_upload(vault: Vault, batch: Batch, upload: Upload, get_range: GetRange) -> Iterator[bytes]:
    """`open_upload` in chunks."""
    if upload.key_wrapped is None:
        raise NotFound("upload_wiped", "this upload was wiped; the batch needs it no more")
    box = vault.envelope.review_box(batch.organisation_id, batch.id, batch.review_day)
    key = box.open(upload.id, "upload-key", upload.key_wrapped)
    opener = RecordOpener(
        key,
        batch.organisation_id,
        upload.id,
        partial(get_range, upload.blob_key),
        sealed=sealed_size(upload.size),
        plain=upload.size,
    )
    yield from opener.open_range(0, upload.size)


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
