"""The page of an opt-out address: one tap, no login. Opening it ends nothing, because previews open addresses too."""

import re
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.usecases.consents.opt_out_by_link import OptOutPage, opt_out_by_link, show_opt_out
from app.web.deps import RuntimeDep
from app.web.recipient import pages

router = APIRouter()

_TOKEN: Final = re.compile(r"[1-9A-HJ-NP-Za-km-z]{10}")


@router.api_route("/o/{token}", methods=["GET", "HEAD"])
def ask(request: Request, token: str, rt: RuntimeDep) -> Response:
    return _page(request, token, show_opt_out(rt, token) if _TOKEN.fullmatch(token) else None, asked=True)


@router.post("/o/{token}")
def end(request: Request, token: str, rt: RuntimeDep) -> Response:
    return _page(request, token, opt_out_by_link(rt, token) if _TOKEN.fullmatch(token) else None)


def _page(request: Request, token: str, found: OptOutPage | None, *, asked: bool = False) -> Response:
    if found is None:
        return pages.opt_out_notice(request, 404)
    return pages.page(
        request,
        "recipient/opt_out.html",
        f"/o/{token}",
        host_name=pages.host_name(request),
        brand=found.brand,
        sender=found.sender,
        contact=found.contact,
        stopped=found.stopped,
        asked=asked,
    )
