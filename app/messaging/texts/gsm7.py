"""The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038, section 6.2.1).

One character of the basic table is one septet; one of the extension table is an escape and a septet, two in all.
National language tables are in `national`: off unless a carrier is said to pass them on.
"""

import re

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
ESCAPE = "\x1b"
EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
BASIC_TEXT = frozenset(BASIC) - {ESCAPE}
ALPHABET = BASIC_TEXT | EXTENSION.keys()

_ALL = "".join(re.escape(char) for char in sorted(ALPHABET))
ONLY_GSM7 = re.compile(f"[{_ALL}]*")
NOT_GSM7 = re.compile(f"[^{_ALL}]")
EXTENSION_CHAR = re.compile("[" + "".join(re.escape(char) for char in EXTENSION) + "]")

_ESCAPE_CODE = BASIC.index(ESCAPE)
_OCTETS = {char: bytes([code]) for code, char in enumerate(BASIC) if char != ESCAPE} | {
    char: bytes([_ESCAPE_CODE, code]) for char, code in EXTENSION.items()
}
_EXTENSION_BY_CODE = {code: char for char, code in EXTENSION.items()}


def is_gsm7(text: str) -> bool:
    """Whether every character has a place in the alphabet. The escape character itself has none as text."""
    return ONLY_GSM7.fullmatch(text) is not None


def to_octets(text: str) -> bytes:
    """The text with one septet per octet, the form SMPP calls the default alphabet.

    Raises ValueError when a character is not in the alphabet.
    """
    try:
        return b"".join([_OCTETS[char] for char in text])
    except KeyError as missing:
        raise ValueError(f"U+{ord(missing.args[0]):04X} is not in the GSM 7-bit alphabet") from None


def from_octets(octets: bytes) -> str:
    """Read one septet per octet.

    As TS 23.038 asks of a receiver: an escape followed by a code the extension table lacks shows the basic
    character of that code, and an escape at the end shows a space. Raises ValueError on an octet above 127.
    """
    text: list[str] = []
    escaped = False
    for octet in octets:
        if octet >= len(BASIC):
            raise ValueError(f"octet 0x{octet:02X} is not a septet")
        if escaped:
            text.append(_EXTENSION_BY_CODE.get(octet, BASIC[octet] if octet != _ESCAPE_CODE else " "))
            escaped = False
        elif octet == _ESCAPE_CODE:
            escaped = True
        else:
            text.append(BASIC[octet])
    if escaped:
        text.append(" ")
    return "".join(text)
