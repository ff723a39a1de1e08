"""The door of programs: JSON in, JSON out, an API key on every request. One file per operation."""

from fastapi import APIRouter

from app.web.api import (
    cancel_batch,
    consents,
    create_batch,
    exclude_document,
    get_batch,
    get_review,
    list_batches,
    list_documents,
    list_senders,
    messages,
    openapi,
    release_batch,
    retry_batch,
)

router = APIRouter(prefix="/v1", tags=["batches"], responses=openapi.problem_responses())
for operation in (
    create_batch,
    list_batches,
    get_batch,
    get_review,
    exclude_document,
    release_batch,
    retry_batch,
    cancel_batch,
    list_documents,
    messages,
    consents,
    list_senders,
):
    router.include_router(operation.router)
openapi.add_route(router)
