"""Cursors: where a page ended, as text that means nothing to the client."""

import base64
import binascii
import struct
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.core.errors import InvalidInput
from app.db.queries.pages import BatchPlace

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH = struct.Struct(">q16s")
_LINE = struct.Struct(">q")


def write_batch(place: BatchPlace) -> str:
    """Behind this batch."""
    micros = (place.created_at - _EPOCH) // timedelta(microseconds=1)
    return _write(_BATCH.pack(micros, place.batch_id.bytes))


def read_batch(cursor: str) -> BatchPlace:
    """Raises InvalidInput for what is no cursor of ours."""
    micros, batch_id = _read(_BATCH, cursor)
    try:
        return BatchPlace(_EPOCH + timedelta(microseconds=micros), UUID(bytes=batch_id))
    except OverflowError:
        raise _unknown() from None


def write_line(position: int) -> str:
    """Behind this line of a review."""
    return _write(_LINE.pack(position))


def read_line(cursor: str) -> int:
    """Raises InvalidInput for what is no cursor of ours."""
    position: int = _read(_LINE, cursor)[0]
    return position


def _write(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _read(form: struct.Struct, cursor: str) -> tuple[Any, ...]:
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return form.unpack(data)
    except (binascii.Error, struct.error, ValueError):
        raise _unknown() from None


def _unknown() -> InvalidInput:
    return InvalidInput(
        "cursor_unknown", "this cursor is not one we gave; begin again without it and follow next_cursor"
    )
