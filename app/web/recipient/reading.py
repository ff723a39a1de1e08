"""Routes of an open document. Each asks for `ReadableDep`, the one guard; a test lists them."""

from typing import Final

from fastapi import APIRouter
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.core.errors import NotFound
from app.crypto import nonces
from app.usecases.opening.read_document import Readable, draw_first_page, note_reading, read_first_page
from app.web.deps import RuntimeDep, language_of
from app.web.recipient import pages
from app.web.recipient.access import ReadableDep
from app.web.recipient.ranges import Span, Unsatisfiable, read_range
from app.web.security import use_document_policy

router = APIRouter()

FIRST_TEXT: Final = 4000
PRIVATE: Final = "private, no-store"


@router.api_route("/{ref}/document", methods=["GET", "HEAD"])
@router.api_route("/{ref}/t/{ticket}/document", methods=["GET", "HEAD"])
def document(request: Request, ref: str, rt: RuntimeDep, readable: ReadableDep) -> Response:
    """The document on the phone: its first page as an image, then drawn by PDF.js."""
    image = draw_first_page(rt, readable)
    use_document_policy(request)
    ticket: str | None = request.path_params.get("ticket")
    return pages.page(
        request,
        "recipient/document.html",
        f"/{ref}/document",
        base=f"/{ref}/t/{ticket}" if ticket else f"/{ref}",
        ref=ref,
        form_nonce=nonces.issue(rt.vault.ring, ref, rt.now()),
        sender=readable.sender,
        kind=readable.kind,
        period=readable.period,
        brand=readable.brand,
        file_name=pages.file_name(readable.kind, readable.period, language_of(request)),
        page_count=readable.page_count,
        first_page=image
        and {
            "width": image.width,
            "height": image.height,
            "text": read_first_page(rt, readable)[:FIRST_TEXT],
        },
    )


@router.api_route("/{ref}/page-1.png", methods=["GET", "HEAD"])
@router.api_route("/{ref}/t/{ticket}/page-1.png", methods=["GET", "HEAD"])
def first_page(request: Request, rt: RuntimeDep, readable: ReadableDep) -> Response:
    """The first page as an image."""
    image = draw_first_page(rt, readable)
    if image is None:
        raise NotFound("page_not_drawn", "this page cannot be drawn; download the document instead")
    if request.method == "GET":
        note_reading(rt, readable, "viewed", rt.now())
    return Response(image.png, media_type="image/png", headers={"Cache-Control": PRIVATE})


@router.api_route("/{ref}/{name}.pdf", methods=["GET", "HEAD"])
@router.api_route("/{ref}/t/{ticket}/{name}.pdf", methods=["GET", "HEAD"])
def pdf(request: Request, rt: RuntimeDep, readable: ReadableDep) -> Response:
    """The document itself, whole or one range of it. `?download` is the address of the Download button."""
    attachment = "download" in request.query_params
    etag = f'"{readable.etag}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Cache-Control": PRIVATE,
        "Content-Disposition": _disposition(request, readable, attachment=attachment),
    }
    # A condition that does not hold makes the range void (RFC 9110, section 13.1.5).
    holds = request.headers.get("if-range", etag) == etag
    wanted = read_range(request.headers.get("range") if holds else None, readable.size)
    if isinstance(wanted, Unsatisfiable):
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{readable.size}"})
    start, end, status = 0, readable.size, 200
    if isinstance(wanted, Span):
        start, end, status = wanted.start, wanted.end, 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{readable.size}"
    headers["Content-Length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type="application/pdf")
    pieces = readable.stream(start, end)
    # The first or the last byte tells that somebody reads; what lies between belongs to the same reading. A download
    # is one once its end is asked for: phones first try two bytes.
    if end == readable.size and attachment:
        note_reading(rt, readable, "downloaded", rt.now())
    elif start == 0 or end == readable.size:
        note_reading(rt, readable, "viewed", rt.now())
    return StreamingResponse(iterate_in_threadpool(pieces), status, headers, media_type="application/pdf")


def _disposition(request: Request, readable: Readable, *, attachment: bool) -> str:
    """A name for old browsers and one for new ones (RFC 6266)."""
    name = pages.file_name(readable.kind, readable.period, language_of(request))
    kind = "attachment" if attachment else "inline"
    return f"{kind}; filename=\"{name}\"; filename*=UTF-8''{name}"
