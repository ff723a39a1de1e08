"""The language between the parent and the bounded child: frames of one kind byte, four length bytes and a payload."""

import struct
from collections.abc import Callable

HEAD = struct.Struct(">cI")
"""Kind and payload length of a frame."""

JOB = b"J"
DATA = b"D"
GO = b"G"

REFUSED = b"R"
READ = b"A"
PLAN = b"L"
BLOCK = b"B"
FORGET = b"F"
PART = b"P"
PART_REFUSED = b"Q"
SINGLE = b"S"
IMAGE = b"I"
DONE = b"E"

READ_HEAD = struct.Struct(">II")
"""Pages read so far, and pages in all."""
BLOCK_HEAD = struct.Struct(">I")
PART_HEAD = struct.Struct(">III")
"""Of a part: its slip's index, its block's number, the length of its text."""

PAGE_BREAK = "\f"
"""Between the texts of two pages of one slip."""


def read_frame(read_exactly: Callable[[int], bytes]) -> tuple[bytes, bytes]:
    """The next frame as kind and payload."""
    kind, length = HEAD.unpack(read_exactly(HEAD.size))
    return kind, read_exactly(length) if length else b""
