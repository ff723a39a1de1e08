"""GET /v1/openapi.json: the API described for programs. Public, for it tells nothing of anybody's data."""

from functools import cache
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse

from app.web.api.schemas import Options, ProblemOut

PROBLEM = "application/problem+json"
REF = "#/components/schemas/"
STATUSES = {
    401: "The API key is missing, unknown or revoked.",
    403: "The key may not do this.",
    404: "The organisation has no such thing.",
    409: "The state does not allow this; `code` and `errors` say why.",
    413: "The upload is over the limit.",
    422: "Something in the request cannot be used; `errors` names it.",
    503: "Busy, or a key is missing; try again after `Retry-After`.",
}
DESCRIPTION = (
    "Give Pli documents and a list of people; each person gets a text with a link, and opens their own document on a "
    "phone. Or send one message to one number, now or at its hour. Every request carries an API key: `Authorization: "
    "Bearer pli_live_…`."
)


def problem_responses() -> dict[int | str, dict[str, Any]]:
    """The errors every operation may answer with."""
    schema = {"$ref": f"{REF}Problem"}
    return {
        status: {"description": text, "content": {PROBLEM: {"schema": schema}}}
        for status, text in STATUSES.items()
    }


def document(api: APIRouter) -> dict[str, Any]:
    """The description of the API's operations."""
    described = get_openapi(title="Pli", version="1", description=DESCRIPTION, routes=api.routes)
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    template = REF + "{model}"
    for name, model in (("Options", Options), ("Problem", ProblemOut)):
        schema = model.model_json_schema(ref_template=template)
        schemas.update(schema.pop("$defs", {}))
        schemas[name] = schema
    return described


def add_route(api: APIRouter) -> None:
    """Serve the description of `api` on `api` itself."""
    described = cache(lambda: document(api))

    @api.get("/openapi.json", include_in_schema=False)
    def describe() -> JSONResponse:
        """The description in OpenAPI 3.1."""
        return JSONResponse(described(), headers={"Cache-Control": "public, max-age=300"})
