"""GET /v1/batches/{id}: where a batch stands."""

from uuid import UUID

from fastapi import APIRouter

from app.usecases.batches.report_batch import report_batch
from app.web.api.schemas import BatchDetails
from app.web.auth import ApiClient
from app.web.deps import ConfigDep, RuntimeDep

router = APIRouter()


@router.get("/batches/{batch_id}", summary="Read a batch", operation_id="getBatch")
def get_batch(batch_id: UUID, client: ApiClient, rt: RuntimeDep, config: ConfigDep) -> BatchDetails:
    """State and figures, counted when asked."""
    return BatchDetails.of_report(report_batch(rt, client.organisation_id, batch_id), rt, config)
