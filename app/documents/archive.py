"""A ZIP of PDFs, read in memory and never unpacked to disk.

The whole directory is judged before a byte is inflated, and every entry is inflated under a limit, because a
directory can lie about sizes. What a clerk's computer adds by itself (`__MACOSX`, `.DS_Store`, `Thumbs.db`) is
passed over; anything else that is not a PDF is reported, so that no payslip is lost in silence.
"""

import copy
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from app.core.errors import InvalidInput

_CHUNK_BYTES = 256 * 1024
_PDF_HEADER_WITHIN = 1024
_END_RECORD = b"PK\x05\x06"
_END_RECORD_BYTES = 22
_ZIP64_LOCATOR = b"PK\x06\x07"
_ZIP64_LOCATOR_BYTES = 20
_ZIP64_END_RECORD = b"PK\x06\x06"
_ZIP64_END_RECORD_BYTES = 56
_LONGEST_COMMENT = 0xFFFF
_DIRECTORY_BYTES_PER_ENTRY = 1024
_ENCRYPTED_FLAG = 0x1
_UTF8_FLAG = 0x800
_COMPOUND_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_OFFICE_DIRECTORY = 4 * 1024 * 1024
_OFFICE_SUFFIXES = (".xlsx", ".xlsm", ".ods", ".docx", ".odt", ".pptx", ".odp")
_ARCHIVE_SUFFIXES = (".zip", ".7z", ".rar", ".gz", ".tgz", ".tar", ".bz2", ".xz")
_ARCHIVE_MAGIC = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
)


class ArchiveRefused(InvalidInput):
    """The whole ZIP is refused and none of its documents may be used.

    `code` is one of `not_a_zip`, `damaged`, `encrypted`, `unsafe_path`, `symlink`, `nested_archive`,
    `too_many_entries`, `entry_too_large`, `total_too_large`, `ratio`, `overlapping_entries`,
    `unsupported_compression`, `no_documents`. `position` is the entry's place in the ZIP, from 1 (entry names can
    hold people's names, so the error never repeats them), or None when the archive as a whole is at fault.
    """

    def __init__(self, code: str, message: str, position: int | None = None) -> None:
        super().__init__(code, message)
        self.position = position


@dataclass(frozen=True)
class ArchiveLimits:
    """Sizes in bytes. `max_ratio` is inflated over compressed, looked at only above `ratio_from_bytes`."""

    max_entries: int = 20_000
    max_entry_bytes: int = 25 * 1024 * 1024
    max_total_bytes: int = 1024 * 1024 * 1024
    max_ratio: int = 100
    ratio_from_bytes: int = 1024 * 1024


@dataclass(frozen=True)
class ArchivedDocument:
    """One PDF of the archive; `name` is its path inside the archive, with forward slashes."""

    name: str
    content: bytes


@dataclass(frozen=True)
class SkippedEntry:
    """An entry that is no PDF. `reason` is `empty`, `office_file` or `not_a_pdf`."""

    name: str
    reason: str


class Archive:
    """A ZIP whose directory was found acceptable; reading its entries may still end in `ArchiveRefused`."""

    def __init__(self, data: bytes, limits: ArchiveLimits) -> None:
        """Judge the directory of the ZIP held in `data`. Raises ArchiveRefused."""
        self._limits = limits
        self._zip = open_zip(data, limits)
        entries = list(enumerate(self._zip.infolist(), start=1))
        for position, info in entries:
            _judge_entry(position, info, limits)
        self._entries = [
            (position, info, name)
            for position, info in entries
            if not (name := entry_name(info)).endswith("/") and not _is_clutter(name)
        ]
        if not self._entries:
            raise ArchiveRefused("no_documents", "the ZIP holds no file; add the PDFs to it and try again")

    def __len__(self) -> int:
        """How many files will be read, clutter and folders left out."""
        return len(self._entries)

    def documents(self) -> Iterator[ArchivedDocument | SkippedEntry]:
        """Each file in the order of the ZIP, one in memory at a time.

        Raises ArchiveRefused when an entry is damaged, larger than it declared, or an archive itself. What was
        yielded before must then be thrown away too.
        """
        left = self._limits.max_total_bytes
        for position, info, name in self._entries:
            content = inflate(self._zip, info, min(left, self._limits.max_entry_bytes), position)
            left -= len(content)
            yield _judge_content(position, name, content)


def read_archive(data: bytes, limits: ArchiveLimits) -> Iterator[ArchivedDocument | SkippedEntry]:
    """Shorthand for `Archive(data, limits).documents()`; the directory is judged at the first step."""
    yield from Archive(data, limits).documents()


def open_zip(data: bytes, limits: ArchiveLimits) -> zipfile.ZipFile:
    """A ZipFile over `data` whose directory is small enough and whose entries keep to their own bytes.

    Raises ArchiveRefused with `not_a_zip`, `too_many_entries`, `total_too_large` or `overlapping_entries`.
    """
    if _directory_bytes(data) > limits.max_entries * _DIRECTORY_BYTES_PER_ENTRY:
        raise _too_many(limits)
    try:
        opened = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as unreadable:
        raise ArchiveRefused(
            "not_a_zip", "the file is not a ZIP, or its directory is damaged; make it again"
        ) from unreadable
    infos = opened.infolist()
    if len(infos) > limits.max_entries:
        raise _too_many(limits)
    if sum(info.file_size for info in infos) > limits.max_total_bytes:
        raise ArchiveRefused(
            "total_too_large", f"the ZIP inflates to more than {limits.max_total_bytes} bytes; split it"
        )
    in_order = sorted(infos, key=lambda info: info.header_offset)
    if any(
        first.header_offset + first.compress_size > second.header_offset
        for first, second in pairwise(in_order)
    ):
        raise ArchiveRefused(
            "overlapping_entries", "entries of the ZIP share the same bytes; make the ZIP again"
        )
    return opened


def inflate(opened: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int, position: int | None = None) -> bytes:
    """The content of one entry, counted while it inflates: what the directory declares is not believed.

    `limit` is in bytes. Raises ArchiveRefused with `entry_too_large`, `damaged` or `unsupported_compression`.
    """
    content = bytearray()
    # zipfile stops at the declared size; other readers go on, so the entry is read past what it declares.
    unbelieving = copy.copy(info)
    unbelieving.file_size = limit + 2 * _CHUNK_BYTES
    try:
        with opened.open(unbelieving) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                content += chunk
                if len(content) > limit:
                    raise ArchiveRefused(
                        "entry_too_large", f"an entry inflates to more than {limit} bytes", position
                    )
    except NotImplementedError as unsupported:
        raise ArchiveRefused(
            "unsupported_compression", "an entry uses a compression we do not read", position
        ) from unsupported
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,
        struct.error,
        OSError,
        ValueError,
    ) as damaged:
        raise ArchiveRefused(
            "damaged", "an entry of the ZIP cannot be read; make the ZIP again", position
        ) from damaged
    if len(content) != info.file_size:
        raise ArchiveRefused(
            "damaged", "an entry is not as long as the ZIP declares; make the ZIP again", position
        )
    return bytes(content)


def is_office_file(data: bytes) -> bool:
    """Whether the bytes are a document of a word processor, spreadsheet or presentation program, whatever its name.

    Those of today are ZIPs, told by the parts every such file has; those of old are compound files.
    """
    if data.startswith(_COMPOUND_MAGIC):
        return True
    if not data.startswith(_ARCHIVE_MAGIC[0]) or _directory_bytes(data) > _MOST_OFFICE_DIRECTORY:
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            names = {info.orig_filename for info in opened.infolist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
        return False
    return "[Content_Types].xml" in names or {"mimetype", "content.xml"} <= names


def entry_name(info: zipfile.ZipInfo) -> str:
    """The path inside the archive, slashes forward.

    Without the UTF-8 flag a name is code page 437 by the ZIP rules, but several systems write UTF-8 all the same:
    bytes that are valid UTF-8 are read so.
    """
    name = info.orig_filename
    if not info.flag_bits & _UTF8_FLAG and not name.isascii():
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.orig_filename
    return name.replace("\\", "/")


def _directory_bytes(data: bytes) -> int:
    """Declared size of the ZIP directory, read before zipfile would load all of it; 0 when there is none."""
    end = len(data) - _END_RECORD_BYTES
    if data[end : end + 4] != _END_RECORD:
        end = data.rfind(_END_RECORD, max(0, len(data) - _END_RECORD_BYTES - _LONGEST_COMMENT))
    if end < 0 or len(data) - end < _END_RECORD_BYTES:
        return 0
    locator = end - _ZIP64_LOCATOR_BYTES
    record = locator - _ZIP64_END_RECORD_BYTES
    if (
        record >= 0
        and data[locator : locator + 4] == _ZIP64_LOCATOR
        and data[record : record + 4] == _ZIP64_END_RECORD
    ):
        return int(struct.unpack_from("<Q", data, record + 40)[0])
    return int(struct.unpack_from("<L", data, end + 12)[0])


def _too_many(limits: ArchiveLimits) -> ArchiveRefused:
    return ArchiveRefused(
        "too_many_entries", f"the ZIP holds more than {limits.max_entries} entries; split it"
    )


def _judge_entry(position: int, info: zipfile.ZipInfo, limits: ArchiveLimits) -> None:
    name = entry_name(info)
    if info.flag_bits & _ENCRYPTED_FLAG:
        raise ArchiveRefused("encrypted", "an entry has a password; make the ZIP without one", position)
    if _is_unsafe_path(name):
        raise ArchiveRefused(
            "unsafe_path", "an entry's path leaves the archive; make the ZIP again", position
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise ArchiveRefused(
            "symlink", "an entry is a link to another file; put the file itself in", position
        )
    if name.lower().endswith(_ARCHIVE_SUFFIXES):
        raise _nested(position)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveRefused(
            "unsupported_compression", "an entry uses a compression we do not read", position
        )
    if info.file_size > limits.max_entry_bytes:
        raise ArchiveRefused(
            "entry_too_large", f"an entry is larger than {limits.max_entry_bytes} bytes", position
        )
    if info.file_size > limits.ratio_from_bytes and info.file_size > limits.max_ratio * info.compress_size:
        raise ArchiveRefused("ratio", f"an entry inflates more than {limits.max_ratio} times", position)


def _judge_content(position: int, name: str, content: bytes) -> ArchivedDocument | SkippedEntry:
    if not content:
        return SkippedEntry(name, "empty")
    if name.lower().endswith(_OFFICE_SUFFIXES):
        return SkippedEntry(name, "office_file")
    if is_office_file(content):
        return SkippedEntry(name, "office_file")
    if content.startswith(_ARCHIVE_MAGIC):
        raise _nested(position)
    if b"%PDF-" in content[:_PDF_HEADER_WITHIN]:
        return ArchivedDocument(name, content)
    return SkippedEntry(name, "not_a_pdf")


def _nested(position: int) -> ArchiveRefused:
    return ArchiveRefused(
        "nested_archive", "the ZIP holds another archive; put the PDFs directly in it", position
    )


def _is_unsafe_path(name: str) -> bool:
    has_drive = len(name) > 1 and name[1] == ":"
    return not name or "\0" in name or name.startswith("/") or has_drive or ".." in name.split("/")


def _is_clutter(name: str) -> bool:
    *folders, last = name.split("/")
    return (
        "__MACOSX" in folders
        or last.lower() in (".ds_store", "thumbs.db", "desktop.ini")
        or last.startswith("._")
    )
