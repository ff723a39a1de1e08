"""What a text costs on the air: its encoding, its units and its segments (3GPP TS 23.038 and 23.040).

The text is counted exactly as given: nothing is trimmed, normalised or replaced. Segments are packed, not
divided, because an escape pair (GSM-7) or a surrogate pair (UCS-2) never straddles two of them.
What a carrier can do beyond that (references of 16 bits, national tables) is an option, and off unless given.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise, product
from typing import NamedTuple

import regex

from app.core.errors import InvalidInput
from app.messaging.texts import gsm7, national
from app.messaging.texts.national_tables import BY_NAME

GSM7 = "GSM-7"
UCS2 = "UCS-2"
# Units of a text that fits alone, and of each segment of a longer one: the concatenation header takes the rest.
GSM7_SINGLE, GSM7_SEGMENT = 160, 153
UCS2_SINGLE, UCS2_SEGMENT = 70, 67
# Octets of a short message, and what the header takes of them: its length, a reference, the names of tables.
_OCTETS = 140
_LENGTH, _REFERENCE, _WIDE_REFERENCE = 1, 5, 6

_CLUSTER = regex.compile(r"\X")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
# Two neighbours of which each is a cluster of its own beside the other, as letters and signs of most texts are: a cut
# between them is sound without looking for clusters.
_PLAIN_PAIR = re.compile(
    "[\0-\x0c\x0e-\u02ff\u0391-\u03c9\u1e00-\u1eff\u2010-\u2027\u202f-\u205e\u20a0-\u20c0]{2}"
)


class Segment(NamedTuple):
    """One short message. `units` leaves out the concatenation header."""

    units: int
    text: str


class Costly(NamedTuple):
    """A character that makes the text dearer: `position` counts code points from 0.

    `why` is `extension` (two septets instead of one) or `not_in_gsm7` (turns the whole text into UCS-2).
    """

    position: int
    char: str
    why: str


@dataclass(frozen=True, slots=True)
class CarrierOptions:
    """What a carrier passes on beyond plain GSM-7 and UCS-2.

    `languages` are the national tables it may use (names of `national_tables`), `locking` whether locking shift
    tables are among them, `wide_reference` whether segments are numbered with 16 bits, which costs one octet each.
    """

    languages: tuple[str, ...] = ()
    locking: bool = False
    wide_reference: bool = False


PLAIN = CarrierOptions()


class Segmentation(NamedTuple):
    """How a text travels. `units` are septets (GSM-7) or UTF-16 code units (UCS-2), headers left out.

    `cuts` are code point positions: segment n runs from cuts[n] to cuts[n + 1]. `locking_shift` and `single_shift`
    name the national tables, empty for the default ones. The two listings are made when asked, since most callers
    only count.
    """

    text: str
    encoding: str
    units: int
    cuts: tuple[int, ...]
    locking_shift: str = ""
    single_shift: str = ""
    wide_reference: bool = False

    @property
    def segments(self) -> int:
        """How many short messages the text takes, which is what a network bills and paces."""
        return len(self.cuts) - 1

    @property
    def limit(self) -> int:
        """How many units each short message holds beside its header."""
        elements = len(national.language_elements(self.locking_shift, self.single_shift))
        if self.segments > 1:
            elements += _WIDE_REFERENCE if self.wide_reference else _REFERENCE
        return room(elements, 7 if self.encoding == GSM7 else 16)

    @property
    def parts(self) -> tuple[Segment, ...]:
        """The short messages, in order; their texts joined are the text."""
        measure = self._septets if self.encoding == GSM7 else _code_units
        texts = [self.text[start:end] for start, end in pairwise(self.cuts)]
        return tuple([Segment(measure(text), text) for text in texts])

    @property
    def costly(self) -> tuple[Costly, ...]:
        """Every character that makes the text dearer, in order."""
        if self.encoding == GSM7:
            found, why = self._double, "extension"
        else:
            found, why = gsm7.NOT_GSM7, "not_in_gsm7"
        return tuple([Costly(match.start(), match.group(), why) for match in found.finditer(self.text)])

    def header(self, number: int, reference: int) -> bytes:
        """The user data header of segment `number` (from 1), empty when it needs none (TS 23.040, 9.2.3.24).

        Only the low 8 or 16 bits of `reference` travel; it is the same in all segments of a message.
        """
        elements = b""
        if self.segments > 1 and self.wide_reference:
            elements = bytes((0x08, 4, *(reference & 0xFFFF).to_bytes(2, "big"), self.segments, number))
        elif self.segments > 1:
            elements = bytes((0x00, 3, reference & 0xFF, self.segments, number))
        elements += national.language_elements(self.locking_shift, self.single_shift)
        return bytes((len(elements),)) + elements if elements else b""

    @property
    def _double(self) -> re.Pattern[str]:
        if self.locking_shift or self.single_shift:
            return national.alphabet(self.locking_shift, self.single_shift).double
        return gsm7.EXTENSION_CHAR

    def _septets(self, text: str) -> int:
        return len(text) + len(self._double.findall(text))


def segment(text: str, options: CarrierOptions = PLAIN) -> Segmentation:
    """Pack a text into the fewest segments, keeping grapheme clusters (UAX 29) whole where that costs nothing.

    A text outside the default alphabet takes the national tables only when they save a segment, since every phone
    reads UCS-2. Raises InvalidInput("lone_surrogate") when half a surrogate pair stands alone, which no network can
    carry, and InvalidInput("unknown_language") for a language that has no tables.
    """
    wide = options.wide_reference
    if gsm7.ONLY_GSM7.fullmatch(text):
        units = _septets(text)
        limit = _GSM7_WIDE if wide else GSM7_SEGMENT
        cuts = _cuts(text, units, GSM7_SINGLE, limit, gsm7.EXTENSION_CHAR)
        return Segmentation(text, GSM7, units, cuts, wide_reference=wide)
    try:
        units = _code_units(text)
    except UnicodeEncodeError:
        raise InvalidInput(
            "lone_surrogate", "The text holds half a surrogate pair; send whole characters."
        ) from None
    limit = _UCS2_WIDE if wide else UCS2_SEGMENT
    found = Segmentation(
        text, UCS2, units, _cuts(text, units, UCS2_SINGLE, limit, _ASTRAL), wide_reference=wide
    )
    if options.languages and found.segments:
        return min([found, *_national(text, options)], key=_cheapness)
    return found


def room(elements: int, unit_bits: int) -> int:
    """Units of one segment whose header holds so many octets of information elements, its length not among them."""
    return (_OCTETS - (_LENGTH + elements if elements else 0)) * 8 // unit_bits


_GSM7_WIDE, _UCS2_WIDE = room(_WIDE_REFERENCE, 7), room(_WIDE_REFERENCE, 16)


def _cheapness(one: Segmentation) -> tuple[int, bool, int, int]:
    """Fewest segments; then UCS-2; then the shortest header and the fewest units."""
    tables = len(national.language_elements(one.locking_shift, one.single_shift))
    return one.segments, one.encoding == GSM7, tables, one.units


def table_pairs(options: CarrierOptions) -> list[tuple[str, str]]:
    """The locking and single shift tables a text may be written in beside the default ones, empty for a default one.

    Raises InvalidInput("unknown_language") for a language that has no tables.
    """
    for name in options.languages:
        if name not in BY_NAME:
            raise InvalidInput("unknown_language", f"There are no national tables named {name!r}.")
    lockings = [name for name in options.languages if options.locking and BY_NAME[name].locking is not None]
    every = product(("", *lockings), ("", *options.languages))
    return [(locking, single) for locking, single in every if locking or single]


def _national(text: str, options: CarrierOptions) -> Iterator[Segmentation]:
    """The text in every pair of tables that holds all of it."""
    for locking, single in table_pairs(options):
        tables = national.alphabet(locking, single)
        if tables.only.fullmatch(text):
            named = len(national.language_elements(locking, single))
            reference = _WIDE_REFERENCE if options.wide_reference else _REFERENCE
            units = len(text) + len(tables.double.findall(text))
            cuts = _cuts(text, units, room(named, 7), room(named + reference, 7), tables.double)
            yield Segmentation(text, GSM7, units, cuts, locking, single, options.wide_reference)


def _septets(text: str) -> int:
    if gsm7.EXTENSION_CHAR.search(text) is None:
        return len(text)
    return len(text) + len(gsm7.EXTENSION_CHAR.findall(text))


def _code_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _cuts(text: str, units: int, single: int, limit: int, double: re.Pattern[str]) -> tuple[int, ...]:
    """Where segments begin and end; `double` finds the characters that take two units."""
    size = len(text)
    if units <= single:
        return (0, size) if text else (0,)
    doubles = [match.start() for match in double.finditer(text)] if units > size else []
    cuts = _filled(size, doubles, limit)
    if any(_PLAIN_PAIR.match(text, cut - 1) is None for cut in cuts[1:-1]):
        starts = _cluster_starts(text)
        if any(starts[cut] != cut for cut in cuts[:-1]):
            cuts = _kept_whole(starts, _prefix(size, doubles), limit)
    return tuple(cuts)


def _filled(size: int, doubles: list[int], limit: int) -> list[int]:
    """Where segments begin and end when each is filled as far as it goes: first 0, last `size`."""
    cuts = [0]
    following = 0
    while cuts[-1] < size:
        start = cuts[-1]
        end = start + limit
        while following < len(doubles) and doubles[following] < end:
            end -= 1
            if doubles[following] >= end:
                # Only one unit is left: the pair opens the next segment.
                end = doubles[following]
                break
            following += 1
        cuts.append(min(end, size))
    return cuts


def _prefix(size: int, doubles: list[int]) -> list[int]:
    """For each position, the units before it."""
    costs = [1] * size
    for position in doubles:
        costs[position] = 2
    return list(accumulate(costs, initial=0))


def _kept_whole(cluster_start: list[int], prefix: list[int], limit: int) -> list[int]:
    """Where segments begin and end when a cut inside a cluster moves back to its start, if that costs nothing."""
    farthest = _farthest(prefix, limit)
    needed = _needed(farthest)
    size = len(cluster_start)
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
