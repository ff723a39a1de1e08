"""Everything the service asks of PDFs, done in a bounded child process.

A `PdfChild` is one such process, used for one job after the other and started again when a job broke it. It belongs to
one thread at a time.
"""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from time import monotonic
from types import TracebackType
from typing import Any, Self

from app.documents import frames
from app.documents.match.numbers import compile_pattern
from app.documents.match.pages import Slip
from app.documents.pdf.limits import PdfLimits, Refused

_PIPE_BYTES = 1024 * 1024
_CHUNK = 256 * 1024
_SECONDS_TO_END = 5
# Letters come and go by the thousand while a page is read: glibc's allocator keeps seven freed pieces of each size at
# hand, and looks for the rest. Another C library does not heed it.
_ALLOCATOR = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=60000"}
_OUT_OF_MEMORY = (signal.SIGABRT, signal.SIGILL, signal.SIGTRAP, signal.SIGKILL)


@dataclass(frozen=True)
class Reading:
    """How far the child has read a merged file; files of a few pages are read without a word."""

    pages_read: int
    page_count: int


@dataclass(frozen=True)
class Plan:
    """How a merged file falls apart, before any part is written: one slip per coming part, in page order."""

    page_count: int
    slips: tuple[Slip, ...]


@dataclass(frozen=True)
class Part:
    """One slip as a PDF of its own. `shared_length` bytes at its start are the same in many parts (fonts, logo).

    `text` is what its pages say, with a form feed between two pages. Slips with a problem come as parts too: the
    clerk has to see them.
    """

    index: int
    slip: Slip
    pdf: bytes
    shared_length: int
    text: str


@dataclass(frozen=True)
class PartRefused:
    """A slip whose pages could not be written safely; the other slips are not concerned."""

    index: int
    slip: Slip
    refusal: Refused
    text: str


@dataclass(frozen=True)
class Single:
    """A PDF that is one person's document already, accepted as it is. `texts` has one entry per page."""

    slip: Slip
    texts: tuple[str, ...]

    @property
    def page_count(self) -> int:
        return len(self.texts)


class _ChildLostError(Exception):
    """The child ended in the middle of a job, or took too long."""


class _TooLargeError(Exception):
    """More bytes than allowed were given."""


class PdfChild:
    """The parent's end of one child process."""

    def __init__(self, limits: PdfLimits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._waited = 0.0
        self._overrun = False
        self._buffer = b""
        self._at = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process; the next job starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def split_merged(
        self, pdf: bytes | Iterable[bytes], *, pattern: str | None = None
    ) -> Generator[Reading | Plan | Part | PartRefused | Refused, None, None]:
        """Now and then a `Reading`; the `Plan`, then a `Part` or `PartRefused` for each of its slips; or one `Refused`, also midway.

        `pattern` is the organisation's own pattern for staff numbers; raises `InvalidInput` when it is none (see
        `match.numbers.compile_pattern`). Parts come one at a time and the child waits for the reader, so neither side
        ever holds them all.
        """
        _require_valid(pattern)
        slips: tuple[Slip, ...] = ()
        blocks: dict[int, bytes] = {}
        for kind, payload in self._answers(pdf, {"task": "split", "pattern": pattern}):
            if kind == frames.READ:
                yield Reading(*frames.READ_HEAD.unpack(payload))
            elif kind == frames.PLAN:
                fields = json.loads(payload)
                slips = tuple(map(_slip, fields["slips"]))
                yield Plan(fields["pages"], slips)
            elif kind == frames.BLOCK:
                blocks[frames.BLOCK_HEAD.unpack_from(payload)[0]] = payload[frames.BLOCK_HEAD.size :]
            elif kind == frames.FORGET:
                del blocks[frames.BLOCK_HEAD.unpack(payload)[0]]
            elif kind == frames.PART:
                yield _part(payload, slips, blocks)
            elif kind == frames.PART_REFUSED:
                fields = json.loads(payload)
                index = fields["slip"]
                yield PartRefused(
                    index, slips[index], Refused(fields["code"], fields["detail"]), fields["text"]
                )
            else:
                yield _refused(payload)

    def inspect_single(self, pdf: bytes | Iterable[bytes], *, pattern: str | None = None) -> Single | Refused:
        """Look at the employer's own file for one person: accepted unchanged, or refused, never rewritten."""
        _require_valid(pattern)
        *_, (kind, payload) = self._answers(pdf, {"task": "inspect", "pattern": pattern})
        if kind != frames.SINGLE:
            return _refused(payload)
        fields = json.loads(payload)
        return Single(_slip(fields["slip"]), tuple(fields["texts"]))

    def render_page(self, pdf: bytes | Iterable[bytes], page: int, *, width: int) -> bytes | Refused:
        """Page `page` (from 0) as a PNG of `width` pixels, of an accepted file or a part of one."""
        *_, (kind, payload) = self._answers(pdf, {"task": "render", "page": page, "width": width})
        return payload if kind == frames.IMAGE else _refused(payload)

    def _answers(self, pdf: bytes | Iterable[bytes], job: dict[str, Any]) -> Iterator[tuple[bytes, bytes]]:
        """The child's frames for one job, except the last. A child that is lost answers with a refusal."""
        finished = False
        try:
            self._ask(pdf, job)
            while True:
                kind, payload = frames.read_frame(self._read)
                finished = kind in (frames.DONE, frames.REFUSED)
                if kind != frames.DONE:
                    yield kind, payload
                if finished:
                    # A child out of memory says so and leaves.
                    finished = not (kind == frames.REFUSED and b'"too_heavy"' in payload)
                    return
        except _TooLargeError:
            yield frames.REFUSED, _refusal_fields("too_large", f"at most {self._limits.max_bytes} bytes")
        except _ChildLostError:
            yield frames.REFUSED, self._why_lost()
        finally:
            if not finished:
                self.close()

    def _ask(self, pdf: bytes | Iterable[bytes], job: dict[str, Any]) -> None:
        self._waited = 0.0
        if self._process is None:
            self._process = _started()
            self._buffer, self._at, self._overrun = b"", 0, False
        head = json.dumps({**job, "limits": asdict(self._limits)}).encode()
        try:
            self._write(frames.HEAD.pack(frames.JOB, len(head)) + head)
            for chunk in _chunks(pdf, self._limits.max_bytes):
                self._write(frames.HEAD.pack(frames.DATA, len(chunk)))
                self._write(chunk)
            self._write(frames.HEAD.pack(frames.GO, 0))
        except BrokenPipeError:
            # The child has left; it may have said why.
            return

    def _write(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        pipe = self._pipe("stdin")
        while view:
            self._wait_for(pipe, select.POLLOUT)
            view = view[os.write(pipe, view[:_CHUNK]) :]

    def _read(self, size: int) -> bytes:
        if self._at + size > len(self._buffer):
            parts = [self._buffer[self._at :]]
            missing = size - len(parts[0])
            pipe = self._pipe("stdout")
            while missing > 0:
                self._wait_for(pipe, select.POLLIN)
                part = os.read(pipe, _PIPE_BYTES)
                if not part:
                    raise _ChildLostError
                parts.append(part)
                missing -= len(part)
            self._buffer, self._at = b"".join(parts), 0
        start, self._at = self._at, self._at + size
        return self._buffer[start : self._at]

    def _wait_for(self, pipe: int, event: int) -> None:
        """Wait until the pipe is ready, and count the time against the job."""
        poll = select.poll()
        poll.register(pipe, event)
        started = monotonic()
        ready = poll.poll(max(0.0, self._limits.wall_seconds - self._waited) * 1000)
        self._waited += monotonic() - started
        if not ready:
            self._overrun = True
            raise _ChildLostError

    def _pipe(self, name: str) -> int:
        pipe = getattr(self._process, name, None)
        if pipe is None:
            raise _ChildLostError
        return int(pipe.fileno())

    def _why_lost(self) -> bytes:
        """What the way it ended says about the file."""
        overrun, process = self._overrun, self._process
        if overrun or process is None:
            return _refusal_fields("too_slow", f"no answer within {self._limits.wall_seconds} s")
        try:
            ended = -process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            return _refusal_fields("reader_failed", "it closed its answer and went on")
        if ended == signal.SIGXCPU:
            return _refusal_fields("too_slow", f"more than {self._limits.cpu_seconds} s of processor time")
        if ended in _OUT_OF_MEMORY:
            return _refusal_fields("too_heavy", "it needs more memory than allowed")
        return _refusal_fields("reader_failed", f"it ended with {-ended}")


def _started() -> subprocess.Popen[bytes]:
    """A new child with nothing of our environment: it needs none of it, and it may hold keys."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", "app.documents.pdf.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        cwd="/",
        env=_ALLOCATOR,
        start_new_session=True,
    )
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            os.set_blocking(pipe.fileno(), False)
            with suppress(OSError):
                fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return process


def _chunks(pdf: bytes | Iterable[bytes], max_bytes: int) -> Iterator[memoryview]:
    total = 0
    for piece in (pdf,) if isinstance(pdf, bytes) else pdf:
        total += len(piece)
        if total > max_bytes:
            raise _TooLargeError
        view = memoryview(piece)
        for start in range(0, len(view), _CHUNK):
            yield view[start : start + _CHUNK]


def _require_valid(pattern: str | None) -> None:
    if pattern is not None:
        compile_pattern(pattern)


def _refusal_fields(code: str, detail: str) -> bytes:
    return json.dumps({"code": code, "detail": detail}).encode()


def _refused(payload: bytes) -> Refused:
    fields = json.loads(payload)
    return Refused(fields["code"], fields["detail"])


def _slip(fields: list[Any]) -> Slip:
    pages, staff_number, problem, numbers_seen, period = fields
    return Slip(tuple(pages), staff_number, problem, tuple(numbers_seen), period)


def _part(payload: bytes, slips: tuple[Slip, ...], blocks: dict[int, bytes]) -> Part:
    index, block, length = frames.PART_HEAD.unpack_from(payload)
    text_end = frames.PART_HEAD.size + length
    head = blocks[block]
    return Part(
        index=index,
        slip=slips[index],
        pdf=b"".join((head, memoryview(payload)[text_end:])),
        shared_length=len(head),
        text=payload[frames.PART_HEAD.size : text_end].decode(),
    )
