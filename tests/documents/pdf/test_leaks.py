"""No part may carry anything of another person: the incident the product exists to prevent."""

import io
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pikepdf
import pytest
from pypdf import PdfReader, PdfWriter

from app.documents.pdf.limits import PdfLimits
from app.documents.pdf.writer import PageWriter
from tests.documents.pdf.adversarial import CASES, PEOPLE, image_marker, text_marker
from tests.documents.pdf.readers import expanded, people_in, picture

PAGE_KEYS = {
    "/Type",
    "/Parent",
    "/MediaBox",
    "/CropBox",
    "/Rotate",
    "/UserUnit",
    "/Group",
    "/Resources",
    "/Contents",
}
OWN_BYTES = 2500
"""No page of an adversarial file has more of its own than this; everybody's data together is far larger."""

FORBIDDEN = re.compile(
    rb"/(JavaScript|JS|Launch|OpenAction|AA|Annots|AcroForm|XFA|EmbeddedFile|EF|AF|Metadata|PieceInfo|StructParents|B|"
    rb"Outlines|Names|StructTreeRoot|Thumb|OC|Properties|Alternates|OPI)\b"
)


@cache
def source(case: str) -> bytes:
    return CASES[case]()


@cache
def parts(case: str) -> tuple[bytes, ...]:
    with pikepdf.open(io.BytesIO(source(case))) as pdf:
        writer = PageWriter(pdf, [page.obj for page in pdf.pages], PdfLimits())
        written = [writer.part([page]) for page in range(PEOPLE)]
    return tuple(block.head + tail for block, tail in written)


@pytest.mark.parametrize("case", CASES)
def test_each_part_holds_its_own_person_and_nobody_else(case: str) -> None:
    for person, part in enumerate(parts(case)):
        assert people_in(part) == {person}


@pytest.mark.parametrize("case", CASES)
def test_each_part_keeps_the_persons_own_text_and_picture(case: str) -> None:
    has_picture = image_marker(0) in expanded(source(case))
    for person, part in enumerate(parts(case)):
        everything = expanded(part)
        assert text_marker(person) in everything
        assert not has_picture or image_marker(person) in everything


@pytest.mark.parametrize("case", CASES)
def test_no_key_outside_the_list_passes(case: str) -> None:
    for part in parts(case):
        reader = PdfReader(io.BytesIO(part))
        assert set(reader.root_object.keys()) == {"/Type", "/Pages"}
        assert set(reader.trailer.keys()) == {"/Size", "/Root"}
        assert set(reader.pages[0].keys()) <= PAGE_KEYS
        assert not FORBIDDEN.search(part)


@pytest.mark.parametrize("case", CASES)
def test_a_part_is_no_larger_than_its_own_content(case: str) -> None:
    assert all(len(part) <= OWN_BYTES + 2048 for part in parts(case))


@pytest.mark.parametrize("case", CASES)
def test_a_part_looks_like_its_page(case: str) -> None:
    for person in (0, 1, PEOPLE - 1):
        assert picture(parts(case)[person], 0) == picture(source(case), person)


@pytest.mark.parametrize("case", CASES)
def test_the_same_page_is_cut_the_same_way_alone_and_after_others(case: str) -> None:
    with pikepdf.open(io.BytesIO(source(case))) as pdf:
        writer = PageWriter(pdf, [page.obj for page in pdf.pages], PdfLimits())
        block, tail = writer.part([PEOPLE - 1])
    assert block.head + tail == parts(case)[PEOPLE - 1]


@pytest.mark.parametrize("case", CASES)
def test_a_part_of_two_pages_holds_these_two_only(case: str) -> None:
    with pikepdf.open(io.BytesIO(source(case))) as pdf:
        writer = PageWriter(pdf, [page.obj for page in pdf.pages], PdfLimits())
        block, tail = writer.part([3, 4])
    part = block.head + tail
    assert people_in(part) == {3, 4}
    assert len(PdfReader(io.BytesIO(part)).pages) == 2
    assert picture(part, 1) == picture(source(case), 4)


@pytest.mark.skipif(shutil.which("qpdf") is None, reason="qpdf is not installed")
@pytest.mark.parametrize("case", CASES)
def test_qpdf_finds_nothing_to_complain_about(case: str, tmp_path: Path) -> None:
    path = tmp_path / "part.pdf"
    path.write_bytes(parts(case)[1])
    checked = subprocess.run(["qpdf", "--check", str(path)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def _pypdf_add_page(data: bytes, page: int) -> bytes:
    writer = PdfWriter()
    writer.add_page(PdfReader(io.BytesIO(data)).pages[page])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _pikepdf_delete_pages(data: bytes, page: int) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        del pdf.pages[page + 1 :]
        del pdf.pages[:page]
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


CONTROLS: dict[str, Callable[[bytes, int], bytes]] = {
    "pypdf": _pypdf_add_page,
    "pikepdf": _pikepdf_delete_pages,
}


@pytest.mark.parametrize("case", CASES)
def test_control_the_ordinary_ways_leak_on_every_one_of_these_files(case: str) -> None:
    """A leak test that nothing fails is broken: each file must defeat at least one ordinary way to cut a page."""
    assert any(people_in(cut(source(case), 5)) > {5} for cut in CONTROLS.values())


@pytest.mark.parametrize("name", CONTROLS)
def test_control_each_ordinary_way_leaks_on_shared_resources(name: str) -> None:
    assert people_in(CONTROLS[name](source("shared_inherited_resources"), 5)) == set(range(PEOPLE))
    assert people_in(CONTROLS[name](source("nested_form_on_shared_resources"), 5)) == set(range(PEOPLE))
