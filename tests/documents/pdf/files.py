"""Small PDFs for tests, good and bad."""

import io
import zlib
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

SAMPLES = Path(__file__).parents[2] / "samples"


def sample(name: str) -> bytes:
    return (SAMPLES / f"payroll-{name}.pdf").read_bytes()


def one_page(lines: list[str] | None = None) -> Pdf:
    """A page with these lines of text, from top to bottom."""
    return many_pages([lines if lines is not None else ["Bulletin de paie", "Matricule : 00100007"]])


def many_pages(pages: list[list[str]]) -> Pdf:
    pdf = Pdf.new()
    font = pdf.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    )
    for lines in pages:
        shown = b"".join(
            b"BT /F1 10 Tf 20 %d Td (%b) Tj ET\n" % (780 - 14 * row, line.encode("cp1252"))
            for row, line in enumerate(lines)
        )
        page = Dictionary(Type=Name.Page, MediaBox=[0, 0, 595, 842], Contents=Stream(pdf, shown))
        page.Resources = Dictionary(Font=Dictionary(F1=font))
        pdf.pages.append(pikepdf.Page(page))
    return pdf


def saved(pdf: Pdf, **options: Any) -> bytes:
    out = io.BytesIO()
    pdf.save(out, **options)
    return out.getvalue()


def with_content(
    content: bytes, resources: dict[str, Any] | None = None, *, compressed: bytes | None = None
) -> Pdf:
    """One page that draws `content`; `compressed` replaces it by bytes said to be deflated."""
    pdf = Pdf.new()
    stream = Stream(pdf, content if compressed is None else compressed)
    if compressed is not None:
        stream.Filter = Name.FlateDecode
    page = Dictionary(Type=Name.Page, MediaBox=[0, 0, 300, 300], Contents=stream)
    page.Resources = Dictionary({f"/{key}": value for key, value in (resources or {}).items()})
    pdf.pages.append(pikepdf.Page(page))
    return pdf


def inflating(megabytes: int) -> bytes:
    """A small file whose page content inflates to so many MiB."""
    packer = zlib.compressobj(9)
    line = b"0 0 m 1 1 l S\n" * 75_000
    packed = b"".join(packer.compress(line) for _ in range(megabytes)) + packer.flush()
    return saved(with_content(b"", compressed=packed), compress_streams=False)


def form(pdf: Pdf, content: bytes, resources: Any = None) -> Any:
    stream = Stream(pdf, content)
    stream.update(Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 300, 300]))
    if resources is not None:
        stream.Resources = resources
    return pdf.make_indirect(stream)


def active(kind: str) -> bytes:
    """One page with something planted that acts, attaches or hides."""
    pdf = one_page()
    page = pdf.pages[0].obj
    script = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
    objects = pikepdf.ObjectStreamMode.disable
    if kind == "script in OpenAction":
        pdf.Root.OpenAction = script
    elif kind == "script in the names tree":
        pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("a"), script])))
    elif kind == "script in an object stream":
        page.AA = pdf.make_indirect(Dictionary(O=pdf.make_indirect(script)))
        objects = pikepdf.ObjectStreamMode.generate
    elif kind == "script behind a Next chain":
        pdf.Root.OpenAction = Dictionary(
            S=Name.GoTo, D=Array([page, Name.Fit]), Next=pdf.make_indirect(script)
        )
    elif kind == "Launch":
        pdf.Root.OpenAction = Dictionary(S=Name.Launch, F=String("calc.exe"))
    elif kind == "embedded file":
        attached = Stream(pdf, b"payload")
        attached.Type = Name.EmbeddedFile
        spec = pdf.make_indirect(
            Dictionary(Type=Name.Filespec, F=String("a"), EF=Dictionary(F=pdf.make_indirect(attached)))
        )
        pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array([String("a"), spec])))
    elif kind == "XFA":
        pdf.Root.AcroForm = Dictionary(Fields=Array(), XFA=pdf.make_indirect(Stream(pdf, b"<xdp/>")))
    elif kind == "RichMedia":
        page.Annots = Array(
            [pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=[0, 0, 9, 9]))]
        )
    elif kind == "submit action":
        page.Annots = Array(
            [
                Dictionary(
                    Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], A=Dictionary(S=Name.SubmitForm)
                )
            ]
        )
    elif kind == "opens a web page":
        pdf.Root.OpenAction = Dictionary(S=Name.URI, URI=String("https://example.test/"))
    elif kind == "acts when a page is shown":
        page.AA = Dictionary(O=Dictionary(S=Name.URI, URI=String("https://example.test/")))
    else:
        raise ValueError(kind)
    return saved(pdf, object_stream_mode=objects)


def heavy_fonts(pages: int) -> bytes:
    """Each page has a font of its own with a table of widths that takes a reader 0.8 MB and the file 16 KB."""
    pdf = pikepdf.new()
    for number in range(pages):
        widths = b" ".join(b"%d" % (500 + (at * number) % 7) for at in range(4000))
        font = Dictionary(
            Type=Name.Font,
            Subtype=Name.TrueType,
            BaseFont=Name.Vera,
            FirstChar=0,
            LastChar=255,
            Widths=pdf.make_indirect(pikepdf.Object.parse(b"[" + widths + b"]")),
            Encoding=Name.WinAnsiEncoding,
        )
        page = pdf.add_blank_page(page_size=(200, 200))
        page.Resources = Dictionary(Font=Dictionary(F1=pdf.make_indirect(font)))
        shown = b"BT /F1 9 Tf 10 100 Td (Matricule : %08d) Tj ET" % (100_000 + number)
        page.Contents = pdf.make_stream(shown)
    return saved(pdf)
