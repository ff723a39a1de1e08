"""A page as a small picture, for the review and for a payslip's first look on a phone. Runs inside the child."""

import io

import pypdfium2
from PIL import Image

from app.documents.pdf.limits import RefusedPdfError

_COLOURS = 64
_MAX_PIXELS = 12_000_000
_MAX_WIDTH = 4000


def page_png(data: bytes, page: int, width: int) -> bytes:
    """Page `page` (from 0) of a PDF, `width` pixels wide, as a PNG of at most 64 colours. Raises `RefusedPdfError`."""
    if not 0 < width <= _MAX_WIDTH:
        raise RefusedPdfError("image_too_large", f"at most {_MAX_WIDTH} pixels wide")
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        raise RefusedPdfError("damaged", "the renderer cannot open it") from None
    try:
        if not 0 <= page < len(document):
            raise RefusedPdfError("no_such_page")
        source = document[page]
        page_width, page_height = source.get_size()
        if page_width <= 0 or width * width * page_height / page_width > _MAX_PIXELS:
            raise RefusedPdfError("image_too_large", "the page is too long for its width")
        picture: Image.Image = source.render(scale=width / page_width).to_pil().convert("RGB")
    except pypdfium2.PdfiumError:
        raise RefusedPdfError("page_damaged", "the renderer cannot draw it") from None
    finally:
        document.close()
    out = io.BytesIO()
    picture.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()
