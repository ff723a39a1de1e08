"""What a text costs on the air: its encoding, its units and its segments (3GPP TS 23.038 and 23.040).

The text is counted exactly as given: nothing is trimmed, normalised or replaced. Segments are packed, not
divided, because an escape pair (GSM-7) or a surrogate pair (UCS-2) never straddles two of them.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import regex

from app.core.errors import InvalidInput
from app.messaging import gsm7

GSM7 = "GSM-7"
UCS2 = "UCS-2"
# Units of a text that fits alone, and of each segment of a longer one: the concatenation header takes the rest.
GSM7_SINGLE, GSM7_SEGMENT = 160, 153
UCS2_SINGLE, UCS2_SEGMENT = 70, 67

_CLUSTER = regex.compile(r"\X")
_FIRST_ASTRAL = "\U00010000"


class Segment(NamedTuple):
    """One short message. `units` leaves out the concatenation header."""

    units: int
    text: str


@dataclass(frozen=True, slots=True)
class Costly:
    """A character that makes the text dearer: `index` counts code points from 0.

    `why` is `extension` (two septets instead of one) or `not_in_gsm7` (turns the whole text into UCS-2).
    """

    index: int
    char: str
    why: str


class Segmentation(NamedTuple):
    """How a text travels. `units` are septets (GSM-7) or UTF-16 code units (UCS-2), headers left out."""

    encoding: str
    units: int
    parts: tuple[Segment, ...]
    costly: tuple[Costly, ...]

    @property
    def segments(self) -> int:
        """How many short messages the text takes, which is what a network bills and paces."""
        return len(self.parts)


def segment(text: str) -> Segmentation:
    """Pack a text into the fewest segments, keeping grapheme clusters (UAX 29) whole where that costs nothing.

    Raises InvalidInput("lone_surrogate") when half a surrogate pair stands alone, which no network can carry.
    """
    if gsm7.ONLY_GSM7.fullmatch(text):
        costly = tuple(
            [Costly(m.start(), m.group(), "extension") for m in gsm7.EXTENSION_CHAR.finditer(text)]
        )
        units = len(text) + len(costly)
        return Segmentation(GSM7, units, _parts(text, units, GSM7_SINGLE, GSM7_SEGMENT, GSM7), costly)
    try:
        units = len(text.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise InvalidInput(
            "lone_surrogate", "The text holds half a surrogate pair; send whole characters."
        ) from None
    costly = tuple([Costly(m.start(), m.group(), "not_in_gsm7") for m in gsm7.NOT_GSM7.finditer(text)])
    return Segmentation(UCS2, units, _parts(text, units, UCS2_SINGLE, UCS2_SEGMENT, UCS2), costly)


def _parts(text: str, units: int, single: int, limit: int, encoding: str) -> tuple[Segment, ...]:
    if units <= single:
        return (Segment(units, text),) if text else ()
    costs = _costs(text, encoding)
    prefix = [0]
    for cost in costs:
        prefix.append(prefix[-1] + cost)
    cuts = _cuts(text, prefix, limit)
    return tuple([Segment(prefix[end] - prefix[start], text[start:end]) for start, end in pairwise(cuts)])


def _costs(text: str, encoding: str) -> list[int]:
    if encoding == GSM7:
        return [2 if char in gsm7.EXTENSION else 1 for char in text]
    return [2 if char >= _FIRST_ASTRAL else 1 for char in text]


def _cuts(text: str, prefix: list[int], limit: int) -> list[int]:
    """Where segments begin and end, as code point positions, first 0 and last len(text)."""
    farthest = _farthest(prefix, limit)
    needed = _needed(farthest)
    cluster_start = _cluster_starts(text)
    size = len(text)
    cuts = [0]
    while cuts[-1] < size:
        start = cuts[-1]
        end = farthest[start]
        if end < size and cluster_start[end] != end:
            whole = cluster_start[end]
            if (
                whole > start
                and _fits_whole(whole, cluster_start, prefix, limit)
                and needed[whole] <= needed[end]
            ):
                end = whole
        cuts.append(end)
    return cuts


def _farthest(prefix: list[int], limit: int) -> list[int]:
    """For each position, where a segment that starts there ends when it is filled as far as it goes."""
    size = len(prefix) - 1
    ends = [0] * size
    end = 0
    for start in range(size):
        while end < size and prefix[end + 1] - prefix[start] <= limit:
            end += 1
        ends[start] = end
    return ends


def _needed(farthest: list[int]) -> list[int]:
    """For each position, the fewest segments that hold the rest of the text."""
    size = len(farthest)
    needed = [0] * (size + 1)
    for start in range(size - 1, -1, -1):
        needed[start] = 1 + needed[farthest[start]]
    return needed


def _cluster_starts(text: str) -> list[int]:
    """For each position, where the grapheme cluster that holds it starts; a position on a boundary is its own."""
    starts = list(range(len(text)))
    for match in _CLUSTER.finditer(text):
        first, last = match.span()
        if last - first > 1:
            starts[first:last] = [first] * (last - first)
    return starts


def _fits_whole(first: int, cluster_start: list[int], prefix: list[int], limit: int) -> bool:
    last = first + 1
    while (
        last < len(cluster_start) and cluster_start[last] == first and prefix[last] - prefix[first] <= limit
    ):
        last += 1
    return prefix[last] - prefix[first] <= limit
