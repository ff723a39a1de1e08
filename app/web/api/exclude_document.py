"""POST /v1/documents/{id}/exclude: leave one line out of its batch."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.usecases.documents.exclude_document import exclude_document
from app.web.auth import ApiClient
from app.web.deps import RuntimeDep

router = APIRouter()


@router.post(
    "/documents/{document_id}/exclude",
    status_code=204,
    summary="Exclude a line",
    operation_id="excludeDocument",
)
def post_exclude(document_id: UUID, client: ApiClient, rt: RuntimeDep) -> Response:
    """Nothing of it is sent. Excluding twice changes nothing; 409 when its batch is not in review any more. A test key may do so
    in a batch that it uploaded itself, or where nothing but the simulator can send."""
    exclude_document(rt, client.organisation_id, document_id, client.actor, only_own=not client.may_send)
    return Response(status_code=204)
