"""Reading forms and files from the request as they arrive, without a temporary file.

A framework's form parser spools large parts to disk, and a payslip must never lie there in clear (see
docs/decisions/0003). So `read_upload` hands each file to a sink in pieces of at most `PIECE` bytes, in a worker thread
because sealing is CPU work, while fields are collected as text. Whoever opens the sinks undoes them when `read_upload`
raises, whatever the reason: a limit, a malformed body, a client that left. No sink is written to after that.
"""

import unicodedata
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from urllib.parse import parse_qsl

from anyio import to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from app.core.errors import InvalidInput, TooLarge
from app.core.texts import keepable

PIECE = 256 * 1024
FORM_BYTES = 64 * 1024
MAX_PARTS = 10_000
MAX_HEADERS = 8
HEADER_BYTES = 4 * 1024
FILENAME_CHARACTERS = 200
MULTIPART = b"multipart/form-data"
URLENCODED = b"application/x-www-form-urlencoded"

Fields = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class UploadLimits:
    """`total_bytes` counts all files together, `field_bytes` all text fields together, `files` the files."""

    total_bytes: int
    files: int = 5_000
    field_bytes: int = FORM_BYTES


@dataclass(frozen=True)
class FilePart:
    """What the client says of a file. `filename` is a bare name without folders or control characters, never to be
    used as a path; `content_type` is a claim."""

    field: str
    filename: str
    content_type: str


class Sink(Protocol):
    """Takes one file, from a worker thread; no two calls overlap."""

    def write(self, piece: bytes) -> None:
        """The next bytes, at most `PIECE` of them."""

    def close(self) -> None:
        """The file is whole; not called for a file that was cut."""


SinkT = TypeVar("SinkT", bound=Sink)


@dataclass(frozen=True)
class Received(Generic[SinkT]):
    """A file that came in whole; `size` in bytes."""

    part: FilePart
    size: int
    sink: SinkT


@dataclass(frozen=True)
class Upload(Generic[SinkT]):
    """A form that came in whole: its text fields, and its files in the order they came."""

    fields: Fields
    files: Sequence[Received[SinkT]]

    def text(self, name: str) -> str:
        """The last value of a field; empty when it was not sent."""
        return self.fields[name][-1] if name in self.fields else ""


async def read_upload(
    request: Request,
    limits: UploadLimits,
    open_sink: Callable[[FilePart], SinkT],
    before_files: Callable[[Fields], None] | None = None,
) -> Upload[SinkT]:
    """Read a multipart form. `open_sink` gives the sink of each file, from a worker thread.

    `before_files` sees the fields that came before the first file (all of them when there is none) and may refuse by
    raising: a form puts its CSRF token first. A file field left empty in a browser is no file.

    Raises InvalidInput for a body that is malformed, cut or not multipart, TooLarge for a limit, and Starlette's
    ClientDisconnect when the client left; and whatever a sink raises.
    """
    reader = _Reader(limits, open_sink, before_files)
    async with aclosing(_events(request)) as events:
        async for event in events:
            await reader.take(event)
    return reader.finish()


async def read_form_lists(request: Request, max_bytes: int = FORM_BYTES) -> dict[str, list[str]]:
    """Every value of every field of a form without files, urlencoded or multipart. No body at all is an empty form.

    Raises InvalidInput for anything else, TooLarge over `max_bytes`.
    """
    kind, _ = parse_options_header(request.headers.get("content-type"))
    if kind == MULTIPART:
        limits = UploadLimits(total_bytes=0, field_bytes=max_bytes)
        upload: Upload[Sink] = await read_upload(request, limits, _no_files)
        return {name: list(values) for name, values in upload.fields.items()}
    body = await _read_body(request, max_bytes)
    if not body:
        return {}
    if kind != URLENCODED:
        raise InvalidInput("not_a_form", "the body is not a form; send application/x-www-form-urlencoded")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_PARTS, errors="strict")
    except ValueError:
        raise _malformed() from None
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(_keepable(name), []).append(_keepable(value))
    return form


async def read_form(request: Request, max_bytes: int = FORM_BYTES) -> dict[str, str]:
    """The last value of every field; otherwise as `read_form_lists`."""
    return {name: values[-1] for name, values in (await read_form_lists(request, max_bytes)).items()}


async def _read_body(request: Request, max_bytes: int) -> bytes:
    body = bytearray()
    async for data in request.stream():
        body += data
        if len(body) > max_bytes:
            raise _form_too_large(max_bytes)
    return bytes(body)


@dataclass(frozen=True)
class _PartBegins:
    name: str
    filename: str | None
    content_type: str


@dataclass(frozen=True)
class _PartEnds:
    pass


_Event = _PartBegins | bytes | _PartEnds


class _Splitter:
    """Events of a multipart body, from python-multipart's streaming parser, which only knows callbacks."""

    def __init__(self, boundary: bytes) -> None:
        self.whole = False
        self._found: list[_Event] = []
        self._headers: dict[bytes, bytes] = {}
        self._name = bytearray()
        self._value = bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._headers.clear,
                "on_header_begin": self._header_begins,
                "on_header_field": self._collect_into(self._name),
                "on_header_value": self._collect_into(self._value),
                "on_header_end": self._header_ends,
                "on_headers_finished": self._headers_end,
                "on_part_data": lambda data, start, end: self._found.append(data[start:end]),
                "on_part_end": lambda: self._found.append(_PartEnds()),
                "on_end": self._end,
            },
            max_header_count=MAX_HEADERS,
            max_header_size=HEADER_BYTES,
        )

    def feed(self, data: bytes) -> Iterator[_Event]:
        self._parser.write(data)
        found, self._found = self._found, []
        yield from found

    @staticmethod
    def _collect_into(target: bytearray) -> Callable[[bytes, int, int], None]:
        def collect(data: bytes, start: int, end: int) -> None:
            target.extend(data[start:end])

        return collect

    def _header_begins(self) -> None:
        self._name.clear()
        self._value.clear()

    def _header_ends(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)

    def _headers_end(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        encoding = self._headers.get(b"content-transfer-encoding", b"binary").lower()
        if kind != b"form-data" or b"name" not in options or encoding not in (b"binary", b"8bit", b"7bit"):
            raise _malformed()
        filename = options.get(b"filename")
        self._found.append(
            _PartBegins(
                name=_text(options[b"name"]),
                filename=None if filename is None else bare_filename(_text(filename)),
                content_type=self._headers.get(b"content-type", b"").decode("latin-1"),
            )
        )

    def _end(self) -> None:
        self.whole = True


async def _events(request: Request) -> AsyncGenerator[_Event, None]:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != MULTIPART or not options.get(b"boundary"):
        raise InvalidInput(
            "not_multipart", "the body is not multipart/form-data with a boundary; send it as a form"
        )
    try:
        splitter = _Splitter(options[b"boundary"])
        async for data in request.stream():
            for event in splitter.feed(data):
                yield event
    except FormParserError:
        raise _malformed() from None
    if not splitter.whole:
        raise InvalidInput("upload_cut", "the upload ended before its last boundary; send it again")


@dataclass
class _OpenFile(Generic[SinkT]):
    part: FilePart
    sink: SinkT
    waiting: bytearray
    size: int = 0


class _Reader(Generic[SinkT]):
    """Collects fields, feeds sinks, keeps the limits."""

    def __init__(
        self,
        limits: UploadLimits,
        open_sink: Callable[[FilePart], SinkT],
        before_files: Callable[[Fields], None] | None,
    ) -> None:
        self._limits = limits
        self._open_sink = open_sink
        self._before_files = before_files
        self._fields: dict[str, list[str]] = {}
        self._files: list[Received[SinkT]] = []
        self._parts = 0
        self._field_bytes = 0
        self._file_bytes = 0
        self._part: _PartBegins | None = None
        self._text = bytearray()
        self._file: _OpenFile[SinkT] | None = None

    async def take(self, event: _Event) -> None:
        if isinstance(event, _PartBegins):
            await self._begin(event)
        elif isinstance(event, _PartEnds):
            await self._end()
        elif self._file is not None:
            await self._file_data(self._file, event)
        else:
            self._field_data(event)

    def finish(self) -> Upload[SinkT]:
        self._check_fields()
        return Upload(self._fields, tuple(self._files))

    async def _begin(self, part: _PartBegins) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise TooLarge(
                "too_many_parts", f"the form has more than {MAX_PARTS} parts; send fewer files at once"
            )
        self._part = part
        self._text.clear()
        if not part.filename:
            self._field_data(part.name.encode())
            self._text.clear()
            return
        self._check_fields()
        if len(self._files) >= self._limits.files:
            raise TooLarge(
                "too_many_files", f"more than {self._limits.files} files; send a ZIP or several batches"
            )
        described = FilePart(part.name, part.filename, part.content_type)
        sink = await to_thread.run_sync(self._open_sink, described)
        self._file = _OpenFile(described, sink, bytearray())

    async def _file_data(self, file: _OpenFile[SinkT], data: bytes) -> None:
        file.size += len(data)
        self._file_bytes += len(data)
        if self._file_bytes > self._limits.total_bytes:
            limit = self._limits.total_bytes
            raise TooLarge(
                "upload_too_large", f"the files are larger than {limit} bytes together; split the batch"
            )
        file.waiting += data
        while len(file.waiting) >= PIECE:
            piece = bytes(file.waiting[:PIECE])
            del file.waiting[:PIECE]
            await to_thread.run_sync(file.sink.write, piece)

    def _field_data(self, data: bytes) -> None:
        self._field_bytes += len(data)
        if self._field_bytes > self._limits.field_bytes:
            raise _form_too_large(self._limits.field_bytes)
        self._text += data

    async def _end(self) -> None:
        assert self._part is not None
        if self._file is not None:
            file, self._file = self._file, None
            if file.waiting:
                await to_thread.run_sync(file.sink.write, bytes(file.waiting))
            await to_thread.run_sync(file.sink.close)
            self._files.append(Received(file.part, file.size, file.sink))
        elif self._part.filename is None:
            text = _keepable(_text(bytes(self._text)))
            self._fields.setdefault(_keepable(self._part.name), []).append(text)
        elif self._text:
            raise InvalidInput("file_without_name", "a file came without a name; name it and send it again")

    def _check_fields(self) -> None:
        check, self._before_files = self._before_files, None
        if check is not None:
            check(self._fields)


def bare_filename(claimed: str) -> str:
    """The last step of a claimed file name, without control or formatting characters, at most 200 characters and
    with its ending kept."""
    name = claimed.replace("\\", "/").rpartition("/")[2]
    name = "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c)[0] != "C").strip()
    if len(name) > FILENAME_CHARACTERS:
        stem, dot, ending = name.rpartition(".")
        kept = dot + ending if stem and len(ending) <= 8 else ""
        name = name[: FILENAME_CHARACTERS - len(kept)] + kept
    return name


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InvalidInput(
            "form_not_utf8", "a field or file name is not UTF-8; send the form as UTF-8"
        ) from None


def _keepable(text: str) -> str:
    """Field names and values only: a file name loses its control characters."""
    if not keepable(text):
        raise _malformed()
    return text


def _malformed() -> InvalidInput:
    return InvalidInput(
        "malformed_form", "the form cannot be read; send it again from a current browser or client"
    )


def _form_too_large(limit: int) -> TooLarge:
    return TooLarge(
        "form_too_large", f"the fields of the form are larger than {limit} bytes together; shorten them"
    )


def _no_files(_part: FilePart) -> Sink:
    raise InvalidInput("file_not_expected", "this form takes no files; leave them out")
