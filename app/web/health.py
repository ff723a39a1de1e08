"""Whether the service lives, and whether it can do its work."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from app.usecases.operations.check_health import check_health
from app.web.deps import RuntimeDep

router = APIRouter()


@router.api_route("/healthz", methods=["GET", "HEAD"], include_in_schema=False)
def alive() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.api_route("/readyz", methods=["GET", "HEAD"], include_in_schema=False)
def ready(rt: RuntimeDep) -> JSONResponse:
    """Database and keys answer; 503 names what does not."""
    problems = check_health(rt)
    return JSONResponse(
        {"status": "ok" if not problems else "degraded", "problems": problems}, 503 if problems else 200
    )
