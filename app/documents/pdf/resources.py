"""Copies the resources a page really uses, by the allow-list, down to the bottom.

Forms, tiling patterns, soft masks and the glyph procedures of Type 3 fonts are content streams themselves: each gets a
resource dictionary of its own with only the names its content uses.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pikepdf

from app.documents.pdf.allowed import TABLES
from app.documents.pdf.content import Use, is_built_in_space, shown_codes, used_names
from app.documents.pdf.limits import RefusedPdfError
from app.documents.pdf.nodes import Node, identity, plain
from app.documents.pdf.streams import ContentReader, encoded_stream
from app.documents.pdf.type3 import Type3Plan, plan_type3

_CACHE_BYTES = 24 * 1024 * 1024
_MAX_DEPTH = 60
DEFAULT_SPACES = ("/DefaultGray", "/DefaultRGB", "/DefaultCMYK")
Pieces = list[bytes | Node]
Codes = Mapping[str, frozenset[int]]


class ResourceCopier:
    """Turns source objects into new ones. An object met again is the same `Node`, as long as the cache holds it."""

    def __init__(self, reader: ContentReader) -> None:
        self._reader = reader
        self._cache: dict[tuple[str, tuple[int, int], frozenset[int]], Node] = {}
        self._cached_bytes = 0
        self._in_progress: list[tuple[str, Any]] = []
        self._readers: dict[str, Callable[[Any], Pieces | None]] = {
            "plain": self._plain,
            "font": lambda font: self._font(font, frozenset()),
            "fonts": self._fonts,
            "font_and_size": self._font_and_size,
            "encoding": self._name_or("encoding_table", "character_map_table"),
            "character_map": self._name_or("", "character_map_table"),
            "name_or_data": self._name_or("", "data"),
            "color_space": self._color_space,
            "function": self._function,
            "mask": self._name_or("", "image"),
            "soft_mask": self._name_or("soft_mask_table", ""),
            "form": lambda form: self._form(form, None),
        }

    def resources(self, source: Any, used: Iterable[Use], codes: Codes) -> Pieces:
        """A new resource dictionary with the `used` names of `source`.

        `codes` says what the content shows with each Type 3 font. Raises `RefusedPdfError`.
        """
        if source is None:
            source = pikepdf.Dictionary()
        by_category: dict[str, Pieces] = {}
        spaces = source.get("/ColorSpace", {})
        defaults = [("/ColorSpace", name) for name in DEFAULT_SPACES if name in spaces]
        for category, name in sorted({*used, *defaults}):
            value = source.get(category, {}).get(name)
            if value is None:
                if category == "/ColorSpace" and is_built_in_space(name):
                    continue
                raise RefusedPdfError("resource_missing", f"the content uses a missing entry of {category}")
            entry = self._entry(category, value, source, codes.get(name, frozenset()))
            by_category.setdefault(category, []).extend([bytes(pikepdf.Name(name).unparse()), b" ", *entry])
        pieces: Pieces = [b"<<"]
        for category, entries in by_category.items():
            pieces.extend([category.encode("ascii"), b"<<", *entries, b">>"])
        pieces.append(b">>")
        return pieces

    def stream_node(self, stream: Any) -> Node:
        """A page's content stream as it is stored."""
        return self._node(stream, [])

    def group(self, value: Any) -> Pieces | None:
        """A page's transparency group."""
        return self._table(value, "group")

    def type3_codes(self, source: Any, used: Iterable[Use], content: bytes) -> dict[str, frozenset[int]]:
        """For each Type 3 font among `used`, the codes that `content` shows with it; empty for all other pages."""
        fonts = [name for category, name in used if category == "/Font"]
        if source is None or not any(_is_type3(source.get("/Font", {}).get(name)) for name in fonts):
            return {}
        states = source.get("/ExtGState", {})
        with_font = frozenset(name for name, state in states.items() if "/Font" in state)
        shown = shown_codes(content, with_font)
        return {name: frozenset(shown.get(name, ())) for name in fonts if _is_type3(source["/Font"][name])}

    def _entry(self, category: str, value: Any, source: Any, codes: frozenset[int]) -> Pieces:
        if category == "/Font":
            entry = self._font(value, codes)
        elif category == "/XObject":
            entry = self._xobject(value, source)
        elif category == "/Pattern":
            entry = self._pattern(value, source)
        elif category == "/ColorSpace":
            entry = self._color_space(value)
        else:
            entry = self._table(value, "graphics_state" if category == "/ExtGState" else "shading")
        if entry is None:
            raise RefusedPdfError(
                "unsupported_object", f"an entry of {category} is not what its category says"
            )
        return entry

    def _plain(self, value: Any) -> Pieces | None:
        text = plain(value)
        return None if text is None else [text]

    def _name_or(self, dictionary_table: str, stream_table: str) -> Callable[[Any], Pieces | None]:
        def read(value: Any) -> Pieces | None:
            if isinstance(value, pikepdf.Stream):
                return self._table(value, stream_table) if stream_table else None
            if isinstance(value, pikepdf.Dictionary):
                return self._table(value, dictionary_table) if dictionary_table else None
            return self._plain(value)

        return read

    def _read(self, value: Any, kind: str) -> Pieces | None:
        reader = self._readers.get(kind)
        return reader(value) if reader else self._table(value, kind)

    def _table(self, value: Any, table: str) -> Pieces | None:
        """`value` by one of the allow-list's tables: a reference to a new object when it is indirect, else inline."""
        if not isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
            return None
        return self._once(table, value, frozenset(), lambda: self._table_node(value, table))

    def _table_node(self, value: Any, table: str) -> Node:
        entries: Pieces = []
        for key, kind in TABLES[table].items():
            found = value.get(key)
            if found is not None:
                pieces = self._read(found, kind)
                if pieces is not None:
                    entries.extend([key.encode("ascii"), b" ", *pieces])
        return self._node(value, entries)

    def _node(self, value: Any, entries: Pieces) -> Node:
        if not isinstance(value, pikepdf.Stream):
            return Node([b"<<", *entries, b">>"])
        stream, filters = encoded_stream(value)
        parameters = self._decode_parameters(value.get("/DecodeParms"))
        return Node([b"<<", *entries, *filters, *parameters, b"/Length %d>>" % len(stream)], stream)

    def _decode_parameters(self, value: Any) -> Pieces:
        if isinstance(value, pikepdf.Dictionary):
            return [b"/DecodeParms", *(self._table(value, "decode_parameters") or [b"null"])]
        if isinstance(value, pikepdf.Array):
            items = [self._table(item, "decode_parameters") or [b"null"] for item in value]
            return [b"/DecodeParms[", *(piece for item in items for piece in [*item, b" "]), b"]"]
        return []

    def _once(
        self, kind: str, value: Any, codes: frozenset[int], build: Callable[[], Node], *, cache: bool = True
    ) -> Pieces:
        """Build a node once, and refuse an object that contains itself."""
        key = (kind, value.objgen, codes)
        if value.is_indirect and key in self._cache:
            return [self._cache[key]]
        marker = (kind, identity(value) if value.is_indirect else id(value))
        if marker in self._in_progress or len(self._in_progress) > _MAX_DEPTH:
            raise RefusedPdfError("recursion", f"a {kind} contains itself")
        self._in_progress.append(marker)
        try:
            node = build()
        finally:
            self._in_progress.pop()
        if not value.is_indirect:
            return node.pieces
        if cache:
            self._remember(key, node)
        return [node]

    def _remember(self, key: tuple[str, tuple[int, int], frozenset[int]], node: Node) -> None:
        self._cached_bytes += 500 + len(node.stream or b"")
        if self._cached_bytes > _CACHE_BYTES:
            self._cache.clear()
            self._cached_bytes = 500 + len(node.stream or b"")
        self._cache[key] = node

    def _font(self, value: Any, codes: frozenset[int]) -> Pieces | None:
        if not isinstance(value, pikepdf.Dictionary):
            return None
        if _is_type3(value):
            return self._once(
                "type3_font", value, codes, lambda: self._type3_node(value, plan_type3(value, codes))
            )
        return self._table(value, "font_table")

    def _type3_node(self, font: Any, plan: Type3Plan) -> Node:
        entries: Pieces = []
        for key in TABLES["type3_font"]:
            text = plain(font.get(key))
            if text is not None:
                entries.extend([key.encode("ascii"), b" ", text])
        used: set[Use] = set()
        glyph_codes: dict[str, set[int]] = {}
        procedures: Pieces = []
        own = font.get("/Resources")
        for name, procedure in plan.procedures.items():
            content = self._reader.content([procedure])
            names = used_names(content)
            used |= names
            for font_name, shown in self.type3_codes(own, names, content).items():
                glyph_codes.setdefault(font_name, set()).update(shown)
            stream, filters = encoded_stream(procedure)
            node = Node(
                [
                    b"<<",
                    *filters,
                    *self._decode_parameters(procedure.get("/DecodeParms")),
                    b"/Length %d>>" % len(stream),
                ],
                stream,
            )
            procedures.extend([bytes(pikepdf.Name(name).unparse()), b" ", node])
        if used and own is None:
            raise RefusedPdfError("font_unsafe", "a Type 3 font draws with the page's resources")
        codes = {name: frozenset(shown) for name, shown in glyph_codes.items()}
        entries.extend([b"/CharProcs<<", *procedures, b">>/Encoding", plan.encoding])
        entries.extend([b"/Resources", *self.resources(own, used, codes)])
        if plan.to_unicode:
            entries.extend([b"/ToUnicode", Node([b"<</Length %d>>" % len(plan.to_unicode)], plan.to_unicode)])
        return Node([b"<<", *entries, b">>"])

    def _fonts(self, value: Any) -> Pieces | None:
        if not isinstance(value, pikepdf.Array) or len(value) != 1 or _is_type3(value[0]):
            return None
        descendant = self._table(value[0], "font_table")
        return None if descendant is None else [b"[", *descendant, b"]"]

    def _font_and_size(self, value: Any) -> Pieces | None:
        if not isinstance(value, pikepdf.Array) or len(value) != 2:
            return None
        if _is_type3(value[0]):
            raise RefusedPdfError("font_unsafe", "a graphics state chooses a Type 3 font")
        font, size = self._table(value[0], "font_table"), plain(value[1])
        return None if font is None or size is None else [b"[", *font, b" ", size, b"]"]

    def _xobject(self, value: Any, caller: Any) -> Pieces | None:
        if not isinstance(value, pikepdf.Stream):
            return None
        subtype = value.get("/Subtype")
        if subtype == pikepdf.Name.Image:
            return self._table(value, "image")
        return self._form(value, caller) if subtype == pikepdf.Name.Form else None

    def _form(self, value: Any, caller: Any) -> Pieces | None:
        return self._content_stream(value, caller, "form_table")

    def _pattern(self, value: Any, caller: Any) -> Pieces | None:
        if isinstance(value, pikepdf.Stream):
            return self._content_stream(value, caller, "tiling")
        return self._table(value, "shading_pattern")

    def _content_stream(self, value: Any, caller: Any, table: str) -> Pieces | None:
        """A form or tiling pattern with its own pruned resources; one without any draws with its caller's."""
        if not isinstance(value, pikepdf.Stream):
            return None
        own = value.get("/Resources")

        def build() -> Node:
            content = self._reader.content([value])
            used = used_names(content)
            source = caller if own is None else own
            resources = self.resources(source, used, self.type3_codes(source, used, content))
            entries: Pieces = [b"/Resources", *resources]
            for key, kind in TABLES[table].items():
                found = value.get(key)
                pieces = None if found is None else self._read(found, kind)
                if pieces is not None:
                    entries.extend([key.encode("ascii"), b" ", *pieces])
            return self._node(value, entries)

        return self._once(table, value, frozenset(), build, cache=own is not None)

    def _function(self, value: Any) -> Pieces | None:
        if isinstance(value, pikepdf.Array):
            items = [self._function(item) for item in value]
            return [b"[", *(piece for item in items if item is not None for piece in [*item, b" "]), b"]"]
        return self._plain(value) if isinstance(value, pikepdf.Name) else self._table(value, "function_table")

    def _color_space(self, value: Any) -> Pieces | None:
        if not isinstance(value, pikepdf.Array):
            return self._plain(value) if isinstance(value, pikepdf.Name) else None
        if len(self._in_progress) > _MAX_DEPTH or not len(value):
            raise RefusedPdfError("recursion", "a colour space contains itself")
        kinds = {
            "/ICCBased": ("profile",),
            "/CalGray": ("calibrated",),
            "/CalRGB": ("calibrated",),
            "/Lab": ("calibrated",),
            "/Indexed": ("color_space", "plain", "lookup"),
            "/Separation": ("plain", "color_space", "function"),
            "/DeviceN": ("plain", "color_space", "function"),
            "/Pattern": ("color_space",),
        }.get(str(value[0]), ())
        pieces: Pieces = [b"[", plain(value[0]) or b"null"]
        self._in_progress.append(("color_space", id(value)))
        for item, kind in zip(list(value)[1:], kinds, strict=False):
            read = self._name_or("", "data")(item) if kind == "lookup" else self._read(item, kind)
            if read is None:
                raise RefusedPdfError("unsupported_object", "a colour space is not well formed")
            pieces.extend([b" ", *read])
        self._in_progress.pop()
        return [*pieces, b"]"]


def _is_type3(font: Any) -> bool:
    return isinstance(font, pikepdf.Dictionary) and font.get("/Subtype") == pikepdf.Name.Type3
