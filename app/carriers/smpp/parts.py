"""A text becomes the messages that travel: addresses, alphabet, headers of long texts. Pure.

Where the text is cut, and what each segment's header says, is `app.messaging.texts.segmentation`'s; here it is put into
submit_sm. Layout of addresses and of relative times: SMPP 3.4, 5.2 and 7.1; packed septets: 3GPP TS 23.038, 6.1.2.1.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

from app.carriers.smpp.codec import Address, ShortMessage, Tag
from app.core.errors import InvalidInput
from app.messaging.texts import national
from app.messaging.texts.segmentation import GSM7, CarrierOptions, Segmentation, segment

UDH: Final = 0x40  # esm_class: the text begins with a header
LATIN1_CODING: Final = 3
UCS2_CODING: Final = 8
MOST_PARTS: Final = 255
NAME_TON, NAME_NPI = 5, 0
INTERNATIONAL_TON, ISDN_NPI = 1, 1
NATIONAL_TON: Final = 2
SHORT_CODE_DIGITS: Final = 8
LONGEST_SECONDS: Final = 31 * 86_400
PAYLOAD_OCTETS: Final = 64_000
_FILL: Final = 0x0D


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How one carrier wants texts. The fields are those of `SmppSettings`."""

    long_text: Literal["udh8", "udh16", "sar", "payload"] = "udh8"
    alphabet: Literal["gsm", "gsm_packed", "latin1"] = "gsm"
    gsm_data_coding: int = 0
    languages: tuple[str, ...] = ()
    locking_shift: bool = False
    short_code: tuple[int, int] = (3, 0)
    service_type: str = ""

    @property
    def counting(self) -> CarrierOptions:
        """How texts are cut, for whoever counts them before they are sent."""
        return CarrierOptions(self.languages, self.locking_shift, self.long_text == "udh16")


def source_address(sender: str, options: TextOptions) -> Address:
    """Whom a message comes from: a name, a number in E.164, or a short code. Raises InvalidInput("sender_invalid")."""
    digits = sender.removeprefix("+")
    if not digits.isascii() or not digits.isdecimal():
        if not 1 <= len(sender) <= 11 or not sender.isascii() or not sender.isprintable():
            raise InvalidInput("sender_invalid", "A sender name has 1 to 11 letters or digits.")
        return Address(NAME_TON, NAME_NPI, sender)
    if sender.startswith("+") or len(digits) > SHORT_CODE_DIGITS:
        return Address(INTERNATIONAL_TON, ISDN_NPI, digits)
    return Address(*options.short_code, digits)


def destination_address(e164: str) -> Address:
    """Whom it goes to: bare digits with the country code."""
    return Address(INTERNATIONAL_TON, ISDN_NPI, e164.removeprefix("+"))


def relative_time(seconds: int) -> str:
    """A lifetime as SMPP writes it, at most 31 days: 900 becomes 000000001500000R."""
    left = max(1, min(seconds, LONGEST_SECONDS))
    days, left = divmod(left, 86_400)
    hours, left = divmod(left, 3_600)
    minutes, left = divmod(left, 60)
    return f"0000{days:02}{hours:02}{minutes:02}{left:02}000R"


def build(
    sender: str, to: str, text: str, ttl_seconds: int, reference: int, options: TextOptions
) -> list[ShortMessage]:
    """The submissions that carry one text, in order. `reference` is the same in all parts and differs from one message
    to the next; its low 8 or 16 bits travel.

    Raises InvalidInput: `text_empty`, `text_too_long`, `text_not_in_alphabet`, `sender_invalid`, and what `segment`
    raises.
    """
    if not text:
        raise InvalidInput("text_empty", "There is no text to send.")
    base = ShortMessage(
        source=source_address(sender, options),
        destination=destination_address(to),
        service_type=options.service_type,
        validity=relative_time(ttl_seconds),
        registered_delivery=1,
    )
    found = segment(text, options.counting)
    if found.segments > MOST_PARTS:
        raise InvalidInput("text_too_long", f"The text takes more than {MOST_PARTS} segments.")
    if found.segments > 1 and options.long_text == "payload":
        coding, octets = _octets(text, b"", found, options)
        if len(octets) > PAYLOAD_OCTETS:
            raise InvalidInput("text_too_long", f"The text takes more than {PAYLOAD_OCTETS} octets.")
        return [replace(base, data_coding=coding, tlvs=((Tag.MESSAGE_PAYLOAD, octets),))]
    by_header = options.long_text in ("udh8", "udh16") or found.segments == 1
    parts = []
    for number, part in enumerate(found.parts, 1):
        header = found.header(number, reference) if by_header else b""
        coding, octets = _octets(part.text, header, found, options)
        tlvs = () if by_header else _sar(number, reference, found)
        esm_class = UDH if header else 0
        parts.append(replace(base, esm_class=esm_class, data_coding=coding, text=octets, tlvs=tlvs))
    return parts


def pack(septets: bytes, header: bytes = b"") -> bytes:
    """Septets in octets, eight in seven, behind a header that is filled up to a septet's end. The spare septet of a text
    that leaves room for one more is a carriage return, so that it is not read as `@`."""
    skip = -len(header) * 8 % 7
    value, bits = 0, skip
    for septet in septets:
        value |= septet << bits
        bits += 7
    if -bits % 8 == 7:
        value |= _FILL << bits
        bits += 7
    return header + value.to_bytes((bits + 7) // 8, "little")


def unpack(octets: bytes, header_size: int = 0) -> bytes:
    """The septets behind a header of so many octets, one in each octet."""
    skip = -header_size * 8 % 7
    unpacked, held, bits = bytearray(), 0, -skip
    for octet in octets[header_size:]:
        held |= (octet << bits) if bits >= 0 else octet >> -bits
        bits += 8
        while bits >= 7:
            unpacked.append(held & 0x7F)
            held, bits = held >> 7, bits - 7
    septets, count = bytes(unpacked), len(unpacked)
    if (skip + 7 * count) % 8 == 0 and septets.endswith(bytes((_FILL,))):
        return septets[:-1]
    return septets


def _octets(text: str, header: bytes, found: Segmentation, options: TextOptions) -> tuple[int, bytes]:
    if found.encoding != GSM7:
        return UCS2_CODING, header + text.encode("utf-16-be")
    if options.alphabet == "latin1":
        return LATIN1_CODING, header + _latin1(text)
    septets = national.to_octets(text, found.locking_shift, found.single_shift)
    packed = options.alphabet == "gsm_packed"
    return options.gsm_data_coding, pack(septets, header) if packed else header + septets


def _latin1(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise InvalidInput(
            "text_not_in_alphabet",
            "The text holds a character, as the euro sign, that this carrier's alphabet lacks.",
        ) from None


def _sar(number: int, reference: int, found: Segmentation) -> tuple[tuple[int, bytes], ...]:
    return (
        (Tag.SAR_REFERENCE, (reference & 0xFFFF).to_bytes(2, "big")),
        (Tag.SAR_TOTAL, bytes((found.segments,))),
        (Tag.SAR_NUMBER, bytes((number,))),
    )
