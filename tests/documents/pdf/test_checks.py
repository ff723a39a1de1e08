"""What is refused at the door, and what is not."""

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Encryption, Name, String

from app.documents.pdf.checks import Accepted, check
from app.documents.pdf.limits import PdfLimits, Refused
from tests.documents.pdf.files import active, many_pages, one_page, sample, saved

LIMITS = PdfLimits()


def code(data: bytes, limits: PdfLimits = LIMITS, *, single: bool = False) -> str:
    verdict = check(data, limits, single=single)
    return verdict.code if isinstance(verdict, Refused) else "accepted"


@pytest.mark.parametrize("name", ["reportlab", "ghostscript", "libreoffice"])
@pytest.mark.parametrize("single", [False, True])
def test_files_of_real_producers_are_accepted(name: str, single: bool) -> None:
    verdict = check(sample(name), LIMITS, single=single)
    assert isinstance(verdict, Accepted)
    assert len(verdict.pages) == {"reportlab": 24, "ghostscript": 24, "libreoffice": 6}[name]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("script in OpenAction", "script"),
        ("script in the names tree", "script"),
        ("script in an object stream", "script"),
        ("script behind a Next chain", "script"),
        ("Launch", "launch"),
        ("embedded file", "attachment"),
        ("XFA", "xfa"),
        ("RichMedia", "rich_media"),
        ("submit action", "submit_form"),
    ],
)
@pytest.mark.parametrize("single", [False, True])
def test_active_content_refuses_the_file_wherever_it_hides(kind: str, expected: str, single: bool) -> None:
    assert code(active(kind), single=single) == expected


def test_a_script_name_written_with_escapes_is_the_same_name() -> None:
    pdf = one_page()
    pdf.Root.OpenAction = Dictionary(S=Name.XXXXXXXXXXXX)
    data = saved(pdf, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    assert code(data.replace(b"/XXXXXXXXXXXX", b"/J#61vaScript")) == "script"


def test_a_title_that_quotes_such_a_name_is_no_script() -> None:
    pdf = one_page()
    pdf.docinfo["/Title"] = String("Guide: /JavaScript and /Launch")
    assert code(saved(pdf)) == "accepted"


@pytest.mark.parametrize("kind", ["opens a web page", "acts when a page is shown"])
def test_what_acts_by_itself_refuses_a_single_and_is_lost_by_a_merged_file(kind: str) -> None:
    assert code(active(kind), single=True) == "open_action"
    assert code(active(kind)) == "accepted"


def test_an_open_action_that_goes_to_a_page_is_allowed() -> None:
    pdf = one_page()
    pdf.Root.OpenAction = Dictionary(S=Name.GoTo, D=Array([pdf.pages[0].obj, Name.Fit]))
    assert code(saved(pdf)) == "accepted"
    assert code(saved(pdf), single=True) == "accepted"


@pytest.mark.parametrize("user", ["", "secret"])
def test_encryption_refuses_the_file_even_when_it_opens_without_a_password(user: str) -> None:
    assert code(saved(one_page(), encryption=Encryption(owner="owner", user=user))) == "encrypted"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_truncated_file_is_refused_not_repaired(share: float) -> None:
    whole = sample("reportlab")
    assert code(whole[: int(len(whole) * share)]) == "damaged"


def test_a_wrong_cross_reference_is_refused_not_repaired() -> None:
    data = saved(one_page(), object_stream_mode=pikepdf.ObjectStreamMode.disable)
    assert code(data.replace(b"startxref\n", b"startxref\n1")) == "damaged"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 not a PDF", "not_pdf"),
        (b"<html></html>" * 200, "not_pdf"),
        (b"%PDF-1.7\n%%EOF", "damaged"),
    ],
)
def test_what_is_no_pdf_is_named(data: bytes, expected: str) -> None:
    assert code(data) == expected


def test_a_header_behind_another_files_head_is_refused() -> None:
    assert code(b"MZ" + b"\0" * 1100 + saved(one_page())) == "not_pdf"


def test_a_file_over_a_limit_is_named() -> None:
    data = saved(many_pages([["a"], ["b"], ["c"]]))
    assert code(data, PdfLimits(max_bytes=100)) == "too_large"
    assert code(data, PdfLimits(max_pages=2)) == "too_many_pages"
    assert code(data, PdfLimits(max_objects=3)) == "too_many_objects"


def test_a_file_without_pages_is_named() -> None:
    assert code(saved(pikepdf.Pdf.new())) == "no_pages"
