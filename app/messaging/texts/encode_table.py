"""The replacements of smart encoding, as data a console can show.

Only readings nobody would contest are here: a sign becomes its plain form, a letter loses its accent. What has no
honest reading (emoji, other scripts, fractions, a degree of temperature) is absent on purpose, and stays.
Source: the alphabet's gaps that French texts meet (3GPP TS 23.038); the choice of each reading is ours.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from app.messaging.texts import gsm7


@dataclass(frozen=True, slots=True)
class Replacement:
    """Every character of `chars` becomes `to`. `kind` groups the rows on the screen."""

    kind: str
    chars: str
    to: str


SIGNS = (
    Replacement("quote", "‘’‚‛‹›ʼ′", "'"),
    Replacement("quote", "“”„‟«»″", '"'),
    Replacement("dash", "‐‑‒–—―−", "-"),
    Replacement("dots", "…", "..."),
    Replacement("bullet", "•", "-"),
    Replacement("superscript", "²", "2"),
    Replacement("superscript", "³", "3"),
    Replacement("ligature", "œ", "oe"),
    Replacement("ligature", "Œ", "OE"),
    Replacement("ligature", "ﬀ", "ff"),
    Replacement("ligature", "ﬁ", "fi"),
    Replacement("ligature", "ﬂ", "fl"),
    Replacement("ligature", "ﬃ", "ffi"),
    Replacement("ligature", "ﬄ", "ffl"),
    Replacement("space", "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a", " "),
    Replacement("space", "\u202f\u205f\u3000\t", " "),
    Replacement("line", "\u2028\u2029", "\n"),
    # Zero-width spaces and joiners, soft hyphen, BOM, word joiner, invisible operators, direction marks.
    Replacement("invisible", "\u200b\u200c\u200d\u00ad\ufeff\u2060\u2061\u2062\u2063\u2064\u034f\u180e", ""),
    Replacement("invisible", "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", ""),
    Replacement("stroke", "Đ", "D"),
    Replacement("stroke", "đ", "d"),
    Replacement("stroke", "Ħ", "H"),
    Replacement("stroke", "ħ", "h"),
    Replacement("stroke", "Ł", "L"),
    Replacement("stroke", "ł", "l"),
    Replacement("stroke", "Ŧ", "T"),
    Replacement("stroke", "ŧ", "t"),
)

# Blocks of Latin letters that carry accents: Latin-1, Extended-A and B, Extended Additional.
_ACCENTED_BLOCKS = ((0x00C0, 0x024F), (0x1E00, 0x1EFF))


def _accents() -> Iterator[Replacement]:
    """Each accented Latin letter with the nearest letter the alphabet has: ấ gives a, ǿ gives ø."""
    for first, last in _ACCENTED_BLOCKS:
        for code in range(first, last + 1):
            plain = chr(code)
            while plain not in gsm7.ALPHABET and (parts := unicodedata.decomposition(plain)):
                if parts.startswith("<"):
                    break
                plain = chr(int(parts.split()[0], 16))
            if plain != chr(code) and plain in gsm7.ALPHABET:
                yield Replacement("accent", chr(code), plain)


REPLACEMENTS = (*SIGNS, *_accents())
TABLE = {char: row.to for row in REPLACEMENTS for char in row.chars}
