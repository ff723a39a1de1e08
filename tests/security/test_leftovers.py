"""A single is sent byte for byte, so nothing of an earlier owner may be left in it."""

import io
import zlib
from collections.abc import Iterator

import pikepdf
import pytest

from app.documents.pdf.limits import PdfLimits, Refused
from app.documents.pdf.split import PdfChild, Single
from tests.documents.pdf.files import many_pages, one_page, saved, with_content

MINE = ["Bulletin de paie", "Matricule : 00100042"]
OTHER = ["Bulletin de paie", "Matricule : 00100043", "Net 9 999,00"]


@pytest.fixture(scope="module")
def child() -> Iterator[PdfChild]:
    with PdfChild(PdfLimits()) as started:
        yield started


def plain(pdf: pikepdf.Pdf, **options: object) -> bytes:
    return saved(pdf, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable, **options)


def appended(source: bytes, number: int, replacement: bytes, *more: tuple[int, bytes]) -> bytes:
    """The file with objects replaced or added the quick way: behind its end, with a table that leads back."""
    with pikepdf.open(io.BytesIO(source)) as pdf:
        root, size = pdf.Root.objgen[0], int(pdf.trailer.Size)
    previous = int(source[source.rfind(b"startxref") + 9 :].split()[0])
    out, table = bytearray(source), b""
    for each, body in ((number, replacement), *more):
        table += b"%d 1\n%010d 00000 n \n" % (each, len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (each, body)
        size = max(size, each + 1)
    at = len(out)
    out += b"xref\n%btrailer\n<</Size %d/Root %d 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        size,
        root,
        previous,
        at,
    )
    return bytes(out)


def numbers(source: bytes) -> tuple[int, list[int]]:
    with pikepdf.open(io.BytesIO(source)) as pdf:
        return pdf.Root.Pages.objgen[0], [page.obj.objgen[0] for page in pdf.pages]


def test_a_page_deleted_by_a_quick_save_is_still_in_the_file(child: PdfChild) -> None:
    whole = plain(many_pages([MINE, OTHER]))
    tree, (first, _) = numbers(whole)
    quick = appended(whole, tree, b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % first)
    assert b"Net 9 999,00" in quick
    assert child.inspect_single(quick) == Refused(
        "left_over", "it holds a drawing that none of its pages shows"
    )


def test_a_compressed_drawing_that_no_table_names_is_found(child: PdfChild) -> None:
    mine, other = plain(one_page(MINE)), saved(one_page(OTHER), compress_streams=True)
    start = other.index(b" 0 obj", other.index(b"/FlateDecode") - 200) - 2
    end = other.index(b"endobj", other.index(b"/FlateDecode")) + 7
    body = mine[: mine.index(b"xref")]
    table = b"\n" + other[start:end].lstrip() + b"\n" + mine[mine.index(b"xref") :]
    moved = (body + table).replace(
        b"startxref\n%d" % mine.index(b"xref"), b"startxref\n%d" % (body + table).rindex(b"xref\n0 ")
    )
    refused = child.inspect_single(moved)
    assert isinstance(refused, Refused)
    assert refused.code == "left_over"


def test_a_signature_field_added_by_a_quick_save_is_no_leftover(child: PdfChild) -> None:
    whole = plain(one_page(MINE))
    _, (page,) = numbers(whole)
    with pikepdf.open(io.BytesIO(whole)) as pdf:
        size = int(pdf.trailer.Size)
        entries = pdf.pages[0].obj.unparse(resolved=True)
    signed = appended(
        whole,
        page,
        entries.rstrip()[:-2] + b"/Annots[%d 0 R]>>" % size,
        (size, b"<</Type/Annot/Subtype/Widget/FT/Sig/Rect[0 0 0 0]/T(Signature)>>"),
    )
    assert isinstance(child.inspect_single(signed), Single)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"linearize": True},
        {"object_stream_mode": pikepdf.ObjectStreamMode.generate},
        {"linearize": True, "object_stream_mode": pikepdf.ObjectStreamMode.generate},
    ],
)
def test_however_a_clean_file_is_stored_nothing_is_found(child: PdfChild, options: dict[str, object]) -> None:
    assert isinstance(child.inspect_single(saved(one_page(MINE), **options)), Single)


def test_bytes_behind_the_end_of_a_deflated_content_do_not_come_along(child: PdfChild) -> None:
    packed = zlib.compress(b"0 0 m 10 10 l S") + b"TEXT OF SOMEBODY ELSE"
    events = list(child.split_merged(saved(with_content(b"", compressed=packed), compress_streams=False)))
    assert [type(event).__name__ for event in events] == ["Plan", "PartRefused"]
