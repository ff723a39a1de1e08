"""The files of a batch as a stream of pieces: one payslip each, cut from a merged file or taken as it is.

One PDF alone is a merged file. Several PDFs, and the PDFs of a ZIP, are one person's document each and are kept as they
are; one that holds several people's pages is cut like a merged file.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from app.documents.archive import ArchiveLimits, ArchiveRefused, SkippedEntry, is_office_file, read_archive
from app.documents.match.pages import Slip
from app.documents.pdf.limits import Refused
from app.documents.pdf.split import Part, PartRefused, PdfChild, Plan, Reading, Single

ZIP_MAGIC = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_PDF_START = b"%PDF-"


@dataclass(frozen=True)
class Piece:
    """One document. `slip.pages` count over the whole batch from 0; `first_page` is where it begins in its file.

    `pdf` is empty when `problem` says why these pages cannot be used. Its first `shared_length` bytes are the same in
    many pieces.
    """

    slip: Slip
    source: str
    first_page: int
    pdf: bytes
    text: str
    problem: Refused | None = None
    shared_length: int = 0


@dataclass(frozen=True)
class FileRefused:
    """A whole upload that cannot be used: nothing of the batch can be, until it is replaced."""

    source: str
    code: str
    detail: str


def is_archive(data: bytes) -> bool:
    """Whether the bytes are a ZIP."""
    return data.startswith((ZIP_MAGIC, _EMPTY_ZIP))


class Intake:
    """Cuts the uploads of one batch, in order, with one child process."""

    def __init__(
        self,
        child: PdfChild,
        pattern: str | None,
        archive: ArchiveLimits,
        *,
        alone: bool,
        tell: Callable[[int, int], None],
    ) -> None:
        """`alone`: the batch has one document file only. `tell` hears how many pages are read, and of how many: 0
        while nobody can know, which is the case among several files."""
        self._child = child
        self._pattern = pattern
        self._archive = archive
        self._alone = alone
        self._tell = tell
        self.page_count = 0

    def pieces(self, source: str, chunks: Iterable[bytes]) -> Iterator[Piece | FileRefused]:
        """The documents of one upload. A merged file goes on to the child as it comes: two hundred megabytes are held
        once, not twice."""
        coming = iter(chunks)
        first = next(coming, b"")
        if self._alone and first.startswith(_PDF_START):
            yield from self._cut(source, chain((first,), coming), whole=True)
            return
        data = b"".join((first, *coming))
        if is_office_file(data):
            yield FileRefused(source, "office_file", "this is an office document; export it as PDF")
        elif is_archive(data):
            yield from self._of_archive(source, data)
        elif self._alone:
            yield from self._cut(source, data, whole=True)
        else:
            yield from self._taken(source, data)

    def _of_archive(self, source: str, data: bytes) -> Iterator[Piece | FileRefused]:
        try:
            for entry in read_archive(data, self._archive):
                if isinstance(entry, SkippedEntry):
                    yield self._unusable(entry.name, Refused(entry.reason))
                else:
                    yield from self._taken(entry.name, entry.content)
        except ArchiveRefused as refused:
            yield FileRefused(source, refused.code, refused.message)

    def _taken(self, source: str, data: bytes) -> Iterator[Piece | FileRefused]:
        outcome = self._child.inspect_single(data, pattern=self._pattern)
        if isinstance(outcome, Refused):
            yield self._unusable(source, outcome)
        elif len(outcome.slip.numbers_seen) > 1:
            yield from self._cut(source, data)
        else:
            yield self._single(source, data, outcome)

    def _single(self, source: str, data: bytes, single: Single) -> Piece:
        slip = self._numbered(single.slip)
        self._count(single.page_count)
        return Piece(slip, source, 0, data, "\f".join(single.texts))

    def _cut(
        self, source: str, data: bytes | Iterable[bytes], *, whole: bool = False
    ) -> Iterator[Piece | FileRefused]:
        """`whole`: there is nothing else in the batch."""
        pages = 0
        for event in self._child.split_merged(data, pattern=self._pattern):
            match event:
                case Reading():
                    self._tell(self.page_count + event.pages_read, event.page_count if whole else 0)
                case Plan():
                    pages = event.page_count
                    self._tell(self.page_count + pages, pages if whole else 0)
                case Part():
                    slip = self._numbered(event.slip)
                    yield Piece(
                        slip,
                        source,
                        event.slip.pages[0],
                        event.pdf,
                        event.text,
                        shared_length=event.shared_length,
                    )
                case PartRefused():
                    slip = self._numbered(event.slip)
                    yield Piece(slip, source, event.slip.pages[0], b"", event.text, event.refusal)
                case Refused():
                    yield FileRefused(source, event.code, event.detail)
                    return
        self.page_count += pages

    def _count(self, pages: int) -> None:
        self.page_count += pages
        self._tell(self.page_count, 0)

    def _numbered(self, slip: Slip) -> Slip:
        if not self.page_count:
            return slip
        return replace(slip, pages=tuple(page + self.page_count for page in slip.pages))

    def _unusable(self, source: str, refusal: Refused) -> Piece:
        slip = Slip((self.page_count,), None, "unmatched", ())
        self._count(1)
        return Piece(slip, source, 0, b"", "", refusal)
