"""GET /v1/batches/{id}/documents: what became of each document."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.usecases.batches.list_documents import list_documents
from app.web.api import cursors
from app.web.api.schemas import DocumentList, DocumentOut
from app.web.auth import ApiClient
from app.web.deps import RuntimeDep

router = APIRouter()

Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=64, description="The `next_cursor` of the page before.")]
BEGINNING = -1


@router.get("/batches/{batch_id}/documents", summary="List documents", operation_id="listDocuments")
def get_documents(
    batch_id: UUID, client: ApiClient, rt: RuntimeDep, limit: Limit = 100, cursor: Cursor = None
) -> DocumentList:
    """In the order of the review. Follow `next_cursor` until it is null."""
    after = cursors.read_line(cursor) if cursor else BEGINNING
    page = list_documents(rt, client.organisation_id, batch_id, after, limit)
    return DocumentList(
        data=[DocumentOut.of(entry) for entry in page.entries],
        next_cursor=cursors.write_line(page.next) if page.next is not None else None,
    )
