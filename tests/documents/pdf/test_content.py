"""The fast and the exact reader of content streams agree, and neither is fooled."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents.pdf.content import _exactly_used, shown_codes, used_names
from app.documents.pdf.limits import RefusedPdfError


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"/Im1 Do", {("/XObject", "/Im1")}),
        (b"/Im#31 Do", {("/XObject", "/Im1")}),
        (b"q/Im1 Do Q", {("/XObject", "/Im1")}),
        (b"/F1 12 Tf /GS1 gs /CS0 cs 0.5 /P1 scn /Sh sh", {("/Font", "/F1"), ("/ExtGState", "/GS1"), ("/ColorSpace", "/CS0"), ("/Pattern", "/P1"), ("/Shading", "/Sh")}),
        (b"(/Im1 Do) Tj", set()),
        (b"(\\(/Im1 Do) Tj", set()),
        (b"(a (nested /Im1 Do) b) Tj", set()),
        (b"% /Im1 Do\n/Im2 Do", {("/XObject", "/Im2")}),
        (b"/Im1 % a comment between\n Do", {("/XObject", "/Im1")}),
        (b"% ( odd\n/Im1 Do (text) Tj", {("/XObject", "/Im1")}),
        (b"<2F496D3120446F> Tj", set()),
        (b"/Span <</ActualText (/Im1 Do)>> BDC EMC", set()),
        (b"/Artifact /Im1 BDC EMC", set()),
        (b"BI /W 1 /H 1 /CS /Own /BPC 8 ID \x00 EI /Im1 Do", {("/ColorSpace", "/Own"), ("/XObject", "/Im1")}),
        (b"BI /W 9 /H 1 /CS /G /BPC 8 ID a EI (/Im EI /Im1 Do", {("/XObject", "/Im1")}),
        (b"BX 1 2 unheard EX /Im1 Do", {("/XObject", "/Im1")}),
    ],
)  # fmt: skip
def test_exactly_the_names_that_are_used(content: bytes, names: set[tuple[str, str]]) -> None:
    assert used_names(content) == names


_names = st.sampled_from([b"Im1", b"F1", b"A#42", b"x", b"G-1"])
_strings = st.sampled_from([b"(a)", b"(\\))", b"(/Im1 Do)", b"(a(b)c)", b"<2F>", b"(\\\\)", b"(%)"])
_operations = st.one_of(
    st.builds(lambda name: b"/" + name + b" Do", _names),
    st.builds(
        lambda name, space: b"/" + name + space + b"12 Tf", _names, st.sampled_from([b" ", b"\n", b" % c\n"])
    ),
    st.builds(lambda text: text + b" Tj", _strings),
    st.builds(lambda text: b"[" + text + b" -20 " + text + b"]TJ", _strings),
    st.builds(lambda name: b"/Tag <</K/" + name + b">> BDC EMC", _names),
    st.builds(lambda name: b"0.1 0.2 /" + name + b" scn", _names),
    st.sampled_from([b"q", b"Q", b"1 0 0 1 0 0 cm", b"BT ET", b"% note (\n", b"BI /W 1 /H 1 ID ab EI"]),
)


@given(st.lists(_operations, max_size=12))
@settings(max_examples=200, deadline=None)
def test_the_fast_reader_gives_the_answer_of_the_exact_one(operations: list[bytes]) -> None:
    content = b"\n".join(operations)
    assert used_names(content) == _exactly_used(content)


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused_and_nothing_else_happens(content: bytes) -> None:
    with suppress(RefusedPdfError):
        assert all(category.startswith("/") for category, _ in used_names(content))


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"BT /T 9 Tf (AB) Tj /F 9 Tf (C) Tj ET", {"/T": {65, 66}, "/F": {67}}),
        (b"/T 9 Tf q /F 9 Tf (A) Tj Q (B) Tj", {"/F": {65}, "/T": {66}}),
        (b"/T 9 Tf [(A) 10 <42>] TJ", {"/T": {65, 66}}),
        (b"/T 9 Tf (\\101\\\\) ' 1 2 (D) \"", {"/T": {65, 92, 68}}),
        (b"/T 9 Tf /GS gs (A) Tj", {}),
        (b"(A) Tj", {}),
    ],
)
def test_codes_belong_to_the_font_that_shows_them(content: bytes, codes: dict[str, set[int]]) -> None:
    assert shown_codes(content, frozenset({"/GS"})) == codes
