"""The open document over a real port: bytes, ranges, names, and every way in without a session."""

import io
import re
import sqlite3
from collections.abc import Iterator

import httpx
import pypdf
import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.core.errors import Overloaded
from app.documents.pdf.renderer import PageRenderer
from app.usecases.opening.note_downloads import note_downloads
from app.web import recipient
from app.web.recipient import entering, opt_out, reading
from app.web.recipient.access import get_readable
from tests.web.live import Letter, Live, unlock_form

WITHOUT_BYTES = {"/{ref}", "/{ref}/", "/{ref}/{rest:path}", "/{ref}/hello", "/{ref}/unlock", "/{ref}/close"}


@pytest.fixture(scope="module")
def opened(live: Live) -> tuple[httpx.Client, Letter]:
    """A reader with an open document of two pages."""
    letter = next(each for each in live.send(people=8) if each.pages == 2)
    return reader_of(live, letter), letter


def reader_of(live: Live, letter: Letter) -> httpx.Client:
    client = live.client()
    assert client.get(f"/{letter.ref}").status_code == 200
    assert client.post(f"/{letter.ref}/unlock", data=dict(unlock_form(letter))).status_code == 303
    return client


def whole(client: httpx.Client, letter: Letter) -> bytes:
    return client.get(f"/{letter.ref}/view.pdf").content


def without_date(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}


# The bytes


def test_the_file_is_the_sealed_part_byte_for_byte(live: Live, opened: tuple[httpx.Client, Letter]) -> None:
    client, letter = opened
    data = whole(client, letter)
    assert live.is_sealed_part(letter, data)
    assert not live.is_sealed_part(letter, data + b"\n")
    assert len(pypdf.PdfReader(io.BytesIO(data)).pages) == 2


def test_the_file_carries_the_headers_phones_need(opened: tuple[httpx.Client, Letter]) -> None:
    client, letter = opened
    answer = client.get(f"/{letter.ref}/view.pdf")
    name = f"bulletin-de-paie-{letter.period}.pdf"
    expected = {
        "content-type": "application/pdf",
        "content-disposition": f"inline; filename=\"{name}\"; filename*=UTF-8''{name}",
        "accept-ranges": "bytes",
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "content-length": str(len(answer.content)),
    }
    assert {header: answer.headers[header] for header in expected} == expected
    assert "content-security-policy" not in answer.headers
    assert re.fullmatch(r'"[0-9a-f]{24}"', answer.headers["etag"])
    saved = client.get(f"/{letter.ref}/{name}?download")
    assert saved.headers["content-disposition"] == f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
    assert saved.content == answer.content


def ranges(size: int) -> Iterator[tuple[str, int, int]]:
    yield "bytes=0-1", 0, 2
    yield "bytes=0-", 0, size
    yield "bytes=0-0", 0, 1
    yield f"bytes={size - 1}-", size - 1, size
    yield "bytes=-500", size - 500, size
    yield f"bytes=-{size * 2}", 0, size
    yield f"bytes=100-{size // 2}", 100, size // 2 + 1
    yield f"bytes=10-{size * 5}", 10, size


def test_every_range_gives_its_bytes_and_one_opening_stays_one(
    live: Live, opened: tuple[httpx.Client, Letter]
) -> None:
    client, letter = opened
    data = whole(client, letter)
    size = len(data)
    for asked, start, end in ranges(size):
        answer = client.get(f"/{letter.ref}/view.pdf", headers={"Range": asked})
        assert answer.status_code == 206, asked
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert answer.headers["content-length"] == str(end - start)
        assert answer.content == data[start:end], asked
    assert live.link_row(letter)["openings"] == 1


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-5", "lines=1-2", "bytes=x-", ""])
def test_several_ranges_and_nonsense_get_the_whole_file(
    opened: tuple[httpx.Client, Letter], asked: str
) -> None:
    client, letter = opened
    answer = client.get(f"/{letter.ref}/view.pdf", headers={"Range": asked})
    assert answer.status_code == 200
    assert "content-range" not in answer.headers
    assert answer.content == whole(client, letter)


def test_a_range_past_the_end_is_refused_with_the_size(opened: tuple[httpx.Client, Letter]) -> None:
    client, letter = opened
    size = len(whole(client, letter))
    answer = client.get(f"/{letter.ref}/view.pdf", headers={"Range": f"bytes={size}-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{size}")
    assert answer.content == b""


def test_a_range_of_another_version_gets_the_whole_file(opened: tuple[httpx.Client, Letter]) -> None:
    client, letter = opened
    address = f"/{letter.ref}/view.pdf"
    etag = client.head(address).headers["etag"]
    for condition, status in ((etag, 206), ('"other"', 200), ("Wed, 25 Nov 2026 09:00:00 GMT", 200)):
        answer = client.get(address, headers={"Range": "bytes=0-1", "If-Range": condition})
        assert answer.status_code == status, condition


@pytest.mark.parametrize("asked", [{}, {"Range": "bytes=5-9"}, {"Range": "bytes=99999999-"}])
@pytest.mark.parametrize("path", ["view.pdf", "x.pdf?download", "page-1.png", "document"])
def test_head_says_what_get_would_and_writes_nothing(
    live: Live, opened: tuple[httpx.Client, Letter], path: str, asked: dict[str, str]
) -> None:
    client, letter = opened
    address = f"/{letter.ref}/{path}"
    before = live.rows(journal=True)
    headed = client.head(address, headers=asked)
    assert live.rows(journal=True) == before
    got = client.get(address, headers=asked)
    assert headed.status_code == got.status_code
    assert headed.content == b""
    varying = ("content-security-policy",)
    assert {n: v for n, v in without_date(headed).items() if n not in varying} == {
        n: v for n, v in without_date(got).items() if n not in varying
    }


def test_a_damaged_blob_sends_no_byte(live: Live, letter: Letter) -> None:
    client = reader_of(live, letter)
    with sqlite3.connect(live.folder / "pli.db") as connection:
        key, offset = connection.execute(
            "SELECT blob_key, blob_offset FROM document WHERE id = ?", (letter.document_id.hex,)
        ).fetchone()
    connection.close()
    path = live.folder / "blobs" / key
    sealed = path.read_bytes()
    broken = bytearray(sealed)
    broken[offset + 100] ^= 1
    path.write_bytes(broken)
    try:
        answer = client.get(f"/{letter.ref}/view.pdf")
    finally:
        path.write_bytes(sealed)
    assert answer.status_code == 500
    assert "Momentanément indisponible" in answer.text
    assert client.get(f"/{letter.ref}/view.pdf").status_code == 200


# The page


def test_the_page_shows_the_first_page_and_says_what_is_on_it(opened: tuple[httpx.Client, Letter]) -> None:
    client, letter = opened
    page = client.get(f"/{letter.ref}/document")
    size = re.search(r"page-1\.png\" width=\"(\d+)\" height=\"(\d+)\"", page.text)
    assert size is not None
    image = client.get(f"/{letter.ref}/page-1.png")
    assert image.headers["content-type"] == "image/png"
    assert image.headers["cache-control"] == "private, no-store"
    assert (int(size[1]), int(size[2])) == (
        int.from_bytes(image.content[16:20], "big"),
        int.from_bytes(image.content[20:24], "big"),
    )
    assert "BULLETIN" in page.text.upper().split("FIGCAPTION")[1]
    policy = page.headers["content-security-policy"]
    assert "worker-src 'self'" in policy
    assert "require-trusted-types-for 'script'" in policy


def test_a_page_that_cannot_be_drawn_leaves_the_document_readable(
    live: Live, opened: tuple[httpx.Client, Letter], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise Overloaded("pages_queue", "too many pages")

    client, letter = opened
    monkeypatch.setattr(PageRenderer, "image", full)
    page = client.get(f"/{letter.ref}/document")
    assert page.status_code == 200
    assert "page-1.png" not in page.text
    assert f"/{letter.ref}/view.pdf" in page.text
    assert client.get(f"/{letter.ref}/page-1.png").status_code == 404


# What is counted


def test_only_the_download_button_counts_as_downloaded(live: Live, letter: Letter) -> None:
    client = reader_of(live, letter)
    begun = live.journal(letter)

    def since() -> list[str]:
        return live.journal(letter)[len(begun) :]

    client.get(f"/{letter.ref}/document")
    client.get(f"/{letter.ref}/page-1.png")
    client.get(f"/{letter.ref}/view.pdf")
    client.get(f"/{letter.ref}/x.pdf?download", headers={"Range": "bytes=0-1"})
    assert since() == ["document:viewed"]
    before = live.rows()
    client.get(f"/{letter.ref}/x.pdf?download")
    assert live.rows() == before, "a GET moves no row but the journal"
    assert since()[1:] == ["document:downloaded"]
    note_downloads(live.rt)
    with sqlite3.connect(live.folder / "pli.db") as connection:
        (at,) = connection.execute(
            "SELECT downloaded_at FROM document WHERE id = ?", (letter.document_id.hex,)
        ).fetchone()
    connection.close()
    assert at is not None


def test_reloading_does_not_fill_the_journal_and_another_opening_is_told(live: Live, letter: Letter) -> None:
    for _ in range(2):
        client = reader_of(live, letter)
        begun = live.journal(letter)
        for _ in range(5):
            client.get(f"/{letter.ref}/page-1.png")
            client.get(f"/{letter.ref}/view.pdf")
        assert live.journal(letter)[len(begun) :] == ["document:viewed"]


# Without a session


def byte_routes() -> list[APIRoute]:
    return [route for route in reading.router.routes if isinstance(route, APIRoute)]


def guards(route: BaseRoute) -> bool:
    return isinstance(route, APIRoute) and any(
        dependency.call is get_readable for dependency in route.dependant.dependencies
    )


def test_every_route_of_this_door_is_either_guarded_or_known_to_serve_no_byte() -> None:
    open_routes = {route.path for route in entering.router.routes if isinstance(route, APIRoute)}
    assert open_routes == WITHOUT_BYTES | {"/{ref}/t/{ticket}/close"}
    assert len(byte_routes()) == 6
    assert all(guards(route) for route in reading.router.routes)
    assert {route.path for route in opt_out.router.routes if isinstance(route, APIRoute)} == {"/o/{token}"}
    assert len(recipient.router.routes) == 3, "the three routers above and nothing beside them"


def addresses(ref: str, ticket: str) -> list[str]:
    return [route.path.format(ref=ref, ticket=ticket, name="view") for route in byte_routes()]


def refused(client: httpx.Client, letter: Letter, ticket: str = "2" * 22) -> bool:
    answers = [client.get(address) for address in addresses(letter.ref, ticket)]
    return all(
        answer.status_code == 303 and answer.headers["location"] == f"/{letter.ref}" and not answer.content
        for answer in answers
    )


def test_no_byte_without_a_session(live: Live, letter: Letter) -> None:
    assert refused(live.client(), letter)


def test_no_byte_for_the_session_of_another_document(live: Live, letter: Letter) -> None:
    other = live.letter()
    client = reader_of(live, other)
    assert refused(client, letter)
    client.cookies.set(f"pli-{letter.ref}", client.cookies[f"pli-{other.ref}"])
    assert refused(client, letter)


@pytest.mark.parametrize("value", ["", "x", "2" * 22, "A" * 43, "é" * 10, "../../etc"])
def test_no_byte_for_an_invented_cookie(live: Live, letter: Letter, value: str) -> None:
    client = live.client()
    cookie = f"pli-{letter.ref}={value}".encode()
    for address in addresses(letter.ref, "2" * 22):
        answer = client.get(address, headers={b"cookie": cookie})
        assert (answer.status_code, answer.content) == (303, b"")


def test_no_byte_while_a_second_step_is_pending(live: Live, letter: Letter) -> None:
    client = reader_of(live, letter)
    assert client.get(f"/{letter.ref}/view.pdf").status_code == 200
    with sqlite3.connect(live.folder / "pli.db") as connection:
        connection.execute(
            "UPDATE link_session SET state = 'otp' WHERE link_id = (SELECT id FROM link WHERE ref = ?)",
            (letter.ref,),
        )
    connection.close()
    assert refused(client, letter)


def test_a_script_is_told_that_the_session_is_over_instead_of_getting_a_page(
    live: Live, letter: Letter
) -> None:
    client = live.client()
    for kind in ("empty", "image"):
        answer = client.get(f"/{letter.ref}/view.pdf", headers={"Sec-Fetch-Dest": kind})
        assert (answer.status_code, answer.content) == (401, b"")
