import asyncio
import contextlib
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from app.core.errors import InvalidInput, PliError, TooLarge
from app.web.uploads import (
    FORM_BYTES,
    MAX_PARTS,
    PIECE,
    Fields,
    FilePart,
    Upload,
    UploadLimits,
    bare_filename,
    read_form,
    read_form_lists,
    read_upload,
)
from tests.web.client import TestClient

LIMITS = UploadLimits(total_bytes=8_000_000, files=3, field_bytes=1_000)
BOUNDARY = "----edge"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


class Memory:
    """A sink that remembers what it was given."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.closed = False
        self.threads: set[int] = set()

    def write(self, piece: bytes) -> None:
        assert not self.closed
        self.threads.add(threading.get_ident())
        self.pieces.append(piece)

    def close(self) -> None:
        assert not self.closed
        self.closed = True

    @property
    def content(self) -> bytes:
        return b"".join(self.pieces)


class Cabinet:
    """Opens sinks and keeps them with what was said of each file."""

    def __init__(self) -> None:
        self.opened: list[tuple[FilePart, Memory]] = []

    def __call__(self, part: FilePart) -> Memory:
        self.opened.append((part, Memory()))
        return self.opened[-1][1]


def part(name: str, content: bytes, filename: str | None = None, headers: str = "") -> bytes:
    shown = "" if filename is None else f'; filename="{filename}"'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n{headers}\r\n'
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def request_of(
    body: bytes, content_type: str = CONTENT_TYPE, chunk: int = 65_536, *, leaves: bool = False
) -> Request:
    """A request whose body comes in chunks; with `leaves` the client goes away instead of ending it."""
    messages: list[Message] = [
        {"type": "http.request", "body": body[i : i + chunk], "more_body": True}
        for i in range(0, len(body), chunk)
    ]
    last: Message = {"type": "http.disconnect"} if leaves else {"type": "http.request", "body": b""}
    waiting = iter([*messages, last])

    async def receive() -> Message:
        return next(waiting)

    headers = [(b"content-type", content_type.encode())] if content_type else []
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    return Request(scope, receive)


def read(
    body: bytes,
    *,
    limits: UploadLimits = LIMITS,
    cabinet: Cabinet | None = None,
    before_files: Callable[[Fields], None] | None = None,
    **request: Any,
) -> Upload[Memory]:
    return asyncio.run(read_upload(request_of(body, **request), limits, cabinet or Cabinet(), before_files))


def form(body: bytes, content_type: str, **more: Any) -> dict[str, list[str]]:
    return asyncio.run(read_form_lists(request_of(body, content_type), **more))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of the process, empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


class TestFiles:
    def test_files_and_fields_come_in_order(self) -> None:
        body = (
            part("title", "Paie d’octobre".encode())
            + part("documents", b"%PDF one", "un.pdf", "Content-Type: application/pdf\r\n")
            + part("tag", b"a")
            + part("people", b"a;b\r\n--x", "salariés.csv")
            + part("tag", b"b")
            + END
        )
        upload = read(body)

        assert upload.fields == {"title": ["Paie d’octobre"], "tag": ["a", "b"]}
        assert upload.text("tag") == "b"
        assert upload.text("nothing") == ""
        assert [(f.part, f.size, f.sink.content, f.sink.closed) for f in upload.files] == [
            (FilePart("documents", "un.pdf", "application/pdf"), 8, b"%PDF one", True),
            (FilePart("people", "salariés.csv", ""), 8, b"a;b\r\n--x", True),
        ]

    @settings(max_examples=60, deadline=None)
    @given(
        content=st.binary(max_size=300) | st.text("-\r\nedg", max_size=80).map(str.encode),
        chunk=st.integers(1, 40),
    )
    def test_any_bytes_survive_any_chunking(self, content: bytes, chunk: int) -> None:
        if f"\r\n--{BOUNDARY}".encode() in b"\r\n" + content:
            return
        upload = read(part("f", content, "f.bin") + part("g", b"x") + END, chunk=chunk)

        assert upload.files[0].sink.content == content
        assert upload.fields == {"g": ["x"]}

    def test_pieces_are_bounded_and_written_outside_the_event_loop(self) -> None:
        content = bytes(range(256)) * 4_096 + b"tail"
        upload = read(part("f", content, "f.pdf") + END)

        sink = upload.files[0].sink
        assert sink.content == content
        assert [len(piece) for piece in sink.pieces] == [PIECE] * 4 + [4]
        assert threading.get_ident() not in sink.threads

    def test_a_file_field_left_empty_is_no_file(self) -> None:
        upload = read(part("documents", b"", "", "Content-Type: application/octet-stream\r\n") + END)
        assert (upload.files, upload.fields) == ((), {})

    def test_an_empty_file_with_a_name_is_a_file(self) -> None:
        (file,) = read(part("documents", b"", "a.pdf") + END).files
        assert (file.size, file.sink.pieces, file.sink.closed) == (0, [], True)

    def test_the_check_sees_the_fields_before_any_file_is_opened(self) -> None:
        cabinet = Cabinet()
        seen: list[Fields] = []

        def refuse(fields: Fields) -> None:
            seen.append(dict(fields))
            raise InvalidInput("no", "no")

        body = part("csrf", b"t") + part("f", b"x", "f.pdf") + part("late", b"y") + END
        with pytest.raises(InvalidInput):
            read(body, cabinet=cabinet, before_files=refuse)
        assert (seen, cabinet.opened) == ([{"csrf": ["t"]}], [])

    def test_the_check_runs_once_and_also_without_files(self) -> None:
        seen: list[Fields] = []
        read(part("a", b"1") + END, before_files=lambda fields: seen.append(dict(fields)))
        assert seen == [{"a": ["1"]}]
        seen.clear()
        read(
            part("f", b"", "f") + part("g", b"", "g") + END,
            before_files=lambda fields: seen.append(dict(fields)),
        )
        assert seen == [{}]


class TestLimits:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (part("f", bytes(101), "f") + END, "upload_too_large"),
            (part("f", bytes(60), "f") + part("g", bytes(60), "g") + END, "upload_too_large"),
            (b"".join(part("f", b"x", f"{i}") for i in range(4)) + END, "too_many_files"),
            (part("t", bytes(1_001)) + END, "form_too_large"),
            (b"".join(part("t", b"x" * 600) for _ in range(2)) + END, "form_too_large"),
            (part("n" * 1_001, b"") + END, "form_too_large"),
        ],
    )
    def test_over_a_limit_the_upload_stops(self, body: bytes, code: str) -> None:
        with pytest.raises(TooLarge) as refused:
            read(body, limits=UploadLimits(total_bytes=100, files=3, field_bytes=1_000))
        assert refused.value.code == code

    def test_exactly_at_the_limit_is_fine(self) -> None:
        assert (
            read(part("f", bytes(100), "f") + END, limits=UploadLimits(total_bytes=100)).files[0].size == 100
        )

    def test_a_limit_stops_reading_before_the_rest_has_come(self) -> None:
        cabinet = Cabinet()
        with pytest.raises(TooLarge):
            read(
                part("f", bytes(5_000_000), "f") + END,
                limits=UploadLimits(total_bytes=1_000_000),
                cabinet=cabinet,
            )
        assert len(cabinet.opened[0][1].content) <= 1_000_000

    def test_more_parts_than_any_form_has(self) -> None:
        with pytest.raises(TooLarge) as refused:
            read(part("", b"") * (MAX_PARTS + 1) + END, limits=UploadLimits(total_bytes=1, field_bytes=10**9))
        assert refused.value.code == "too_many_parts"


MALFORMED: dict[str, tuple[bytes, str, str]] = {
    "no boundary": (END, "multipart/form-data", "not_multipart"),
    "not multipart": (b"{}", "application/json", "not_multipart"),
    "no type": (b"", "", "not_multipart"),
    "endless boundary": (b"--x--", "multipart/form-data; boundary=" + "x" * 300, "malformed_form"),
    "another boundary": (b"--other\r\n\r\n", CONTENT_TYPE, "malformed_form"),
    "empty": (b"", CONTENT_TYPE, "upload_cut"),
    "cut in the file": (part("f", bytes(50), "f")[:-20], CONTENT_TYPE, "upload_cut"),
    "cut before the end": (part("f", bytes(50), "f"), CONTENT_TYPE, "upload_cut"),
    "no name": (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n".encode() + END,
        CONTENT_TYPE,
        "malformed_form",
    ),
    "no disposition": (f"--{BOUNDARY}\r\nX: y\r\n\r\nx\r\n".encode() + END, CONTENT_TYPE, "malformed_form"),
    "attachment": (
        f'--{BOUNDARY}\r\nContent-Disposition: attachment; name="a"\r\n\r\nx\r\n'.encode() + END,
        CONTENT_TYPE,
        "malformed_form",
    ),
    "bad header": (f"--{BOUNDARY}\r\nContent Disposition\r\n\r\nx".encode(), CONTENT_TYPE, "malformed_form"),
    "header without end": (part("f", b"", "f" * 9_000) + END, CONTENT_TYPE, "malformed_form"),
    "too many headers": (part("f", b"", "f", "A: b\r\n" * 9) + END, CONTENT_TYPE, "malformed_form"),
    "base64 part": (
        part("f", b"eA==", "f", "Content-Transfer-Encoding: base64\r\n") + END,
        CONTENT_TYPE,
        "malformed_form",
    ),
    "latin-1 field": (part("t", b"\xe9") + END, CONTENT_TYPE, "form_not_utf8"),
    "a NUL in a field": (part("t", b"a\0b") + END, CONTENT_TYPE, "malformed_form"),
    "content without a name": (part("f", b"x", "") + END, CONTENT_TYPE, "file_without_name"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_body_is_invalid_input(case: str) -> None:
    body, content_type, code = MALFORMED[case]
    for chunk in (1, 65_536):
        with pytest.raises(InvalidInput) as refused:
            read(body, content_type=content_type, chunk=chunk)
        assert refused.value.code == code


@settings(max_examples=150, deadline=None)
@given(noise=st.binary(max_size=200), at=st.integers(0, 400), cut=st.integers(0, 30))
def test_no_damage_raises_anything_but_an_expected_error(noise: bytes, at: int, cut: int) -> None:
    body = part("t", b"title") + part("f", bytes(100), "f.pdf") + END
    damaged = body[:at] + noise + body[at + cut :]
    with contextlib.suppress(PliError):
        read(damaged, chunk=37)


class TestInterruption:
    def test_a_client_that_leaves_ends_the_reading_and_closes_no_file(self) -> None:
        cabinet = Cabinet()
        with pytest.raises(ClientDisconnect):
            read(part("f", bytes(600_000), "f")[:-3], cabinet=cabinet, leaves=True)
        ((_, sink),) = cabinet.opened
        assert not sink.closed
        assert len(sink.content) == 2 * PIECE

    def test_what_a_sink_raises_comes_through(self) -> None:
        class Full(Memory):
            def write(self, piece: bytes) -> None:
                raise TooLarge("disk", "full")

        with pytest.raises(TooLarge):
            asyncio.run(read_upload(request_of(part("f", b"x", "f") + END), LIMITS, lambda _: Full()))


class TestNothingOnDisk:
    def test_large_files_and_fields_leave_no_temporary_file(self, temporary: Path) -> None:
        during: list[list[Path]] = []

        class Watching(Memory):
            def write(self, piece: bytes) -> None:
                super().write(piece)
                during.append(list(temporary.iterdir()))

        application = FastAPI()

        @application.post("/in")
        async def take(request: Request) -> dict[str, int]:
            upload = await read_upload(
                request, UploadLimits(total_bytes=20_000_000, field_bytes=2_000_000), lambda _: Watching()
            )
            return {file.part.filename: file.size for file in upload.files} | {"t": len(upload.text("t"))}

        answer = TestClient(application).post(
            "/in",
            data={"t": "x" * 1_500_000},
            files={"a": ("a.pdf", b"1" * 5_000_000), "b": ("b.zip", b"2" * 5_000_001)},
        )
        assert answer.json() == {"a.pdf": 5_000_000, "b.zip": 5_000_001, "t": 1_500_000}
        assert len(during) > 30
        assert not any(during)
        assert list(temporary.iterdir()) == []

    def test_neither_does_a_body_that_is_cut(self, temporary: Path) -> None:
        with pytest.raises(InvalidInput):
            read(part("f", bytes(5_000_000), "f.pdf"))
        assert list(temporary.iterdir()) == []

    def test_the_guard_notices_a_parser_that_spools(self, temporary: Path) -> None:
        async def spooling() -> bool:
            request = request_of(part("f", bytes(5_000_000), "f.pdf") + END)
            async with request.form() as parsed:
                file: Any = parsed["f"]
                return bool(file.file._rolled)

        assert asyncio.run(spooling())


class TestForms:
    def test_an_urlencoded_form(self) -> None:
        body = b"a=1&b=%C3%A9+x&a=2&empty="
        kind = "application/x-www-form-urlencoded"
        assert form(body, kind) == {"a": ["1", "2"], "b": ["é x"], "empty": [""]}
        assert asyncio.run(read_form(request_of(body, kind)))["a"] == "2"

    def test_a_multipart_form(self) -> None:
        assert form(part("a", b"1") + part("a", b"2") + END, CONTENT_TYPE) == {"a": ["1", "2"]}

    def test_no_body_is_an_empty_form(self) -> None:
        assert form(b"", "") == {}

    @pytest.mark.parametrize(
        ("body", "kind", "code"),
        [
            (b"{}", "application/json", "not_a_form"),
            (b"a=1", "", "not_a_form"),
            (b"a=%FF", "application/x-www-form-urlencoded", "malformed_form"),
            (b"a=\xff", "application/x-www-form-urlencoded", "malformed_form"),
            (b"&a" * (MAX_PARTS + 1), "application/x-www-form-urlencoded", "malformed_form"),
            (part("f", b"x", "f.pdf") + END, CONTENT_TYPE, "file_not_expected"),
        ],
    )
    def test_anything_else_is_invalid_input(self, body: bytes, kind: str, code: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            form(body, kind)
        assert refused.value.code == code

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b"a=" + b"x" * FORM_BYTES, "application/x-www-form-urlencoded"),
            (part("a", b"x" * FORM_BYTES) + END, CONTENT_TYPE),
        ],
    )
    def test_a_form_is_small(self, body: bytes, kind: str) -> None:
        with pytest.raises(TooLarge):
            form(body, kind)
        assert form(body, kind, max_bytes=FORM_BYTES + 10)


@pytest.mark.parametrize(
    ("claimed", "kept"),
    [
        ("paie.pdf", "paie.pdf"),
        ("C:\\Users\\marie\\paie.pdf", "paie.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\u202efdp.exe", "abfdp.exe"),
        ("e\u0301te\u0301.pdf", "été.pdf"),
        ("folder/", ""),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("y" * 300, "y" * 200),
    ],
)
def test_a_file_name_is_bare(claimed: str, kept: str) -> None:
    assert bare_filename(claimed) == kept


def test_httpx_and_browsers_write_names_we_can_read() -> None:
    encoded = httpx.Request("POST", "http://x", files={"f": ("été 1.pdf", b"x")})
    upload = read(encoded.read(), content_type=encoded.headers["content-type"])
    assert upload.files[0].part.filename == "été 1.pdf"
