"""Type 3 fonts: their glyphs are drawings, so a shared one may hold everybody's signature.

Only the glyphs of the codes a part shows pass, under their names, with the lines of the text map that belong to them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pikepdf

from app.documents.pdf.limits import RefusedPdfError

_SECTION = re.compile(rb"begin(bfchar|bfrange)(.*?)end\1", re.DOTALL)
_PAIR = re.compile(rb"<([0-9A-Fa-f]{2})>\s*<([0-9A-Fa-f\s]*)>")
_RANGE = re.compile(rb"<([0-9A-Fa-f]{2})>\s*<([0-9A-Fa-f]{2})>\s*(?:<([0-9A-Fa-f]{4})>|\[([^\]]*)\])")
_HEX = re.compile(rb"<([0-9A-Fa-f\s]*)>")
_MAP_HEAD = (
    b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Pruned def /CMapType 2 def\n"
    b"1 begincodespacerange <00> <FF> endcodespacerange\n"
)
_MAP_TAIL = b"endcmap end end"
_LINES_IN_SECTION = 100


@dataclass(frozen=True)
class Type3Plan:
    """What of one Type 3 font passes: glyph streams by name, its encoding as PDF text, its text map or nothing."""

    procedures: Mapping[str, Any]
    encoding: bytes
    to_unicode: bytes


def plan_type3(font: Any, codes: frozenset[int]) -> Type3Plan:
    """The glyphs of `codes`. Raises `RefusedPdfError` with `font_unsafe` when their names cannot be told."""
    encoding = font.get("/Encoding")
    procedures = font.get("/CharProcs")
    if not isinstance(encoding, pikepdf.Dictionary) or not isinstance(procedures, pikepdf.Dictionary):
        raise RefusedPdfError("font_unsafe", "a Type 3 font does not say which glyph belongs to which code")
    names = _names_by_code(encoding)
    if "/BaseEncoding" in encoding and not codes <= names.keys():
        raise RefusedPdfError("font_unsafe", "a Type 3 font takes glyph names from a built-in encoding")
    kept = {code: names[code] for code in sorted(codes) if names.get(code, "") in procedures}
    differences = b" ".join(
        b"%d %b" % (code, bytes(pikepdf.Name(name).unparse())) for code, name in kept.items()
    )
    glyphs = {name: procedures[name] for name in sorted(set(kept.values()))}
    if not all(isinstance(glyph, pikepdf.Stream) for glyph in glyphs.values()):
        raise RefusedPdfError("font_unsafe", "a Type 3 glyph is not a drawing")
    return Type3Plan(
        glyphs,
        b"<</Type/Encoding/Differences[" + differences + b"]>>",
        _text_map(font.get("/ToUnicode"), codes),
    )


def _names_by_code(encoding: Any) -> dict[int, str]:
    names: dict[int, str] = {}
    code = 0
    for item in encoding.get("/Differences", []):
        if isinstance(item, int):
            code = item
        elif isinstance(item, pikepdf.Name):
            names[code] = str(item)
            code += 1
    return names


def _text_map(source: Any, codes: frozenset[int]) -> bytes:
    if not isinstance(source, pikepdf.Stream):
        return b""
    try:
        text = bytes(source.read_bytes())
    except pikepdf.PdfError:
        return b""
    values: dict[int, bytes] = {}
    for kind, body in _SECTION.findall(text):
        values.update(_pairs(body) if kind == b"bfchar" else _ranges(body))
    lines = [b"<%02X> <%b>" % (code, values[code]) for code in sorted(codes) if code in values]
    blocks = [lines[at : at + _LINES_IN_SECTION] for at in range(0, len(lines), _LINES_IN_SECTION)]
    sections = [b"%d beginbfchar\n%b\nendbfchar\n" % (len(block), b"\n".join(block)) for block in blocks]
    return _MAP_HEAD + b"".join(sections) + _MAP_TAIL if sections else b""


def _pairs(body: bytes) -> dict[int, bytes]:
    return {int(code, 16): b"".join(value.split()) for code, value in _PAIR.findall(body)}


def _ranges(body: bytes) -> dict[int, bytes]:
    values: dict[int, bytes] = {}
    for first, last, start, several in _RANGE.findall(body):
        low, high = int(first, 16), int(last, 16)
        if start:
            values.update(
                {code: b"%04X" % ((int(start, 16) + code - low) & 0xFFFF) for code in range(low, high + 1)}
            )
        else:
            texts = [b"".join(value.split()) for value in _HEX.findall(several)]
            values.update(zip(range(low, high + 1), texts, strict=False))
    return values
