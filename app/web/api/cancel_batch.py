"""POST /v1/batches/{id}/cancel: give a batch up before its release."""

from uuid import UUID

from fastapi import APIRouter

from app.usecases.batches.cancel_batch import cancel_batch
from app.usecases.batches.report_batch import report_batch
from app.web.api.schemas import BatchOut
from app.web.auth import ApiClient
from app.web.deps import ConfigDep, RuntimeDep

router = APIRouter()


@router.post("/batches/{batch_id}/cancel", summary="Cancel a batch", operation_id="cancelBatch")
def post_cancel(batch_id: UUID, client: ApiClient, rt: RuntimeDep, config: ConfigDep) -> BatchOut:
    """Nothing of it is ever sent and its keys are destroyed. Cancelling twice changes nothing; a released batch cannot
    be cancelled any more (409). A test key may cancel what it uploaded itself, or anything where nothing but the
    simulator can send."""
    cancel_batch(rt, client.organisation_id, batch_id, client.actor, only_own=not client.may_send)
    return BatchOut.of(report_batch(rt, client.organisation_id, batch_id).batch, rt, config)
