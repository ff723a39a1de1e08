"""The record format: nothing cut, moved, doubled or changed ever opens, and ranges equal slices."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.crypto.errors import SealBroken
from app.crypto.records import (
    HEADER_SIZE,
    RECORD,
    SEALED_RECORD,
    RecordOpener,
    RecordSealer,
    open_all,
    seal,
    seal_stream,
    sealed_size,
)
from tests.crypto.conftest import DOCUMENT, ORGANISATION, OTHER

KEY = b"\x77" * 32
SIZES = (0, 1, 65_535, 65_536, 65_537, 131_072, 131_073)


def content(size: int) -> bytes:
    return os.urandom(size)


def sealed_three() -> tuple[bytes, bytes]:
    plain = content(2 * RECORD + 100)
    return plain, seal(KEY, ORGANISATION, DOCUMENT, plain)


def opener(blob: bytes, *, sealed: int, plain: int) -> RecordOpener:
    return RecordOpener(
        KEY, ORGANISATION, DOCUMENT, lambda at, size: blob[at : at + size], sealed=sealed, plain=plain
    )


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_opens(size: int) -> None:
    plain = content(size)
    blob = seal(KEY, ORGANISATION, DOCUMENT, plain)
    assert len(blob) == sealed_size(size) == HEADER_SIZE + size + 16 * max(1, -(-size // RECORD))
    assert open_all(KEY, ORGANISATION, DOCUMENT, blob, plain=size) == plain


def test_a_payslip_of_120_kib_grows_by_48_bytes() -> None:
    assert sealed_size(120 * 1024) - 120 * 1024 == 48


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", [1_000, RECORD, RECORD + 1, 200_000])
def test_bytes_that_arrive_in_pieces_give_the_same_blob(size: int, step: int) -> None:
    plain = content(size)
    pieces = [plain[at : at + step] for at in range(0, size, step)]
    sealer = RecordSealer(KEY, ORGANISATION, DOCUMENT, prefix=b"1234567")
    streamed = b"".join(seal_stream(sealer, pieces))
    whole = RecordSealer(KEY, ORGANISATION, DOCUMENT, prefix=b"1234567")
    assert streamed == whole.update(plain) + whole.finish()
    assert (sealer.plain_size, sealer.sealed_size) == (size, len(streamed))


@pytest.mark.parametrize("size", SIZES)
def test_a_document_sealed_at_once_gives_the_same_blob(size: int) -> None:
    plain = content(size)
    at_once, in_pieces = (RecordSealer(KEY, ORGANISATION, DOCUMENT, prefix=b"1234567") for _ in range(2))
    assert at_once.whole(plain) == in_pieces.update(plain) + in_pieces.finish()
    assert (at_once.plain_size, at_once.sealed_size) == (size, sealed_size(size))


def test_a_sealer_holds_back_one_record_at_most() -> None:
    sealer = RecordSealer(KEY, ORGANISATION, DOCUMENT)
    given_out = 0
    for _ in range(40):
        given_out += len(sealer.update(content(10_000)))
        assert sealer.plain_size - given_out < RECORD + SEALED_RECORD


@pytest.mark.parametrize("size", [1, 65_536, 65_537, 131_072])
def test_a_cut_at_any_boundary_is_refused(size: int) -> None:
    blob = seal(KEY, ORGANISATION, DOCUMENT, content(size))
    records = -(-size // RECORD)
    boundaries = {0, 5, HEADER_SIZE, len(blob) - 1} | {
        HEADER_SIZE + index * SEALED_RECORD + shift for index in range(records) for shift in (0, 1, 16)
    }
    for cut in (cut for cut in boundaries if cut < len(blob)):
        with pytest.raises(SealBroken):
            opener(blob[:cut], sealed=len(blob), plain=size).read_all()
        with pytest.raises(SealBroken):
            open_all(KEY, ORGANISATION, DOCUMENT, blob[:cut], plain=size)


def test_a_cut_to_whole_records_does_not_pass_as_a_shorter_document() -> None:
    plain, blob = sealed_three()
    shorter = blob[: HEADER_SIZE + 2 * SEALED_RECORD]
    assert len(shorter) == sealed_size(2 * RECORD)
    with pytest.raises(SealBroken):
        open_all(KEY, ORGANISATION, DOCUMENT, shorter, plain=2 * RECORD)
    assert len(plain) > 2 * RECORD


def test_swapped_and_doubled_records_are_refused() -> None:
    plain, blob = sealed_three()
    head, first, second = (
        blob[:HEADER_SIZE],
        blob[HEADER_SIZE:][:SEALED_RECORD],
        blob[HEADER_SIZE + SEALED_RECORD :],
    )
    second, last = second[:SEALED_RECORD], second[SEALED_RECORD:]
    for forged in (head + second + first + last, head + first + first + last, head + second + second + last):
        with pytest.raises(SealBroken):
            open_all(KEY, ORGANISATION, DOCUMENT, forged, plain=len(plain))
    assert open_all(KEY, ORGANISATION, DOCUMENT, head + first + second + last, plain=len(plain)) == plain


def test_a_record_added_at_the_end_is_refused() -> None:
    plain, blob = sealed_three()
    with pytest.raises(SealBroken):
        open_all(KEY, ORGANISATION, DOCUMENT, blob + blob[-116:], plain=len(plain))
    with pytest.raises(SealBroken):
        open_all(KEY, ORGANISATION, DOCUMENT, blob + blob[-116:], plain=len(plain) + 100)


@settings(max_examples=60, deadline=None)
@given(position=st.integers(0, sealed_size(70_000) - 1), bit=st.integers(0, 7))
def test_one_flipped_bit_is_refused(position: int, bit: int) -> None:
    blob = bytearray(seal(KEY, ORGANISATION, DOCUMENT, b"\x00" * 70_000))
    blob[position] ^= 1 << bit
    with pytest.raises(SealBroken):
        open_all(KEY, ORGANISATION, DOCUMENT, bytes(blob), plain=70_000)


@pytest.mark.parametrize(("at", "value"), [(0, b"p"), (3, b"\x02"), (4, b"\x02"), (5, b"\x11"), (6, b"\x01")])
def test_an_unknown_header_is_refused_before_anything_is_opened(at: int, value: bytes) -> None:
    blob = seal(KEY, ORGANISATION, DOCUMENT, b"Pli")
    with pytest.raises(SealBroken, match="version and algorithm"):
        open_all(KEY, ORGANISATION, DOCUMENT, blob[:at] + value + blob[at + 1 :], plain=3)


def test_a_blob_belongs_to_its_organisation_document_and_key() -> None:
    blob = seal(KEY, ORGANISATION, DOCUMENT, b"Pli")
    for key, organisation, document in (
        (b"\x78" * 32, ORGANISATION, DOCUMENT),
        (KEY, OTHER, DOCUMENT),
        (KEY, ORGANISATION, OTHER),
    ):
        with pytest.raises(SealBroken):
            open_all(key, organisation, document, blob, plain=3)


def test_the_size_of_the_row_is_compared_before_a_range_is_served() -> None:
    plain, blob = sealed_three()
    with pytest.raises(SealBroken, match="size"):
        opener(blob, sealed=len(blob) - 1, plain=len(plain))
    with pytest.raises(SealBroken, match="size"):
        opener(blob, sealed=len(blob), plain=len(plain) - 1)


LONG = content(18 * RECORD + 7)
LONG_BLOB = seal(KEY, ORGANISATION, DOCUMENT, LONG)


@st.composite
def ranges(draw: st.DrawFn) -> tuple[int, int]:
    near = st.builds(
        lambda index, shift: max(0, min(len(LONG), index * RECORD + shift)),
        st.integers(0, 18),
        st.integers(-2, 2),
    )
    bound = st.one_of(near, st.integers(0, len(LONG)))
    start, end = sorted((draw(bound), draw(bound)))
    return start, end


@settings(max_examples=150, deadline=None)
@given(bounds=ranges())
def test_ranges_equal_slices_and_read_only_the_records_they_touch(bounds: tuple[int, int]) -> None:
    start, end = bounds
    touched: list[tuple[int, int]] = []

    def read(offset: int, length: int) -> bytes:
        touched.append((offset, length))
        return LONG_BLOB[offset : offset + length]

    reader = RecordOpener(KEY, ORGANISATION, DOCUMENT, read, sealed=len(LONG_BLOB), plain=len(LONG))
    assert b"".join(reader.open_range(start, end)) == LONG[start:end]
    records = touched[1:]
    if start < end:
        assert records[0][0] == HEADER_SIZE + start // RECORD * SEALED_RECORD
        last = HEADER_SIZE + ((end - 1) // RECORD + 1) * SEALED_RECORD
        assert records[-1][0] + records[-1][1] == min(last, len(LONG_BLOB))


def test_a_range_outside_the_document_is_a_programming_error() -> None:
    plain, blob = sealed_three()
    reader = opener(blob, sealed=len(blob), plain=len(plain))
    for start, end in ((-1, 3), (5, 4), (0, len(plain) + 1)):
        with pytest.raises(ValueError, match="outside"):
            list(reader.open_range(start, end))


def test_a_stream_is_not_read_ahead_of_the_seal() -> None:
    taken = 0

    def source() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(30):
            taken += 1
            yield content(RECORD)

    stream = seal_stream(RecordSealer(KEY, ORGANISATION, DOCUMENT), source())
    next(stream)
    assert taken <= 2
