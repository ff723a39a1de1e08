"""What comes back: delivery receipts, and what people write. Pure; whatever can be made out is taken.

The form of the text is a convention (SMPP 3.4, appendix B) that every vendor bends: keys in any case and order, fields
missing, the final NUL of the id forgotten. Parameters win over the text.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeVar

from app.carriers.smpp.codec import ShortMessage, Tag, cstring
from app.carriers.smpp.parts import INTERNATIONAL_TON, NATIONAL_TON, UCS2_CODING, UDH, unpack
from app.messaging.texts import gsm7

RECEIPT: Final = 0x04  # esm_class & 0x3C
INTERMEDIATE: Final = 0x20
_KIND_MASK: Final = 0x3C

PartState = Literal["enroute", "delivered", "failed"]
IdForm = Literal["any", "same", "decimal", "hexadecimal"]

# State of a message (5.2.28) and the words of the text form -> our state and code. 0 and 9 belong to SMPP 5.0.
_BY_NUMBER: Final[Mapping[int, tuple[PartState, str]]] = {
    1: ("enroute", ""),
    2: ("delivered", ""),
    3: ("failed", "expired"),
    4: ("failed", "undelivered"),
    5: ("failed", "undelivered"),
    6: ("enroute", ""),
    7: ("enroute", "unconfirmed"),
    8: ("failed", "refused"),
}
_BY_WORD: Final[Mapping[str, int]] = {
    "ENROUTE": 1,
    "DELIVRD": 2,
    "DELIVERED": 2,
    "EXPIRED": 3,
    "DELETED": 4,
    "UNDELIV": 5,
    "UNDELIVERABLE": 5,
    "ACCEPTD": 6,
    "ACCEPTED": 6,
    "UNKNOWN": 7,
    "REJECTD": 8,
    "REJECTED": 8,
}
_NOT_FINAL: Final[tuple[PartState, str]] = ("enroute", "")
# Error of a GSM network (network_error_code of type 3; causes of 3GPP TS 29.002) -> our code.
_GSM_NETWORK: Final = 3
_GSM_ERRORS: Final[Mapping[int, str]] = {
    1: "unknown_number",
    5: "unknown_number",
    6: "phone_absent",
    9: "blocked",
    11: "phone_incompatible",
    13: "blocked",
    21: "phone_incompatible",
    27: "phone_absent",
    31: "phone_absent",
    34: "network_failure",
}
# What a vendor pads a field with must not become a part of it: a database refuses NUL in a text.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_FIELD: Final = re.compile(r"\b(id|stat|err)\s*:\s*([^\s:]+)(?=\s|$)", re.IGNORECASE)
LONGEST_ID: Final = 64


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one submission. `message_id` may be empty, then only `number` (bare digits) tells which.

    `code` is in our words (`app.messaging.sending.failures`), `vendor` the number behind it as it came.
    """

    message_id: str
    number: str
    state: PartState
    code: str
    vendor: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A message from a person, or one part of it. `reference` and `total` are 0 and 1 when it came whole. `from_` begins
    with a plus when its type of number says that it has a country code; `national` when it says that it has none."""

    from_: str
    to: str
    text: str
    reference: int = 0
    number: int = 1
    total: int = 1
    national: bool = False


def read(message: ShortMessage, error_codes: Mapping[str, str], *, packed: bool = False) -> Receipt | Piece:
    """A receipt or a reply. `error_codes` translates the vendor's `err:`; `packed` says how the default alphabet
    comes."""
    kind = message.esm_class & _KIND_MASK
    text = _text(message, packed=packed)
    named = message.tlv(Tag.RECEIPTED_MESSAGE_ID)
    if kind & (RECEIPT | INTERMEDIATE) or (named is not None and message.tlv(Tag.MESSAGE_STATE) is not None):
        return _receipt(message, text, named, error_codes, intermediate=not kind & RECEIPT and bool(kind))
    return _piece(message, text)


def same_id(ours: str, theirs: str, form: IdForm = "any") -> int:
    """How well the id of a receipt fits that of a response: 0 not at all, 4 exactly.

    The same id may come back in other letters, without zeros, or with the base changed; `form` is what the carrier says
    it does with it in receipts, and `any` tries everything.
    """
    if not ours or not theirs:
        return 0
    left, right = ours.lower(), theirs.lower()
    if form in ("any", "same"):
        alike = (ours == theirs, left == right, _bare(left) == _bare(right))
        if True in alike:
            return 4 - alike.index(True)
    to_decimal = form in ("any", "decimal") and _converted(left, 16, "d") == _bare(right)
    to_hexadecimal = form in ("any", "hexadecimal") and _converted(left, 10, "x") == _bare(right)
    return int(to_decimal or to_hexadecimal)


T = TypeVar("T")


def best(candidates: Iterable[tuple[T, str]], message_id: str, form: IdForm) -> T | None:
    """The candidate whose id fits best, the first of equals; None when none does."""
    found: T | None = None
    found_fit = 0
    for candidate, ours in candidates:
        if (fit := same_id(ours, message_id, form)) > found_fit:
            found, found_fit = candidate, fit
    return found


def whole(states: Iterable[tuple[PartState | None, str]]) -> tuple[PartState, str]:
    """What the (state, code) of its parts make of a message: failed as soon as one is, delivered when all are. None is a
    part nobody reported on."""
    known = list(states)
    for state, code in known:
        if state == "failed":
            return "failed", code
    if all(state == "delivered" for state, _ in known):
        return "delivered", ""
    return next((("enroute", code) for state, code in known if state == "enroute" and code), _NOT_FINAL)


def _receipt(
    message: ShortMessage,
    text: str,
    named: bytes | None,
    error_codes: Mapping[str, str],
    *,
    intermediate: bool,
) -> Receipt:
    fields: dict[str, str] = {}
    for match in _FIELD.finditer(_CONTROL.sub(" ", text)):
        fields.setdefault(match.group(1).lower(), match.group(2))
    stated = message.tlv(Tag.MESSAGE_STATE)
    number = stated[0] if stated else _BY_WORD.get(fields.get("stat", "").upper(), 0)
    state, code = _NOT_FINAL if intermediate else _BY_NUMBER.get(number, _NOT_FINAL)
    vendor = fields.get("err", "")
    if state == "failed":
        code = error_codes.get(vendor) or _network_error(message) or code
    named_id = _CONTROL.sub("", cstring(named)) if named else ""
    message_id = (named_id or fields.get("id", ""))[:LONGEST_ID]
    return Receipt(message_id, message.source.digits, state, code, vendor[:20])


def _network_error(message: ShortMessage) -> str:
    value = message.tlv(Tag.NETWORK_ERROR_CODE) or b""
    if len(value) != 3 or value[0] != _GSM_NETWORK:
        return ""
    return _GSM_ERRORS.get(int.from_bytes(value[1:], "big"), "")


def _piece(message: ShortMessage, text: str) -> Piece:
    source = message.source
    written = f"+{source.digits.removeprefix('+')}" if source.ton == INTERNATIONAL_TON else source.digits
    plain = Piece(written, message.destination.digits, text, national=source.ton == NATIONAL_TON)
    total = message.tlv(Tag.SAR_TOTAL) or b""
    number, reference = message.tlv(Tag.SAR_NUMBER) or b"", message.tlv(Tag.SAR_REFERENCE) or b""
    if total and number:
        return _part_of(plain, int.from_bytes(reference, "big"), number[0], total[0])
    header, _ = _split(message)
    at = 1
    while at + 2 <= len(header):
        element, size = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + size]
        if element == 0x00 and len(value) == 3:
            return _part_of(plain, value[0], value[2], value[1])
        if element == 0x08 and len(value) == 4:
            return _part_of(plain, int.from_bytes(value[:2], "big"), value[3], value[2])
        at += 2 + size
    return plain


def _part_of(plain: Piece, reference: int, number: int, total: int) -> Piece:
    if not 1 <= number <= total or total == 1:
        return plain
    return replace(plain, reference=reference, number=number, total=total)


def _split(message: ShortMessage) -> tuple[bytes, bytes]:
    """Header and text. A receipt has no header, whatever its class claims."""
    content = message.content
    if not message.esm_class & UDH or message.esm_class & _KIND_MASK or not content:
        return b"", content
    size = content[0] + 1
    return content[:size], content[size:]


def _text(message: ShortMessage, *, packed: bool) -> str:
    """The text in whatever coding it says, as far as it can be read."""
    header, octets = _split(message)
    coding = message.data_coding
    if coding == UCS2_CODING or coding & 0xFC in (0x08, 0x18):
        return octets[: len(octets) // 2 * 2].decode("utf-16-be", "replace")
    if coding in (1, 3) or message.esm_class & _KIND_MASK:
        # A receipt is ASCII whatever it claims.
        return octets.decode("latin-1")
    if coding in (2, 4):
        return ""
    if packed:
        return gsm7.from_octets(unpack(header + octets, len(header)))
    try:
        return gsm7.from_octets(octets)
    except ValueError:
        return octets.decode("latin-1")


def _bare(digits: str) -> str:
    return digits.lstrip("0") or "0"


def _converted(digits: str, base: int, form: str) -> str | None:
    """A number of one base in another; None when it is none."""
    if len(digits) > LONGEST_ID or not digits.isascii() or not digits.isalnum():
        return None
    try:
        return format(int(digits, base), form)
    except ValueError:
        return None
