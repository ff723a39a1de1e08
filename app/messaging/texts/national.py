"""Alphabets made of the national tables: which characters cost one septet, which cost two, and their octets.

A text names its tables in the header of every segment, so a carrier must pass headers on, and the phone must know
the language. Both are common in Turkey and India and rare elsewhere: an option per carrier, off by default.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from app.core.errors import InvalidInput
from app.messaging.texts.gsm7 import ALPHABET, BASIC, ESCAPE, EXTENSION
from app.messaging.texts.national_tables import BY_NAME

ESCAPE_CODE = BASIC.index(ESCAPE)
SINGLE_SHIFT, LOCKING_SHIFT = 0x24, 0x25  # identifiers in the user data header (TS 23.040, 9.2.3.24)


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The characters a pair of tables holds. `one` takes one septet, `two` an escape and a septet."""

    one: dict[str, int]
    two: dict[str, int]
    only: re.Pattern[str]
    double: re.Pattern[str]


@lru_cache(maxsize=256)
def alphabet(locking: str, single: str) -> Alphabet:
    """The alphabet of a locking and a single shift table, each named by its language, or empty for the default.

    Raises InvalidInput("unknown_language") for a language without such a table.
    """
    basic = _locking(locking)
    extension = _single(single)
    one = {char: code for code, char in reversed(basic.items()) if char != ESCAPE}
    two = {char: code for code, char in reversed(extension.items()) if char not in one}
    every = "".join(map(re.escape, sorted(one | two)))
    doubled = "".join(map(re.escape, sorted(two)))
    return Alphabet(one, two, re.compile(f"[{every}]*"), re.compile(f"[{doubled}]"))


@lru_cache(maxsize=64)
def letters(name: str, locking: bool) -> frozenset[str]:
    """The default alphabet with what the tables of a language add to it; those of its locking shift table too when that
    may be used. Raises InvalidInput("unknown_language")."""
    added = set(_single(name).values())
    if locking and BY_NAME[name].locking is not None:
        added |= set(_locking(name).values())
    return (ALPHABET | added) - {ESCAPE}


def _locking(name: str) -> dict[int, str]:
    if not name:
        return dict(enumerate(BASIC))
    table = BY_NAME[name].locking if name in BY_NAME else None
    if table is None:
        raise InvalidInput("unknown_language", f"There is no locking shift table named {name!r}.")
    return dict(table)


def _single(name: str) -> dict[int, str]:
    if not name:
        return {code: char for char, code in EXTENSION.items()}
    if name not in BY_NAME:
        raise InvalidInput("unknown_language", f"There is no single shift table named {name!r}.")
    return dict(BY_NAME[name].single)


def to_octets(text: str, locking: str = "", single: str = "") -> bytes:
    """The text with one septet per octet. Raises ValueError when the tables lack a character."""
    tables = alphabet(locking, single)
    octets = bytearray()
    for char in text:
        if char in tables.one:
            octets.append(tables.one[char])
        elif char in tables.two:
            octets += bytes((ESCAPE_CODE, tables.two[char]))
        else:
            raise ValueError(f"U+{ord(char):04X} is not in the tables")
    return bytes(octets)


def from_octets(octets: bytes, locking: str = "", single: str = "") -> str:
    """Read one septet per octet; what the tables lack shows as a receiver shows it (TS 23.038): the locking
    character behind an unknown escape, otherwise a space. Raises ValueError on an octet above 127."""
    basic, extension = _locking(locking), _single(single)
    text: list[str] = []
    escaped = False
    for octet in octets:
        if octet >= len(BASIC):
            raise ValueError(f"octet 0x{octet:02X} is not a septet")
        if not escaped and octet == ESCAPE_CODE:
            escaped = True
            continue
        known = extension.get(octet) if escaped else None
        text.append(known or (" " if octet == ESCAPE_CODE else basic.get(octet, " ")))
        escaped = False
    return "".join([*text, " "] if escaped else text)


def language_elements(locking: str, single: str) -> bytes:
    """The information elements that name the tables; empty for the default ones."""
    elements = b""
    if locking:
        elements += bytes((LOCKING_SHIFT, 1, BY_NAME[locking].code))
    if single:
        elements += bytes((SINGLE_SHIFT, 1, BY_NAME[single].code))
    return elements
