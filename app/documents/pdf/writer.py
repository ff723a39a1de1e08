"""The page writer: cuts parts out of a merged PDF by writing new pages from a list of what may pass.

A page is never copied and then cleaned. Each part is a new file: a new catalogue, a new page tree, new page
dictionaries with the allowed keys (`app/documents/pdf/allowed.py`), the pages' own content as it is stored, and the
resources they really use. Fonts and logo are the same for thousands of parts, so they are serialised once, as a `Block`
of bytes that starts every such part; a part adds its own `tail`.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pikepdf

from app.documents.pdf.allowed import INHERITABLE, PAGE_KEYS
from app.documents.pdf.checks import Accepted
from app.documents.pdf.content import Use, used_names
from app.documents.pdf.limits import PdfLimits, RefusedPdfError
from app.documents.pdf.memory import MAX_GROWTH, give_back, resident_bytes
from app.documents.pdf.nodes import Node, identity, number_nodes, object_bytes, plain, written
from app.documents.pdf.resources import DEFAULT_SPACES, Codes, Pieces, ResourceCopier
from app.documents.pdf.streams import ContentReader

_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
_CATALOGUE_AT = _HEADER.index(b"1 0 obj")
_FIRST_SHARED = 3
_MAX_PARENTS = 60
_MEMO_ENTRIES = 4096
_PARTS_BETWEEN_LOOKS = 50
_BLOCKS = 16
_BLOCK_BYTES = 24 * 1024 * 1024


@dataclass(frozen=True, eq=False)
class Block:
    """The start of a part: header, catalogue and shared resources, with what is needed to go on from there."""

    head: bytes
    next_number: int
    cross_references: bytes
    pages: tuple[bytes, ...]


@dataclass(frozen=True)
class _Frame:
    """What decides a page's share of a block: equal keys give equal bytes."""

    key: tuple[Any, ...]
    boxes: bytes
    group: Any
    resources: Any
    used: frozenset[Use]
    codes: Codes


class PageWriter:
    """Writes parts of one source file. `pages` are its page dictionaries, in order.

    `open_again` opens the same file anew: that is done when what was read of it takes much memory.
    """

    def __init__(
        self,
        pdf: pikepdf.Pdf,
        pages: Sequence[Any],
        limits: PdfLimits,
        open_again: Callable[[], Accepted] | None = None,
    ) -> None:
        self._limits = limits
        self._open_again = open_again
        self._parts = 0
        self._start(pdf, pages)

    def _start(self, pdf: pikepdf.Pdf, pages: Sequence[Any]) -> None:
        self._at_opening = resident_bytes()
        self._pages = pages
        self._reader = ContentReader(pdf, self._limits)
        self._copier = ResourceCopier(self._reader)
        self._inherited: dict[tuple[int, int], dict[str, Any]] = {}
        self._keys: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._blocks: OrderedDict[tuple[Any, ...], Block] = OrderedDict()
        self._block_bytes = 0

    def part(self, indexes: Sequence[int]) -> tuple[Block, bytes]:
        """A new PDF of these pages (from 0), as a shared block and its own tail: the file is `block.head + tail`.

        Raises `RefusedPdfError` when a page cannot be read well enough to be sure that nothing else comes along.
        """
        self._parts += 1
        if self._open_again and self._parts % _PARTS_BETWEEN_LOOKS == 0:
            self._stay_small(self._open_again)
        try:
            streams = [_content_streams(self._pages[index]) for index in indexes]
            frames = [
                self._frame(self._pages[index], own) for index, own in zip(indexes, streams, strict=True)
            ]
            block = self._block(frames)
            return block, _tail(
                block, [[self._copier.stream_node(stream) for stream in own] for own in streams]
            )
        except (pikepdf.PdfError, RuntimeError, TypeError, ValueError, KeyError, AttributeError) as error:
            raise RefusedPdfError("page_damaged", type(error).__name__) from None

    def _stay_small(self, open_again: Callable[[], Accepted]) -> None:
        if resident_bytes() - self._at_opening <= MAX_GROWTH:
            return
        del self._pages, self._reader, self._copier, self._inherited, self._keys, self._blocks
        give_back()
        source = open_again()
        self._start(source.pdf, source.pages)

    def _frame(self, page: Any, streams: Sequence[Any]) -> _Frame:
        inherited = self._from_parent(page.get("/Parent"), 0)
        boxes = b"".join(_plain_entry(key, page.get(key, inherited.get(key))) for key in PAGE_KEYS)
        if b"/MediaBox" not in boxes:
            raise RefusedPdfError("page_damaged", "a page has no size")
        group = page.get("/Group")
        resources = page.get("/Resources")
        where: Any = None
        if resources is None:
            resources = inherited.get("/Resources")
            where = None if resources is None or resources.is_indirect else page.Parent.objgen
        where = where or identity(resources)
        content = self._reader.content(streams)
        used = used_names(content)
        codes, targets = self._resource_key(where, resources, used, content)
        key = (boxes, None if group is None else identity(group), targets)
        return _Frame(key, boxes, group, resources, used, codes)

    def _from_parent(self, parent: Any, depth: int) -> dict[str, Any]:
        """The inheritable values that a page below `parent` gets when it has none of its own."""
        if not isinstance(parent, pikepdf.Dictionary):
            return {}
        if depth > _MAX_PARENTS:
            raise RefusedPdfError("recursion", "the page tree contains itself")
        known = self._inherited.get(parent.objgen)
        if known is None:
            known = dict(self._from_parent(parent.get("/Parent"), depth + 1))
            known.update({key: parent[key] for key in INHERITABLE if key in parent})
            self._inherited[parent.objgen] = known
        return known

    def _resource_key(
        self, where: Any, resources: Any, used: frozenset[Use], content: bytes
    ) -> tuple[Codes, tuple[Any, ...]]:
        """The codes that Type 3 fonts show, and what else tells the used resources from others."""
        memo = (where, used)
        key = self._keys.get(memo)
        if key is not None:
            return {}, key
        codes = self._copier.type3_codes(resources, used, content)
        key = self._resource_targets(where, resources, used, codes)
        # What a page shows with Type 3 fonts is its own.
        if not codes:
            if len(self._keys) >= _MEMO_ENTRIES:
                self._keys.clear()
            self._keys[memo] = key
        return codes, key

    def _resource_targets(
        self, where: Any, resources: Any, used: frozenset[Use], codes: Codes
    ) -> tuple[Any, ...]:
        """The source objects behind the used names: two pages with the same ones share a block."""
        if resources is None:
            return ()
        targets: list[Any] = []
        for category, name in sorted(used):
            value = resources.get(category, {}).get(name)
            targets.append((category, name, None if value is None else identity(value), codes.get(name)))
            if (
                isinstance(value, pikepdf.Stream)
                and category in ("/XObject", "/Pattern")
                and "/Resources" not in value
            ):
                targets.append(where)
        defaults = resources.get("/ColorSpace", {})
        targets.extend((name, identity(defaults[name])) for name in DEFAULT_SPACES if name in defaults)
        return tuple(targets)

    def _block(self, frames: Sequence[_Frame]) -> Block:
        key = tuple(frame.key for frame in frames)
        block = self._blocks.get(key)
        if block is not None:
            self._blocks.move_to_end(key)
            return block
        block = self._new_block(frames)
        self._blocks[key] = block
        self._block_bytes += len(block.head)
        while len(self._blocks) > 1 and (len(self._blocks) > _BLOCKS or self._block_bytes > _BLOCK_BYTES):
            self._block_bytes -= len(self._blocks.popitem(last=False)[1].head)
        return block

    def _new_block(self, frames: Sequence[_Frame]) -> Block:
        pages: list[Pieces] = []
        for frame in frames:
            head: Pieces = [b"<</Type/Page/Parent 2 0 R", frame.boxes]
            group = None if frame.group is None else self._copier.group(frame.group)
            if group is not None:
                head.extend([b"/Group", *group])
            head.extend([b"/Resources", *self._copier.resources(frame.resources, frame.used, frame.codes)])
            pages.append(head)
        roots = [piece for head in pages for piece in head if isinstance(piece, Node)]
        numbers = number_nodes(roots, _FIRST_SHARED)
        out = bytearray(_HEADER)
        references = []
        for node in numbers:
            references.append(b"%010d 00000 n \n" % len(out))
            out += object_bytes(node, numbers)
        heads = tuple(written(head, numbers) for head in pages)
        return Block(bytes(out), _FIRST_SHARED + len(numbers), b"".join(references), heads)


def _content_streams(page: Any) -> list[Any]:
    contents = page.get("/Contents")
    if contents is None:
        return []
    streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    if not all(isinstance(stream, pikepdf.Stream) for stream in streams):
        raise RefusedPdfError("content_unreadable", "a page's content is missing")
    return streams


def _plain_entry(key: str, value: Any) -> bytes:
    text = None if value is None else plain(value)
    return b"" if text is None else key.encode("ascii") + b" " + text


def _tail(block: Block, contents: Sequence[Sequence[Node]]) -> bytes:
    """Page tree, pages, their content, one contiguous cross-reference table and the trailer."""
    pages = range(block.next_number, block.next_number + len(contents))
    numbers = number_nodes((node for own in contents for node in own), pages.stop)
    kids = b" ".join(b"%d 0 R" % number for number in pages)
    tree = b"2 0 obj\n<</Type/Pages/Kids[%b]/Count %d>>\nendobj\n" % (kids, len(contents))
    position = len(block.head) + len(tree)
    out = [tree]
    references = []
    for number, head, own in zip(pages, block.pages, contents, strict=True):
        streams = b"".join(b" %d 0 R" % numbers[node] for node in own)
        out.append(b"%d 0 obj\n%b/Contents[%b]>>\nendobj\n" % (number, head, streams))
    out.extend(object_bytes(node, numbers) for node in numbers)
    for written_object in out[1:]:
        references.append(b"%010d 00000 n \n" % position)
        position += len(written_object)
    size = pages.stop + len(numbers)
    out.append(
        b"xref\n0 %d\n0000000000 65535 f \n%010d 00000 n \n%010d 00000 n \n%b%btrailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (size, _CATALOGUE_AT, len(block.head), block.cross_references, b"".join(references), size, position)
    )
    return b"".join(out)
