"""What the platform allows, and the errors that say what is over it.

Sources: Google's RCS for Business guide of April 2026; AWS for the shorter address of a media file. The platform does not
say whether it counts characters or UTF-16 units, so the larger count is held against a limit.
"""

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import SplitResult, urlsplit

TITLE_MAX: Final = 200
DESCRIPTION_MAX: Final = 2_000
TEXT_MAX: Final = 3_072
LABEL_MAX: Final = 25
ADDRESS_MAX: Final = 2_048
MEDIA_ADDRESS_MAX: Final = 2_000
POSTBACK_MAX: Final = 2_048
CALENDAR_TITLE_MAX: Final = 100
CALENDAR_DESCRIPTION_MAX: Final = 500
SUGGESTIONS_MAX: Final = 4
CHIPS_MAX: Final = 11
CAROUSEL_CARDS: Final = (2, 10)
MESSAGE_BYTES_MAX: Final = 250_000
TTL_SECONDS: Final = (10, 1_296_000)
MEDIA_BYTES_MAX: Final = 100 * 1024 * 1024
THUMBNAIL_BYTES_MAX: Final = 100_000
IMAGE_TYPES: Final = frozenset({"image/jpeg", "image/gif", "image/png"})
VIDEO_TYPES: Final = frozenset(
    {"video/h263", "video/m4v", "video/mp4", "video/mpeg4", "video/mpeg", "video/webm"}
)
IMAGE_ENDINGS: Final = frozenset({"jpeg", "jpg", "gif", "png"})
MEDIA_ENDINGS: Final = IMAGE_ENDINGS | {"h263", "m4v", "mp4", "mpeg4", "mpeg", "webm"}

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_POSTBACK = re.compile(r"(?:[A-Za-z0-9]{4})+")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_SPACE = re.compile(r"\s")
_MEDIA_PATH = re.compile(r"/[A-Za-z0-9._~/-]+")
_LONG_NUMBER = re.compile(r"[0-9]{9}")


class RcsError(ValueError):
    """The platform would refuse this. `code` is short and stable; the message says what to change."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class OutOfRange(RcsError):
    """A field is over or under a limit. `value` is its measure, never its content."""

    def __init__(
        self, code: str, field: str, *, value: int, highest: int, lowest: int = 0, unit: str = "characters"
    ) -> None:
        allowed = f"{lowest:,} to {highest:,}" if lowest else f"at most {highest:,}"
        super().__init__(code, f"{field} has {value:,} {unit}; allowed are {allowed}")
        self.field = field
        self.value = value
        self.lowest = lowest
        self.highest = highest


def length(text: str) -> int:
    """UTF-16 units, which are never fewer than characters. Raises UnicodeEncodeError for half a character."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def check_text(field: str, text: str, longest: int) -> None:
    """Raises RcsError: `<field>_not_text` or `<field>_too_long`."""
    try:
        value = length(text)
    except UnicodeEncodeError:
        raise RcsError(f"{field}_not_text", f"{field} holds half a character") from None
    if value > longest:
        raise OutOfRange(f"{field}_too_long", field, value=value, highest=longest)


def check_count(
    code: str, field: str, value: int, highest: int, lowest: int = 0, unit: str = "entries"
) -> None:
    """Raises OutOfRange."""
    if not lowest <= value <= highest:
        raise OutOfRange(code, field, value=value, lowest=lowest, highest=highest, unit=unit)


def check_postback(data: str) -> None:
    """Letters and digits in a multiple of four: right whether the platform reads text or base64. Raises RcsError."""
    check_text("postback", data, POSTBACK_MAX)
    if not _POSTBACK.fullmatch(data):
        raise RcsError("postback", "a postback is letters and digits, in a multiple of four")


def check_address(url: str, longest: int = ADDRESS_MAX, field: str = "address") -> SplitResult:
    """https only; the demonstration on one's own machine may do without. Raises RcsError."""
    check_text(field, url, longest)
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise RcsError(field, f"{field} cannot be read") from error
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)):
        raise RcsError(field, f"{field} starts with https://")
    if parts.username is not None or _SPACE.search(url):
        raise RcsError(field, f"{field} holds neither a login nor spaces")
    return parts


def check_media_address(url: str, endings: Collection[str] = MEDIA_ENDINGS) -> None:
    """A media file is public: anybody may fetch it and the platform keeps it for 60 days. So its address is a plain path
    without anything that could be a token or a phone number. Raises RcsError."""
    parts = check_address(url, MEDIA_ADDRESS_MAX, "media_address")
    if "?" in url or "#" in url:
        raise RcsError("media_address", "media_address has neither a query nor a fragment: it is public")
    if not _MEDIA_PATH.fullmatch(parts.path) or _LONG_NUMBER.search(parts.path):
        raise RcsError(
            "media_address",
            "media_address is a path of letters, digits, hyphens and dots without a long number: it is public",
        )
    if parts.path.rpartition(".")[2].lower() not in endings:
        raise RcsError("media_type", f"media_address ends in one of {', '.join(sorted(endings))}")


def check_media_file(size: int, content_type: str, *, thumbnail: bool = False) -> None:
    """Whether a file of `size` bytes can be shown in a card. Raises RcsError."""
    types = IMAGE_TYPES if thumbnail else IMAGE_TYPES | VIDEO_TYPES
    if content_type not in types:
        raise RcsError("media_type", f"a media file is one of {', '.join(sorted(types))}")
    field, highest = ("thumbnail", THUMBNAIL_BYTES_MAX) if thumbnail else ("media_file", MEDIA_BYTES_MAX)
    check_count(f"{field}_too_large", field, size, highest, lowest=1, unit="bytes")


def check_phone(phone: str) -> None:
    """E.164 with its plus. Raises RcsError, whose message does not repeat the number."""
    if not _PHONE.fullmatch(phone):
        raise RcsError("phone", "a phone is a plus sign and 7 to 15 digits")
