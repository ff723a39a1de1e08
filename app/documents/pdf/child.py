"""The bounded child: everything that parses somebody's PDF happens here, in a process that can be lost.

Run as `python -I -m app.documents.pdf.child`. It reads jobs from standard input and answers on standard output, in the
frames of `app/documents/frames.py`, one job after the other. It bounds its own memory and CPU time, cannot write to any
file, dumps no core and starts no process; where the kernel allows it, it reads nothing but libraries and reaches no
network either (`app/documents/sandbox.py`). A job that breaks a bound ends the process; the parent starts another.
"""

import ctypes
import gc
import io
import json
import os
import resource
from collections.abc import Iterator
from functools import partial
from typing import Any

from app.documents import frames, sandbox
from app.documents.match.pages import PageFacts, Slip, group_pages, single_slip
from app.documents.pdf.checks import Accepted, check, open_again
from app.documents.pdf.leftovers import require_nothing_left_over
from app.documents.pdf.limits import PdfLimits, Refused, RefusedPdfError
from app.documents.pdf.memory import MAX_GROWTH, give_back, resident_bytes
from app.documents.pdf.text import page_count, page_texts
from app.documents.pdf.writer import Block, PageWriter

_INPUT = 0
_OUTPUT = 1
_CHUNK = 1024 * 1024
# Parts leave some at a time: to wake the parent for each costs both sides more than the writing.
_LATER = frozenset({frames.BLOCK, frames.FORGET, frames.PART, frames.PART_REFUSED})
_MOST_WAITING_BYTES, _MOST_WAITING_PIECES = 64 * 1024, 200
_waiting: list[bytes] = []
# Often enough for a bar that moves, seldom enough to cost nothing.
_PAGES_A_REPORT = 50
# Options of mallopt (malloc.h).
_MAX_FAST, _TRIM_THRESHOLD, _MMAP_THRESHOLD = 1, -1, -3


class _ParentGoneError(Exception):
    """The parent has closed the pipe."""


def main() -> None:
    """Serve jobs until the parent closes the pipe."""
    _forbid_everything_else()
    _keep_freed_memory()
    gc.disable()
    try:
        while True:
            _serve()
            gc.collect()
    except _ParentGoneError:
        return
    except MemoryError:
        _reply_refused(Refused("too_heavy", "it needs more memory than allowed"))


def _forbid_everything_else() -> None:
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(limit, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    sandbox.enter()


def _keep_freed_memory() -> None:
    """glibc would give the memory of every page's text back to the system and ask for it again at the next page, which
    costs a sixth of the work. What `split.py` lets it keep at hand is enough; a second list of small pieces would be
    swept with every large one. Another C library has no such function, or does not heed it."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_MAX_FAST, 0)
        set_option(_MMAP_THRESHOLD, 4 * 1024 * 1024)
        set_option(_TRIM_THRESHOLD, 32 * 1024 * 1024)


def _bound(limits: PdfLimits) -> None:
    """Memory for the process; CPU for this job, on top of what earlier jobs used."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, hard))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (used + limits.cpu_seconds, hard))


def _serve() -> None:
    _, payload = frames.read_frame(_read_exactly)
    job = json.loads(payload)
    limits = PdfLimits(**job["limits"])
    _bound(limits)
    data = _receive()
    try:
        if job["task"] == "split":
            _split(data, job["pattern"], limits)
        elif job["task"] == "inspect":
            _inspect(data, job["pattern"], limits)
        else:
            _render(data, job["page"], job["width"])
    except RefusedPdfError as refused:
        _reply_refused(refused.refusal)
        return
    _reply(frames.DONE)


def _split(data: bytes, pattern: str | None, limits: PdfLimits) -> None:
    before = resident_bytes()
    accepted = _accepted(data, limits, single=False)
    if resident_bytes() - before > MAX_GROWTH:
        del accepted
        give_back()
        accepted = open_again(data)
    texts: list[bytes] = []
    slips = group_pages(_remembered(page_texts(data), texts, len(accepted.pages)), pattern)
    _reply(
        frames.PLAN,
        json.dumps({"pages": len(texts), "slips": [_slip_fields(slip) for slip in slips]}).encode(),
    )
    writer = PageWriter(accepted.pdf, accepted.pages, limits, partial(open_again, data))
    del accepted
    shelf = _Shelf()
    for index, slip in enumerate(slips):
        text = frames.PAGE_BREAK.encode().join(texts[page] for page in slip.pages)
        try:
            block, tail = writer.part(slip.pages)
        except RefusedPdfError as refused:
            fields = {
                "slip": index,
                "code": refused.refusal.code,
                "detail": refused.refusal.detail,
                "text": text.decode(),
            }
            _reply(frames.PART_REFUSED, json.dumps(fields).encode())
            continue
        number = shelf.number(block)
        _reply(frames.PART, frames.PART_HEAD.pack(index, number, len(text)), text, tail)


class _Shelf:
    """Which blocks the parent holds. A part is sent as the number of its block and its own tail."""

    _ROOM = 16

    def __init__(self) -> None:
        self._held: dict[Block, int] = {}
        self._next = 0

    def number(self, block: Block) -> int:
        number = self._held.pop(block, None)
        if number is None:
            number, self._next = self._next, self._next + 1
            if len(self._held) >= self._ROOM:
                oldest = next(iter(self._held))
                _reply(frames.FORGET, frames.BLOCK_HEAD.pack(self._held.pop(oldest)))
            _reply(frames.BLOCK, frames.BLOCK_HEAD.pack(number), block.head)
        self._held[block] = number
        return number


def _remembered(source: Iterator[str], texts: list[bytes], pages: int) -> Iterator[PageFacts]:
    for index, text in enumerate(source):
        texts.append(text.encode())
        if len(texts) % _PAGES_A_REPORT == 0:
            _reply(frames.READ, frames.READ_HEAD.pack(len(texts), pages))
        yield PageFacts(index, text)


def _inspect(data: bytes, pattern: str | None, limits: PdfLimits) -> None:
    accepted = _accepted(data, limits, single=True)
    require_nothing_left_over(data, accepted.pdf, limits)
    _require_same_for_another_reader(data, len(accepted.pages))
    texts = list(page_texts(data))
    slip = single_slip([PageFacts(index, text) for index, text in enumerate(texts)], pattern)
    _reply(frames.SINGLE, json.dumps({"slip": _slip_fields(slip), "texts": texts}).encode())


def _require_same_for_another_reader(data: bytes, pages: int) -> None:
    """A file that will be sent as it is must be the same document for every reader, so a third one is asked."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        seen = len(PdfReader(io.BytesIO(data)).pages)
    except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise RefusedPdfError("damaged", "a second reader cannot open it") from None
    if seen != pages:
        raise RefusedPdfError("damaged", "two readers do not see the same pages")


def _render(data: bytes, page: int, width: int) -> None:
    from app.documents.pdf.render import page_png

    _reply(frames.IMAGE, page_png(data, page, width))


def _accepted(data: bytes, limits: PdfLimits, *, single: bool) -> Accepted:
    verdict = check(data, limits, single=single)
    if isinstance(verdict, Refused):
        raise RefusedPdfError(verdict.code, verdict.detail)
    if page_count(data) != len(verdict.pages):
        raise RefusedPdfError("damaged", "two readers do not see the same pages")
    return verdict


def _slip_fields(slip: Slip) -> list[Any]:
    return [slip.pages, slip.staff_number, slip.problem, slip.numbers_seen, slip.period]


def _receive() -> bytes:
    received = bytearray()
    while True:
        kind, payload = frames.read_frame(_read_exactly)
        if kind == frames.GO:
            return bytes(received)
        received += payload


def _read_exactly(size: int) -> bytes:
    parts = []
    while size:
        part = os.read(_INPUT, min(size, _CHUNK))
        if not part:
            raise _ParentGoneError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _reply_refused(refusal: Refused) -> None:
    _reply(frames.REFUSED, json.dumps({"code": refusal.code, "detail": refusal.detail}).encode())


def _reply(kind: bytes, *payload: bytes) -> None:
    """Answer at once, or with the next answers where nobody waits for this one alone."""
    _waiting.extend((frames.HEAD.pack(kind, sum(map(len, payload))), *payload))
    few = len(_waiting) < _MOST_WAITING_PIECES and sum(map(len, _waiting)) < _MOST_WAITING_BYTES
    if kind in _LATER and few:
        return
    try:
        while _waiting:
            sent = os.writev(_OUTPUT, _waiting)
            while _waiting and sent >= len(_waiting[0]):
                sent -= len(_waiting.pop(0))
            if sent:
                _waiting[0] = _waiting[0][sent:]
    except BrokenPipeError:
        raise _ParentGoneError from None


if __name__ == "__main__":
    main()
