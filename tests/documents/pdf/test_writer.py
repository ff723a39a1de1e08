"""Parts of real files look and read like their pages; what cannot be read is refused by name."""

import base64
import io
import zlib
from typing import Any

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from app.documents.pdf.checks import Accepted, open_again
from app.documents.pdf.limits import PdfLimits, Refused, RefusedPdfError
from app.documents.pdf.text import page_texts
from app.documents.pdf.writer import PageWriter
from tests.documents.pdf.files import form, many_pages, one_page, sample, saved, with_content
from tests.documents.pdf.readers import picture


def cut(data: bytes, pages: list[int], limits: PdfLimits | None = None) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        block, tail = PageWriter(pdf, [page.obj for page in pdf.pages], limits or PdfLimits()).part(pages)
    return block.head + tail


def refusal(pdf: Pdf, limits: PdfLimits | None = None) -> Refused:
    with pytest.raises(RefusedPdfError) as caught:
        PageWriter(pdf, [page.obj for page in pdf.pages], limits or PdfLimits()).part([0])
    return caught.value.refusal


@pytest.mark.parametrize("name", ["reportlab", "ghostscript", "libreoffice"])
def test_every_part_has_the_text_and_the_looks_of_its_page(name: str) -> None:
    data = sample(name)
    texts = list(page_texts(data))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        writer = PageWriter(pdf, [page.obj for page in pdf.pages], PdfLimits())
        for page, text in enumerate(texts):
            block, tail = writer.part([page])
            part = block.head + tail
            assert list(page_texts(part)) == [text]
            assert picture(part, 0) == picture(data, page)


@pytest.mark.parametrize("name", ["reportlab", "ghostscript", "libreoffice"])
def test_a_part_is_as_large_as_the_shared_resources_and_its_own_content(name: str) -> None:
    with pikepdf.open(io.BytesIO(sample(name))) as pdf:
        pages = [page.obj for page in pdf.pages]
        writer = PageWriter(pdf, pages, PdfLimits())
        for page, source in enumerate(pages):
            block, tail = writer.part([page])
            content = len(source.Contents.read_raw_bytes())
            assert len(tail) <= content + 2048
            assert len(block.head) <= len(sample(name))


def test_opening_the_file_again_in_between_changes_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    data, opened = sample("ghostscript"), []

    def again() -> Accepted:
        opened.append(open_again(data))
        return opened[-1]

    source = open_again(data)
    plain = PageWriter(source.pdf, source.pages, PdfLimits())
    careful = PageWriter(source.pdf, source.pages, PdfLimits(), again)
    monkeypatch.setattr("app.documents.pdf.writer.MAX_GROWTH", -(1 << 60))
    monkeypatch.setattr("app.documents.pdf.writer._PARTS_BETWEEN_LOOKS", 3)
    for page in range(len(source.pages)):
        once, anew = plain.part([page]), careful.part([page])
        assert once[0].head + once[1] == anew[0].head + anew[1]
    assert len(opened) == len(source.pages) // 3


def test_parts_with_the_same_resources_share_one_block() -> None:
    with pikepdf.open(io.BytesIO(sample("reportlab"))) as pdf:
        writer = PageWriter(pdf, [page.obj for page in pdf.pages], PdfLimits())
        first, _ = writer.part([0])
        second, _ = writer.part([1])
    assert first is second
    assert len(first.head) > 20_000


def test_inherited_boxes_and_rotation_are_kept() -> None:
    pdf = one_page()
    page = pdf.pages[0].obj
    del page.MediaBox
    pdf.Root.Pages.MediaBox = Array([0, 0, 200, 400])
    pdf.Root.Pages.Rotate = 90
    page.CropBox = Array([10, 10, 190, 390])
    page.UserUnit = 2
    with pikepdf.open(io.BytesIO(cut(saved(pdf), [0]))) as part:
        written = part.pages[0].obj
        assert [int(side) for side in written.MediaBox] == [0, 0, 200, 400]
        assert [int(side) for side in written.CropBox] == [10, 10, 190, 390]
        assert written.Rotate == 90
        assert written.UserUnit == 2


def test_content_in_several_streams_stays_in_order() -> None:
    pdf = one_page()
    page = pdf.pages[0].obj
    more = Stream(pdf, b"BT /F1 10 Tf 20 600 Td (second stream) Tj ET")
    page.Contents = Array([page.Contents, pdf.make_indirect(more)])
    part = cut(saved(pdf), [0])
    assert next(page_texts(part)).endswith("second stream")


def test_an_empty_page_is_a_page() -> None:
    pdf = Pdf.new()
    pdf.add_blank_page(page_size=(100, 100))
    assert len(pypdfium2.PdfDocument(cut(saved(pdf), [0]))) == 1


def test_a_stream_that_is_cut_off_is_refused() -> None:
    packed = zlib.compress(b"0 0 m 100 100 l S\n" * 500)
    assert refusal(with_content(b"", compressed=packed[: len(packed) // 2])).code == "content_unreadable"
    assert refusal(with_content(b"", compressed=b"this is not deflated")).code == "content_unreadable"


def test_a_stream_that_is_cut_off_behind_other_filters_is_refused() -> None:
    packed = zlib.compress(b"0 0 m 100 100 l S\n" * 5000)
    pdf = with_content(base64.a85encode(packed[: len(packed) // 2]) + b"~>")
    pdf.pages[0].obj.Contents.Filter = Array([Name.ASCII85Decode, Name.FlateDecode])
    assert refusal(pdf).code == "content_unreadable"


_PACKED = zlib.compress(b"0 0 m 100 100 l S\n")


@pytest.mark.parametrize(
    "content",
    [
        base64.a85encode(_PACKED + b"somebody else") + b"~>",
        base64.a85encode(_PACKED) + b"~>somebody else",
        base64.a85encode(_PACKED) + b"~ >somebody else",
    ],
)
def test_bytes_behind_the_end_of_a_stream_with_two_filters_are_refused(content: bytes) -> None:
    pdf = with_content(content)
    pdf.pages[0].obj.Contents.Filter = Array([Name.ASCII85Decode, Name.FlateDecode])
    assert refusal(pdf).code == "content_unreadable"


@pytest.mark.parametrize("end", [b"~>", b"~>\r\n", b"~\n>", b""])
def test_a_stream_with_two_filters_may_end_in_blanks(end: bytes) -> None:
    pdf = with_content(base64.a85encode(_PACKED, wrapcol=20) + end)
    pdf.pages[0].obj.Contents.Filter = Array([Name.ASCII85Decode, Name.FlateDecode])
    block, tail = PageWriter(pdf, [pdf.pages[0].obj], PdfLimits()).part([0])
    with Pdf.open(io.BytesIO(block.head + tail)) as part:
        assert part.pages[0].obj.Contents[0].read_bytes() == b"0 0 m 100 100 l S\n"


@pytest.mark.parametrize(
    "content", [b"/Im1 Do", b"BT /F9 9 Tf (a) Tj ET", b"/GS1 gs", b"/Sh1 sh", b"/CS1 cs", b"/P1 scn"]
)
def test_a_missing_resource_is_refused(content: bytes) -> None:
    assert refusal(with_content(content)).code == "resource_missing"


@pytest.mark.parametrize(
    "content",
    [
        b"BT (never closed Tj ET",
        b"[ (a) 10 (b) TJ",
        b"/Span << /A 1 BDC",
        b"1 0 0 1 0 0 cm ) q",
        b"BI /W 1 /H 1 ID xx",
        b"these words are no operators",
        bytes(range(128, 256)),
        b"(a) % not the end",
    ],
)
def test_content_that_does_not_read_is_refused(content: bytes) -> None:
    assert refusal(with_content(content)).code == "content_unreadable"


def test_a_form_that_draws_itself_is_refused() -> None:
    pdf = with_content(b"/Fm Do")
    drawn = form(pdf, b"/Fm Do", Dictionary())
    drawn.Resources = Dictionary(XObject=Dictionary(Fm=drawn))
    pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(Fm=drawn))
    assert refusal(pdf).code == "recursion"


def test_forms_that_draw_each_other_are_refused() -> None:
    pdf = with_content(b"/A Do")
    one, other = form(pdf, b"/B Do", Dictionary()), form(pdf, b"/A Do", Dictionary())
    one.Resources = Dictionary(XObject=Dictionary(B=other))
    other.Resources = Dictionary(XObject=Dictionary(A=one))
    pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(A=one))
    assert refusal(pdf).code == "recursion"


def test_forms_nested_deeper_than_any_producer_does_are_refused() -> None:
    pdf = with_content(b"/Fm Do")
    inner = form(pdf, b"0 0 m", Dictionary())
    for _ in range(200):
        inner = form(pdf, b"/Fm Do", Dictionary(XObject=Dictionary(Fm=inner)))
    pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(Fm=inner))
    assert refusal(pdf).code == "recursion"


def test_a_font_that_contains_itself_is_refused() -> None:
    pdf = with_content(b"BT /F1 9 Tf (a) Tj ET")
    font = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type0, BaseFont=Name.X))
    font.DescendantFonts = Array([font])
    pdf.pages[0].obj.Resources = Dictionary(Font=Dictionary(F1=font))
    assert refusal(pdf).code == "recursion"


def test_a_stream_whose_data_lies_elsewhere_is_refused() -> None:
    pdf = with_content(b"/Im Do")
    image = Stream(pdf, b"")
    image.update(Dictionary(Subtype=Name.Image, Width=1, Height=1, F=String("//server/share")))
    pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(Im=pdf.make_indirect(image)))
    assert refusal(pdf).code == "external_stream"


def test_content_over_the_limit_is_refused() -> None:
    packed = zlib.compress(b"0 0 m 1 1 l S\n" * 100_000)
    assert (
        refusal(with_content(b"", compressed=packed), PdfLimits(max_content_bytes=1_000_000)).code
        == "content_too_large"
    )


@pytest.mark.parametrize(
    ("font", "why"),
    [
        (Dictionary(Encoding=Name.WinAnsiEncoding, CharProcs=Dictionary()), "no names for its codes"),
        (
            Dictionary(Encoding=Dictionary(BaseEncoding=Name.WinAnsiEncoding), CharProcs=Dictionary()),
            "built-in names",
        ),
    ],
)
def test_a_type3_font_whose_glyphs_cannot_be_told_apart_is_refused(font: Any, why: str) -> None:
    pdf = with_content(b"BT /T3 9 Tf (a) Tj ET")
    font.update(
        Dictionary(Type=Name.Font, Subtype=Name.Type3, FontBBox=[0, 0, 1, 1], FontMatrix=[1, 0, 0, 1, 0, 0])
    )
    pdf.pages[0].obj.Resources = Dictionary(Font=Dictionary(T3=pdf.make_indirect(font)))
    assert refusal(pdf).code == "font_unsafe", why


def test_a_page_without_a_size_is_refused() -> None:
    pdf = one_page()
    pages = [page.obj for page in pdf.pages]
    del pages[0].MediaBox
    with pytest.raises(RefusedPdfError, match="page_damaged"):
        PageWriter(pdf, pages, PdfLimits()).part([0])


def test_only_the_damaged_page_is_refused() -> None:
    pdf = many_pages([["first"], ["second"]])
    pdf.pages[1].obj.Contents = pdf.make_indirect(Stream(pdf, b"(never closed"))
    data = saved(pdf)
    assert list(page_texts(cut(data, [0]))) == ["first"]
    with pytest.raises(RefusedPdfError):
        cut(data, [1])
