"""Smart encoding: say the same thing with characters that do not double the price.

The text is put in NFC, then each character outside the GSM 7-bit alphabet takes the reading `encode_table` gives
it. Every change is reported at its place in the text that was given, so that applying the changes to that text
gives the result, and a screen can show what will really be sent.

A carrier that passes national tables on takes the letters of its languages as they are: they stay wherever that costs
no segment more than their plain form.
"""

import unicodedata
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

import regex

from app.messaging.texts import gsm7, national
from app.messaging.texts.encode_table import TABLE
from app.messaging.texts.segmentation import PLAIN, CarrierOptions, segment

_CLUSTER = regex.compile(r"\X")
_NO_BREAK_RUN = regex.compile("[\u00a0\u202f\u2007]++")
# The sign of "numéro" (n°, N°, nº): elsewhere a degree has no reading in the alphabet.
_NUMERO = regex.compile(r"(?<=(?<!\p{L})[nN])[°º]")
_EMOJI_JOINER = regex.compile(
    r"\p{Extended_Pictographic}[\uFE0F\U0001F3FB-\U0001F3FF\U000E0020-\U000E007F]*+\K\u200D"
    r"(?=\p{Extended_Pictographic})"
)
# In these scripts a joiner is spelling, not dust.
_SCRIPT_JOINER = regex.compile(
    r"(?<=[\p{Arabic}\p{Syriac}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}\p{Tamil}"
    r"\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Khmer}\p{Mongolian}])[\u200C\u200D]"
)
# Marks NFC could not join to their Latin letter (x̂), and variation selectors on what is no emoji.
_LOOSE_MARKS = regex.compile(r"\p{Latin}\K[\u0300-\u036F]++|(?<!\p{Emoji})[\uFE0E\uFE0F]")


@dataclass(frozen=True, slots=True)
class Change:
    """One replacement: `index` counts code points of the text as given."""

    index: int
    source: str
    to: str


class Encoded(NamedTuple):
    """The text to send, and what was changed to get it."""

    text: str
    changes: tuple[Change, ...]


def smart_encode(text: str, options: CarrierOptions = PLAIN) -> Encoded:
    """Replace what costs more by what reads the same. A text with nothing to replace comes back unchanged.

    `options` are those of the carrier it leaves by. Of the ways to write it there the one of fewest segments is taken,
    and of those the one that changes least. With national tables raises InvalidInput as `segment` does.
    """
    if gsm7.is_gsm7(text):
        return Encoded(text, ())
    plain = _replaced(text, gsm7.ALPHABET)
    if not (options.languages and plain.changes):
        return plain
    ways = [plain, *(_replaced(text, national.letters(name, options.locking)) for name in options.languages)]
    return min(ways, key=lambda way: (segment(way.text, options).segments, len(way.changes)))


def with_letters(text: str, options: CarrierOptions) -> str:
    """The text with every letter of the carrier's languages as it is, whatever it costs, and the rest replaced."""
    if gsm7.is_gsm7(text):
        return text
    letters = [national.letters(name, options.locking) for name in options.languages]
    return _replaced(text, gsm7.ALPHABET.union(*letters)).text


def _replaced(text: str, kept: AbstractSet[str]) -> Encoded:
    """With everything replaced that has a reading, but for the characters that are `kept`."""
    pieces = _pieces(text)
    normal = "".join([piece for _, _, piece in pieces])
    special = _in_context(normal)
    result: list[str] = []
    changes: list[Change] = []
    position = 0
    for index, source, piece in pieces:
        to = "".join(
            [_reading(char, special.get(position + offset), kept) for offset, char in enumerate(piece)]
        )
        position += len(piece)
        result.append(to)
        if to != source:
            changes.append(Change(index, source, to))
    return Encoded("".join(result), tuple(changes))


def _pieces(text: str) -> list[tuple[int, str, str]]:
    """(index, as given, in NFC): one character each, or a whole cluster where NFC changes it."""
    if unicodedata.is_normalized("NFC", text):
        return [(index, char, char) for index, char in enumerate(text)]
    pieces: list[tuple[int, str, str]] = []
    for match in _CLUSTER.finditer(text):
        cluster, start = match.group(), match.start()
        normal = unicodedata.normalize("NFC", cluster)
        if normal == cluster:
            pieces.extend((start + offset, char, char) for offset, char in enumerate(cluster))
        else:
            pieces.append((start, cluster, normal))
    return pieces


def _in_context(text: str) -> dict[int, str]:
    """The positions whose reading depends on their neighbours, with that reading."""
    special: dict[int, str] = {}
    for match in _LOOSE_MARKS.finditer(text):
        special.update((position, "") for position in range(*match.span()))
    for match in _NO_BREAK_RUN.finditer(text):
        first, last = match.span()
        if text.endswith(("«", "‹"), 0, first) or text.startswith(("»", "›"), last):
            special.update((position, "") for position in range(first, last))
    for match in _NUMERO.finditer(text):
        special[match.start()] = "o"
    for joiner in (_EMOJI_JOINER, _SCRIPT_JOINER):
        special.update((match.start(), match.group()) for match in joiner.finditer(text))
    return special


def _reading(char: str, special: str | None, kept: AbstractSet[str]) -> str:
    if special is not None:
        return special
    return char if char in kept else TABLE.get(char, char)
