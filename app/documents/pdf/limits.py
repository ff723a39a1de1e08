"""How much one PDF may cost, and the two ways a PDF is turned down."""

from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True)
class PdfLimits:
    """Upper bounds for one uploaded PDF. The child process enforces them on itself; the parent kills it past `wall_seconds`.

    `memory_bytes` bounds the child's address space, which counts libraries and reserved pages too: below 512 MiB even
    a small file may fail. `wall_seconds` counts only the time spent waiting for the child, not the caller's own work
    between two parts.
    """

    max_bytes: int = 200 * _MIB
    max_pages: int = 20_000
    max_objects: int = 1_000_000
    max_content_bytes: int = 32 * _MIB
    memory_bytes: int = 1536 * _MIB
    cpu_seconds: int = 300
    wall_seconds: int = 600


@dataclass(frozen=True)
class Refused:
    """The PDF, or one part of it, cannot be taken.

    `code` is stable and translated on screens; `detail` tells a developer more and never holds file content.

    About the file: `empty`, `too_large`, `not_pdf`, `encrypted`, `damaged`, `no_pages`, `too_many_pages`,
    `too_many_objects`, `script`, `launch`, `xfa`, `rich_media`, `attachment`, `submit_form`, `open_action`, `left_over`.
    About one page or part: `content_unreadable`, `content_too_large`, `resource_missing`, `recursion`,
    `external_stream`, `font_unsafe`, `unsupported_object`, `page_damaged`, `image_too_large`, `no_such_page`.
    About the work: `too_heavy` (memory), `too_slow` (time), `reader_failed` (the reader crashed on this file).
    """

    code: str
    detail: str = ""


class RefusedPdfError(Exception):
    """Carries a `Refused` out of nested readers; it never leaves `app.documents`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.refusal = Refused(code, detail)
