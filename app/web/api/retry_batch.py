"""POST /v1/batches/{id}/retry: try again what stopped."""

from uuid import UUID

from fastapi import APIRouter

from app.usecases.batches.report_batch import report_batch
from app.usecases.batches.retry_batch import retry_batch
from app.web.api.schemas import BatchDetails
from app.web.auth import LiveClient
from app.web.deps import ConfigDep, RuntimeDep

router = APIRouter()


@router.post(
    "/batches/{batch_id}/retry",
    status_code=202,
    summary="Try a stopped batch again",
    operation_id="retryBatch",
)
def post_retry(batch_id: UUID, client: LiveClient, rt: RuntimeDep, config: ConfigDep) -> BatchDetails:
    """Work goes on where it stood, and nobody is texted twice. Where nothing has stopped it changes nothing. A test key
    may do so only where nothing but the simulator can send."""
    retry_batch(rt, client.organisation_id, batch_id, client.actor)
    return BatchDetails.of_report(report_batch(rt, client.organisation_id, batch_id), rt, config)
