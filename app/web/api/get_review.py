"""GET /v1/batches/{id}/review: what was found before anything leaves."""

from typing import Literal, cast
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request

from app.usecases.batches.report_review import report_review
from app.web.api.findings import message, subject, translator
from app.web.api.schemas import BatchFindingOut, BatchState, FindingOut, ReviewOut
from app.web.auth import ApiClient
from app.web.deps import RuntimeDep

router = APIRouter()

Severity = Literal["blocking", "warning", "info"]


@router.get("/batches/{batch_id}/review", summary="Read the review", operation_id="getReview")
def get_review(request: Request, batch_id: UUID, client: ApiClient, rt: RuntimeDep) -> ReviewOut:
    """Every finding on every line. Empty until the batch is `in_review`."""
    report = report_review(rt, client.organisation_id, batch_id)
    t = translator(request)
    return ReviewOut(
        state=cast(BatchState, report.batch.state),
        blocking=report.blocking,
        batch_blockers=list(report.batch_blockers),
        batch_findings=[
            BatchFindingOut(code=code, message=t.plain(f"errors.{code}")) for code in report.batch_blockers
        ],
        counts=dict(report.counts),
        findings=[
            FindingOut(
                document=finding.document_id,
                line=finding.line,
                severity=cast(Severity, finding.severity),
                code=finding.code,
                subject=subject(finding, t),
                message=message(finding, t),
                standing=finding.standing,
            )
            for finding in report.findings
        ],
    )
