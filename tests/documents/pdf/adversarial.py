"""Merged files built to leak: each page belongs to another person, and something ties it to everybody else's data.

Person `i` is recognised by `text_marker(i)` in text and `image_marker(i)` in picture bytes.
"""

import io
from collections.abc import Callable
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

PEOPLE = 26

Builder = Callable[[], bytes]


def text_marker(person: int) -> bytes:
    return b"TEXT-OF-%03d-ONLY" % person


def image_marker(person: int) -> bytes:
    return b"PICTURE-%03d-ONLY" % person


class _File:
    """A merged file with one page per person."""

    def __init__(self) -> None:
        self.pdf = Pdf.new()
        self.font = self.pdf.make_indirect(
            Dictionary(
                Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
            )
        )
        self.pages: list[Any] = []

    def image(self, person: int, **more: Any) -> Any:
        pixels = image_marker(person)
        stream = Stream(self.pdf, pixels)
        stream.update(
            Dictionary(
                Type=Name.XObject,
                Subtype=Name.Image,
                Width=len(pixels),
                Height=1,
                ColorSpace=Name.DeviceGray,
                BitsPerComponent=8,
                **more,
            )
        )
        return self.pdf.make_indirect(stream)

    def form(self, content: bytes, resources: Any = None) -> Any:
        stream = Stream(self.pdf, content)
        stream.update(Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 300, 300]))
        if resources is not None:
            stream.Resources = resources
        return self.pdf.make_indirect(stream)

    def page(self, person: int, content: bytes, resources: Any = None, **more: Any) -> Any:
        own = b"BT /F1 12 Tf 20 250 Td (" + text_marker(person) + b") Tj ET\n"
        page = Dictionary(
            Type=Name.Page, MediaBox=[0, 0, 300, 300], Contents=Stream(self.pdf, own + content), **more
        )
        if resources is not None:
            page.Resources = resources
        self.pdf.pages.append(pikepdf.Page(page))
        made = self.pdf.pages[-1].obj
        self.pages.append(made)
        return made

    def resources(self, **more: Any) -> Any:
        return self.pdf.make_indirect(Dictionary(Font=Dictionary(F1=self.font), **more))

    def bytes(self) -> bytes:
        out = io.BytesIO()
        self.pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return out.getvalue()


def _named(prefix: str, values: list[Any]) -> Any:
    return Dictionary({f"/{prefix}{index}": value for index, value in enumerate(values)})


def _draw(name: str) -> bytes:
    return b"q 100 0 0 100 20 20 cm /%b Do Q\n" % name.encode()


def shared_inherited_resources() -> bytes:
    """One dictionary on the page tree names every person's picture, 24 or more of them."""
    file = _File()
    resources = file.resources(XObject=_named("Im", [file.image(person) for person in range(PEOPLE)]))
    for person in range(PEOPLE):
        file.page(person, _draw(f"Im{person}"))
    file.pdf.Root.Pages.Resources = resources
    for page in file.pages:
        if "/Resources" in page:
            del page.Resources
    return file.bytes()


def nested_form_on_shared_resources() -> bytes:
    """The name of the person's picture appears only inside a form inside a form; the dictionary there names all."""
    file = _File()
    shared = file.resources(XObject=_named("Im", [file.image(person) for person in range(PEOPLE)]))
    for person in range(PEOPLE):
        inner = file.form(_draw(f"Im{person}"), shared)
        outer = file.form(b"/Inner Do\n", file.resources(XObject=Dictionary(Inner=inner)))
        file.page(person, b"/Outer Do\n", file.resources(XObject=Dictionary(Outer=outer)))
    return file.bytes()


def forms_without_resources() -> bytes:
    """Forms that draw with the page's dictionary, which names everybody's picture."""
    file = _File()
    entries = {f"/Im{person}": file.image(person) for person in range(PEOPLE)}
    entries.update({f"/Fm{person}": file.form(_draw(f"Im{person}")) for person in range(PEOPLE)})
    shared = file.resources(XObject=Dictionary(entries))
    for person in range(PEOPLE):
        file.page(person, b"/Fm%d Do\n" % person, shared)
    return file.bytes()


def names_only_in_strings_and_comments() -> bytes:
    """The page's own text quotes the command that would draw somebody else's picture."""
    file = _File()
    shared = file.resources(XObject=_named("Im", [file.image(person) for person in range(PEOPLE)]))
    for person in range(PEOPLE):
        other = (person + 1) % PEOPLE
        quoted = (
            b"BT /F1 8 Tf 20 200 Td (see /Im%d Do ) Tj (a \\( /Im%d Do (nested) ) Tj ET\n%% /Im%d Do\n"
            % (other, other, other)
        )
        file.page(person, quoted + _draw(f"Im{person}"), shared)
    return file.bytes()


def outline() -> bytes:
    """A bookmark per person, each with a name."""
    file = _File()
    for person in range(PEOPLE):
        file.page(person, _draw("Im"), file.resources(XObject=Dictionary(Im=file.image(person))))
    with file.pdf.open_outline() as outlines:
        for person in range(PEOPLE):
            outlines.root.append(pikepdf.OutlineItem(text_marker(person).decode(), person))
    return file.bytes()


def form_fields_under_one_parent() -> bytes:
    """A field per person under one parent, with values."""
    file = _File()
    parent = file.pdf.make_indirect(Dictionary(T=String("all"), FT=Name.Tx, Kids=Array()))
    for person in range(PEOPLE):
        page = file.page(person, _draw("Im"), file.resources(XObject=Dictionary(Im=file.image(person))))
        field = file.pdf.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Widget,
                Rect=[10, 10, 90, 30],
                T=String(f"f{person}"),
                V=String(text_marker(person).decode()),
                Parent=parent,
                P=page,
            )
        )
        parent.Kids.append(field)
        page.Annots = Array([field])
    file.pdf.Root.AcroForm = Dictionary(Fields=Array([parent]))
    return file.bytes()


def article_beads() -> bytes:
    """One article thread runs over all pages."""
    file = _File()
    thread = file.pdf.make_indirect(Dictionary(Type=Name.Thread))
    beads = []
    for person in range(PEOPLE):
        page = file.page(person, _draw("Im"), file.resources(XObject=Dictionary(Im=file.image(person))))
        bead = file.pdf.make_indirect(Dictionary(Type=Name.Bead, T=thread, P=page, R=[0, 0, 300, 300]))
        page.B = Array([bead])
        beads.append(bead)
    for person, bead in enumerate(beads):
        bead.N, bead.V = beads[(person + 1) % PEOPLE], beads[person - 1]
    thread.F = beads[0]
    file.pdf.Root.Threads = Array([thread])
    return file.bytes()


def links_to_next_page() -> bytes:
    """Each page links to the next one."""
    file = _File()
    for person in range(PEOPLE):
        file.page(person, _draw("Im"), file.resources(XObject=Dictionary(Im=file.image(person))))
    for person, page in enumerate(file.pages):
        target = file.pages[(person + 1) % PEOPLE]
        page.Annots = Array(
            [
                Dictionary(
                    Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 50, 50], Dest=Array([target, Name.Fit])
                )
            ]
        )
    return file.bytes()


def tagged_tree() -> bytes:
    """A structure tree holds everybody's text again."""
    file = _File()
    root = file.pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, K=Array()))
    for person in range(PEOPLE):
        page = file.page(
            person,
            _draw("Im"),
            file.resources(XObject=Dictionary(Im=file.image(person))),
            StructParents=person,
        )
        root.K.append(
            file.pdf.make_indirect(
                Dictionary(
                    Type=Name.StructElem,
                    S=Name.P,
                    P=root,
                    Pg=page,
                    K=0,
                    ActualText=String(text_marker(person).decode()),
                )
            )
        )
    file.pdf.Root.StructTreeRoot = root
    file.pdf.Root.MarkInfo = Dictionary(Marked=True)
    return file.bytes()


def tiling_patterns() -> bytes:
    """One dictionary names every person's pattern, and each pattern's own names all pictures."""
    file = _File()
    shared = file.resources(XObject=_named("Im", [file.image(person) for person in range(PEOPLE)]))
    patterns = []
    for person in range(PEOPLE):
        pattern = Stream(file.pdf, _draw(f"Im{person}"))
        pattern.update(
            Dictionary(
                PatternType=1,
                PaintType=1,
                TilingType=1,
                BBox=[0, 0, 150, 150],
                XStep=150,
                YStep=150,
                Resources=shared,
            )
        )
        patterns.append(file.pdf.make_indirect(pattern))
    resources = file.resources(Pattern=_named("P", patterns))
    for person in range(PEOPLE):
        file.page(person, b"/Pattern cs /P%d scn 0 0 200 200 re f\n" % person, resources)
    return file.bytes()


def type3_font() -> bytes:
    """One font whose glyphs are everybody's signature, with a text map that spells the names."""
    file = _File()
    shared = file.resources(XObject=_named("Im", [file.image(person) for person in range(PEOPLE)]))
    procedures = {
        f"/sign{p}": Stream(file.pdf, b"600 0 d0 60 0 0 60 0 0 cm /Im%d Do\n" % p) for p in range(PEOPLE)
    }
    to_unicode = b"begincmap\n%d beginbfchar\n" % PEOPLE + b"".join(
        b"<%02X> <%b>\n" % (65 + p, text_marker(p).decode().encode("utf-16-be").hex().encode())
        for p in range(PEOPLE)
    )
    font = file.pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type3,
            FontBBox=[0, 0, 100, 100],
            FontMatrix=[0.01, 0, 0, 0.01, 0, 0],
            FirstChar=65,
            LastChar=64 + PEOPLE,
            Widths=[60] * PEOPLE,
            CharProcs=Dictionary(procedures),
            Encoding=Dictionary(
                Type=Name.Encoding, Differences=Array([65, *(Name(f"/sign{p}") for p in range(PEOPLE))])
            ),
            Resources=shared,
            ToUnicode=Stream(file.pdf, to_unicode + b"endbfchar\nendcmap\n"),
        )
    )
    resources = file.pdf.make_indirect(Dictionary(Font=Dictionary(F1=file.font, T3=font)))
    for person in range(PEOPLE):
        file.page(person, b"BT /T3 50 Tf 20 100 Td (%c) Tj ET\n" % (65 + person), resources)
    return file.bytes()


def soft_masks() -> bytes:
    """One dictionary names every person's graphics state, each with a mask that draws a picture."""
    file = _File()
    shared = file.resources(XObject=_named("Im", [file.image(person) for person in range(PEOPLE)]))
    states = []
    for person in range(PEOPLE):
        group = file.form(_draw(f"Im{person}"), shared)
        group.Group = Dictionary(S=Name.Transparency, CS=Name.DeviceGray)
        states.append(
            file.pdf.make_indirect(
                Dictionary(Type=Name.ExtGState, SMask=Dictionary(S=Name.Luminosity, G=group))
            )
        )
    resources = file.resources(ExtGState=_named("GS", states))
    for person in range(PEOPLE):
        file.page(person, b"q /GS%d gs 0 0 200 200 re f Q\n" % person, resources)
    return file.bytes()


def attachments() -> bytes:
    """A file attached for every person, in the names tree and on each page."""
    file = _File()
    names = Array()
    for person in range(PEOPLE):
        content = Stream(file.pdf, text_marker(person))
        content.Type = Name.EmbeddedFile
        spec = file.pdf.make_indirect(
            Dictionary(Type=Name.Filespec, F=String("a.txt"), EF=Dictionary(F=content))
        )
        names.extend([String(f"{person:03d}"), spec])
        file.page(
            person, _draw("Im"), file.resources(XObject=Dictionary(Im=file.image(person))), AF=Array([spec])
        )
    file.pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=names))
    return file.bytes()


def properties() -> bytes:
    """Marked content with properties; one dictionary names everybody's."""
    file = _File()
    values = [
        file.pdf.make_indirect(Dictionary(ActualText=String(text_marker(p).decode()))) for p in range(PEOPLE)
    ]
    shared = file.resources(
        Properties=_named("MC", values), XObject=_named("Im", [file.image(p) for p in range(PEOPLE)])
    )
    for person in range(PEOPLE):
        file.page(person, b"/Span /MC%d BDC %b EMC\n" % (person, _draw(f"Im{person}")), shared)
    return file.bytes()


def image_side_data() -> bytes:
    """Pictures and forms that carry metadata, application data, associated files and alternates of somebody else."""
    file = _File()
    images = [file.image(person) for person in range(PEOPLE)]
    for person, image in enumerate(images):
        other = (person + 1) % PEOPLE
        about = Stream(file.pdf, text_marker(other))
        image.Metadata = about
        image.PieceInfo = Dictionary(App=Dictionary(Private=String(text_marker(other).decode())))
        image.AF = Array([file.pdf.make_indirect(Dictionary(Desc=String(text_marker(other).decode())))])
        image.OPI = Dictionary({"/1.3": Dictionary(F=String(text_marker(other).decode()))})
        image.Alternates = Array([Dictionary(Image=images[other])])
        image.OC = file.pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String(text_marker(other).decode())))
        form = file.form(_draw("Im"), file.resources(XObject=Dictionary(Im=image)))
        form.PieceInfo = image.PieceInfo
        form.Metadata = about
        form.LastModified = String(text_marker(other).decode())
        page = file.page(person, b"/Fm Do\n", file.resources(XObject=Dictionary(Fm=form)))
        page.Metadata = about
        page.PieceInfo = image.PieceInfo
        page.Thumb = images[other]
    return file.bytes()


def fonts_shadings_and_spaces() -> bytes:
    """One dictionary for all names each person's font file, shading, colour space and font metadata."""
    file = _File()
    fonts, spaces, shadings = [], [], []
    for person in range(PEOPLE):
        program = Stream(file.pdf, image_marker(person))
        program.Metadata = Stream(file.pdf, text_marker((person + 1) % PEOPLE))
        descriptor = Dictionary(
            Type=Name.FontDescriptor, FontName=Name.Own, Flags=32, FontBBox=[0, 0, 9, 9], ItalicAngle=0, Ascent=9, Descent=0,
            CapHeight=9, StemV=1, FontFile2=file.pdf.make_indirect(program),
        )  # fmt: skip
        font = Dictionary(
            Type=Name.Font, Subtype=Name.TrueType, BaseFont=Name.Own, FirstChar=65, LastChar=65, Widths=[9]
        )
        font.FontDescriptor = file.pdf.make_indirect(descriptor)
        fonts.append(file.pdf.make_indirect(font))
        lookup = (image_marker(person) * 3)[:48]
        spaces.append(
            file.pdf.make_indirect(Array([Name.Indexed, Name.DeviceRGB, 15, String(lookup.decode())]))
        )
        sampled = Stream(file.pdf, image_marker(person))
        sampled.update(
            Dictionary(
                FunctionType=0, Domain=[0, 1], Range=[0, 1], Size=[len(image_marker(0))], BitsPerSample=8
            )
        )
        shading = Dictionary(
            ShadingType=2, ColorSpace=Name.DeviceGray, Coords=[0, 0, 200, 0], Function=sampled
        )
        shadings.append(file.pdf.make_indirect(shading))
    names = {f"/O{p}": font for p, font in enumerate(fonts)}
    shared = file.pdf.make_indirect(
        Dictionary(
            Font=Dictionary({"/F1": file.font, **names}),
            ColorSpace=_named("CS", spaces),
            Shading=_named("Sh", shadings),
        )
    )
    for person in range(PEOPLE):
        file.page(
            person,
            b"BT /O%d 9 Tf (A) Tj ET /CS%d cs 3 sc 9 9 9 9 re f /Sh%d sh\n" % (person, person, person),
            shared,
        )
    return file.bytes()


def scripts() -> bytes:
    """Actions on the document and on every page."""
    file = _File()
    named = Array()
    for person in range(PEOPLE):
        action = Dictionary(S=Name.JavaScript, JS=String(f"app.alert('{text_marker(person).decode()}')"))
        file.page(
            person,
            _draw("Im"),
            file.resources(XObject=Dictionary(Im=file.image(person))),
            AA=Dictionary(O=action),
        )
        named.extend([String(f"{person:03d}"), action])
    file.pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=named))
    file.pdf.Root.OpenAction = Dictionary(S=Name.Launch, F=String("x"))
    return file.bytes()


CASES: dict[str, Builder] = {
    builder.__name__: builder
    for builder in (
        shared_inherited_resources,
        nested_form_on_shared_resources,
        forms_without_resources,
        names_only_in_strings_and_comments,
        outline,
        form_fields_under_one_parent,
        article_beads,
        links_to_next_page,
        tagged_tree,
        tiling_patterns,
        type3_font,
        soft_masks,
        attachments,
        properties,
        image_side_data,
        fonts_shadings_and_spaces,
        scripts,
    )
}
