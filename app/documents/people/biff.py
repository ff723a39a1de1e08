"""A look into .xls (BIFF in a compound file) before it is read: bounds and failed formulas of each sheet.

For the same reasons as `sheets_inspect`. Only record headers and cell positions are looked at; the values are the
workbook reader's business. Layouts: [MS-CFB] 2.2 to 2.6 and [MS-XLS] 2.4.
"""

import struct
from collections.abc import Iterator

from app.documents.people.inspection import SheetFacts
from app.documents.people.model import SheetProblem

_LAST_SECTOR = 0xFFFFFFFA
_DIRECTORY_ENTRY_BYTES = 128
_MINI_SECTOR_BYTES = 64
_MINI_STREAM_BELOW = 4096
_ROOT_ENTRY = 5

_BOF, _FILEPASS, _BOUNDSHEET = 0x0809, 0x002F, 0x0085
_FORMULA, _BOOLERR, _MULRK = 0x0006, 0x0205, 0x00BD
_SINGLE_CELLS = frozenset({_FORMULA, _BOOLERR, 0x0203, 0x027E, 0x00FD, 0x0204, 0x00D6})
_ERROR_NAMES = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


class _CompoundFile:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._sector_bytes = 1 << struct.unpack_from("<H", data, 30)[0]
        if self._sector_bytes not in (512, 4096):
            raise ValueError("sector size")
        self._fat = self._read_fat()
        directory = self._chain(struct.unpack_from("<L", data, 48)[0])
        self._entries: dict[str, tuple[int, int]] = {}
        for start in range(0, len(directory) - _DIRECTORY_ENTRY_BYTES + 1, _DIRECTORY_ENTRY_BYTES):
            name_bytes, kind = struct.unpack_from("<HB", directory, start + 64)
            name = directory[start : start + max(0, name_bytes - 2)].decode("utf-16-le", "replace").lower()
            first, size = struct.unpack_from("<LL", directory, start + 116)
            self._entries["" if kind == _ROOT_ENTRY else name] = (first, size)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def stream(self, name: str) -> bytes:
        first, size = self._entries[name]
        if size >= _MINI_STREAM_BELOW:
            return _whole(self._chain(first), size)
        mini_stream = self._chain(self._entries[""][0])
        mini_fat_bytes = self._chain(struct.unpack_from("<L", self._data, 60)[0])
        mini_fat = struct.unpack(f"<{len(mini_fat_bytes) // 4}L", mini_fat_bytes)
        sectors = _follow(first, mini_fat)
        parts = (mini_stream[at * _MINI_SECTOR_BYTES : (at + 1) * _MINI_SECTOR_BYTES] for at in sectors)
        return _whole(b"".join(parts), size)

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._sector_bytes
        if start >= len(self._data):
            raise ValueError("the file ends before one of its sectors")
        return self._data[start : start + self._sector_bytes]

    def _read_fat(self) -> tuple[int, ...]:
        places = list(struct.unpack_from("<109L", self._data, 76))
        following, count = struct.unpack_from("<LL", self._data, 68)
        for _ in range(min(count, len(self._data) // self._sector_bytes)):
            *more, following = struct.unpack(f"<{self._sector_bytes // 4}L", self._sector(following))
            places += more
        table = b"".join(self._sector(place) for place in places if place < _LAST_SECTOR)
        return struct.unpack(f"<{len(table) // 4}L", table[: len(table) // 4 * 4])

    def _chain(self, first: int) -> bytes:
        return b"".join(self._sector(number) for number in _follow(first, self._fat))


def _whole(content: bytes, size: int) -> bytes:
    if len(content) < size:
        raise ValueError("a stream is cut short")
    return content[:size]


def _follow(first: int, table: tuple[int, ...]) -> Iterator[int]:
    number = first
    for _ in range(len(table)):
        if number >= _LAST_SECTOR:
            return
        yield number
        number = table[number]


def inspect_xls(data: bytes) -> list[SheetFacts]:
    """Facts of each sheet of an .xls, in workbook order. Raises SheetProblem."""
    try:
        compound = _CompoundFile(data)
        if "encryptedpackage" in compound:
            raise SheetProblem("encrypted", "the spreadsheet has a password; save it without one")
        name = next((name for name in ("workbook", "book") if name in compound), None)
        if name is None:
            raise SheetProblem("not_a_sheet", "the file holds no spreadsheet; give .xlsx, .xls, .ods or .csv")
        return _walk(compound.stream(name))
    except (struct.error, ValueError, IndexError) as malformed:
        raise SheetProblem(
            "damaged", "the spreadsheet's structure is broken; save it again and retry"
        ) from malformed


def _walk(stream: bytes) -> list[SheetFacts]:
    facts_by_start: dict[int, SheetFacts] = {}
    current: SheetFacts | None = None
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        body = stream[at + 4 : at + 4 + length]
        if kind == _FILEPASS:
            raise SheetProblem("encrypted", "the spreadsheet has a password; save it without one")
        if kind == _BOUNDSHEET:
            facts_by_start[struct.unpack_from("<L", body)[0]] = SheetFacts()
        elif kind == _BOF:
            current = facts_by_start.get(at, current)
        elif current is not None:
            _note_cell(current, kind, body)
        at += 4 + length
    return list(facts_by_start.values())


def _note_cell(facts: SheetFacts, kind: int, body: bytes) -> None:
    if kind == _MULRK:
        row, column = struct.unpack_from("<HH", body)
        facts.note(row, column, columns=struct.unpack_from("<H", body, len(body) - 2)[0] - column + 1)
        return
    if kind not in _SINGLE_CELLS:
        return
    row, column = struct.unpack_from("<HH", body)
    facts.note(row, column)
    error = None
    if kind == _BOOLERR and body[7]:
        error = body[6]
    elif kind == _FORMULA and body[6] == 2 and body[12:14] == b"\xff\xff":
        error = body[8]
    if error is not None:
        facts.errors[row, column] = _ERROR_NAMES.get(error, "#ERR")
