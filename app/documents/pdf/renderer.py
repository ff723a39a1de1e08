"""Page images for screens: a few bounded children, and the last few images in memory, because a page says the size of
an image before the browser asks for it."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from queue import Empty, LifoQueue

from app.core.errors import Overloaded
from app.documents.pdf.limits import PdfLimits, Refused
from app.documents.pdf.split import PdfChild, Single

KEPT = 16
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class PageImage:
    """A PNG with its size in pixels."""

    png: bytes
    width: int
    height: int


class PageRenderer:
    """Shared by all requests. At most `children` pages are drawn at once; others wait their turn."""

    def __init__(self, limits: PdfLimits, children: int) -> None:
        self._idle: LifoQueue[PdfChild] = LifoQueue()
        for _ in range(children):
            self._idle.put(PdfChild(limits))
        self._images: OrderedDict[tuple[bytes, int, int], PageImage] = OrderedDict()
        self._guard = threading.Lock()

    def image(self, name: bytes, pdf: bytes, page: int, *, width: int) -> PageImage | Refused:
        """Page `page` (from 0) as a PNG `width` pixels wide. `name` tells one document from another.

        Raises Overloaded when no child is free in time.
        """
        key = (name, page, width)
        with self._guard:
            if (kept := self._images.get(key)) is not None:
                self._images.move_to_end(key)
                return kept
        child = self._take()
        try:
            png = child.render_page(pdf, page, width=width)
        finally:
            self._idle.put(child)
        if isinstance(png, Refused):
            return png
        image = PageImage(png, int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big"))
        with self._guard:
            self._images[key] = image
            while len(self._images) > KEPT:
                self._images.popitem(last=False)
        return image

    def texts(self, pdf: bytes) -> tuple[str, ...]:
        """What each page says; empty when it cannot be read."""
        child = self._take()
        try:
            outcome = child.inspect_single(pdf)
        finally:
            self._idle.put(child)
        return outcome.texts if isinstance(outcome, Single) else ()

    def close(self) -> None:
        """End the children."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def _take(self) -> PdfChild:
        try:
            return self._idle.get(timeout=PATIENCE_SECONDS)
        except Empty:
            raise Overloaded(
                "pages_queue", "too many pages are being drawn; try again in a few seconds"
            ) from None
