"""POST /v1/batches/{id}/release: let a reviewed batch go."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Conflict
from app.usecases.batches.confirm_batch import confirm_batch
from app.usecases.batches.release_batch import BATCH_BLOCKERS, release_batch
from app.usecases.batches.report_review import report_review
from app.web.api.findings import message, translator
from app.web.api.schemas import BatchOut, ReleaseIn
from app.web.auth import LiveClient
from app.web.deps import ConfigDep, RuntimeDep
from app.web.problems import TABLE, FieldProblem, Problem, api_response

router = APIRouter()

MOST_REASONS = 100


@router.post(
    "/batches/{batch_id}/release",
    status_code=202,
    response_model=BatchOut,
    summary="Release a batch",
    operation_id="releaseBatch",
)
def post_release(
    request: Request,
    batch_id: UUID,
    client: LiveClient,
    rt: RuntimeDep,
    config: ConfigDep,
    body: ReleaseIn | None = None,
) -> BatchOut | Response:
    """Sends every line that is ready. Releasing twice changes nothing. While something blocks the answer is 409, with
    the reasons in `errors`. A test key may release only where nothing but the simulator can send."""
    try:
        for code in body.confirm if body else ():
            confirm_batch(rt, client.organisation_id, batch_id, code, client.actor)
        batch = release_batch(rt, client.organisation_id, batch_id, client.actor)
    except Conflict as error:
        reasons = _reasons(request, client, rt, batch_id)
        problem = Problem(TABLE[Conflict], error.code, error.message, fields=reasons)
        return api_response(request, problem)
    return BatchOut.of(batch, rt, config)


def _reasons(
    request: Request, client: LiveClient, rt: RuntimeDep, batch_id: UUID
) -> tuple[FieldProblem, ...]:
    report = report_review(rt, client.organisation_id, batch_id)
    t = translator(request)
    whole = [FieldProblem("batch", f"{code}: {BATCH_BLOCKERS[code]}") for code in report.batch_blockers]
    lines = [
        FieldProblem(f"lines/{finding.line}", f"{finding.code}: {message(finding, t)}")
        for finding in report.findings
        if finding.standing
    ]
    return tuple((whole + lines)[:MOST_REASONS])
