"""GET /v1/batches: the organisation's batches, newest first."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.usecases.batches.list_batches import list_batches
from app.web.api import cursors
from app.web.api.schemas import BatchList, BatchOut
from app.web.auth import ApiClient
from app.web.deps import ConfigDep, RuntimeDep

router = APIRouter()

Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=64, description="The `next_cursor` of the page before.")]


@router.get("/batches", summary="List batches", operation_id="listBatches")
def get_batches(
    client: ApiClient, rt: RuntimeDep, config: ConfigDep, limit: Limit = 20, cursor: Cursor = None
) -> BatchList:
    """Newest first. Follow `next_cursor` until it is null."""
    after = cursors.read_batch(cursor) if cursor else None
    page = list_batches(rt, client.organisation_id, after, limit)
    return BatchList(
        data=[BatchOut.of(batch, rt, config) for batch in page.batches],
        next_cursor=cursors.write_batch(page.next) if page.next else None,
    )
