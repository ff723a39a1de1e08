"""POST /v1/batches: documents and their people sheet become a batch."""

from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import Request

from app.usecases.batches.receive_batch import BatchOptions
from app.web.api.schemas import BatchOut, Options
from app.web.auth import ApiClient
from app.web.deps import ConfigDep, RuntimeDep
from app.web.intake import receive_upload
from app.web.uploads import Fields

router = APIRouter()

IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="The same key with the same upload gives the batch of the first time; with another, 409.",
    ),
]
REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["documents", "people"],
                "properties": {
                    "documents": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "string", "format": "binary"},
                        "description": "One merged PDF, several PDFs, or a ZIP of PDFs.",
                    },
                    "people": {
                        "type": "string",
                        "format": "binary",
                        "description": "Who gets what: .xlsx, .xls, .ods or .csv.",
                    },
                    "options": {"$ref": "#/components/schemas/Options"},
                },
            },
            "encoding": {"options": {"contentType": "application/json"}},
        }
    },
}


@router.post(
    "/batches",
    status_code=202,
    summary="Upload a batch",
    operation_id="createBatch",
    openapi_extra={"requestBody": REQUEST_BODY},
)
async def create_batch(
    request: Request,
    client: ApiClient,
    rt: RuntimeDep,
    config: ConfigDep,
    idempotency_key: IdempotencyKey = None,
) -> BatchOut:
    """Takes the files in and answers at once; the pages are read and matched in the background. Nothing is sent before
    the batch is released."""
    batch = await receive_upload(
        request, rt, client.organisation_id, client.actor, _options, idempotency_key=idempotency_key
    )
    return BatchOut.of(batch, rt, config)


def _options(fields: Fields) -> BatchOptions:
    texts = fields.get("options", ())
    unknown = [
        {"type": "extra_forbidden", "loc": ("body", name), "msg": "Extra inputs are not permitted"}
        for name in fields
        if name != "options"
    ]
    if unknown:
        raise RequestValidationError(unknown)
    try:
        options = Options.model_validate_json(texts[-1]) if texts else Options()
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError(
            [{**entry, "loc": ("body", "options", *entry["loc"])} for entry in found]
        ) from None
    return options.to_use_case()
