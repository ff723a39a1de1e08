"""The messages of SMPP 3.4 as bytes (SMPP Protocol Specification v3.4, issue 1.2).

Written strictly: what does not fit its field is refused with ValueError. Read leniently: no decoder here raises on a
body, however broken, because a receipt with one bad field is still a receipt; a field that cannot be read is empty or
zero. Only a length that cannot be true ends a connection (`frame_size`).
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

HEADER: Final = struct.Struct(">IIII")
LARGEST: Final = 66_000  # the largest message_payload and its surroundings
LAST_SEQUENCE: Final = 0x7FFFFFFF
VERSION: Final = 0x34
RESPONSE: Final = 0x80000000
_TLV: Final = struct.Struct(">HH")


class Command(IntEnum):
    """The requests; a response is its request with the top bit set."""

    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15
    ALERT_NOTIFICATION = 0x102
    DATA_SM = 0x103
    GENERIC_NACK = 0x80000000


class Status(IntEnum):
    """What an answer says. Values from 0x400 to 0x4FF are the vendor's own and stay numbers."""

    OK = 0x00
    BAD_LENGTH = 0x01
    BAD_COMMAND = 0x03
    BAD_BIND_STATE = 0x04
    ALREADY_BOUND = 0x05
    SYSTEM_ERROR = 0x08
    BAD_SOURCE = 0x0A
    BAD_DESTINATION = 0x0B
    BIND_FAILED = 0x0D
    BAD_PASSWORD = 0x0E
    BAD_SYSTEM_ID = 0x0F
    QUEUE_FULL = 0x14
    SUBMIT_FAILED = 0x45
    BAD_SYSTEM_TYPE = 0x53
    THROTTLED = 0x58
    RECEIVER_TEMPORARY = 0x64


class Tag(IntEnum):
    """Optional parameters that are used here."""

    RECEIPTED_MESSAGE_ID = 0x001E
    USER_MESSAGE_REFERENCE = 0x0204
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    MESSAGE_PAYLOAD = 0x0424
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_STATE = 0x0427


@dataclass(frozen=True, slots=True)
class Pdu:
    """One message with its header read and its body as it came."""

    command: int
    status: int
    sequence: int
    body: bytes = b""

    @property
    def is_response(self) -> bool:
        """Whether it answers a request of ours."""
        return bool(self.command & RESPONSE)

    def encode(self) -> bytes:
        """The bytes for the wire. Raises ValueError for a sequence number outside 1 to 0x7FFFFFFF."""
        if not 1 <= self.sequence <= LAST_SEQUENCE and self.command != Command.GENERIC_NACK:
            raise ValueError("a sequence number is between 1 and 0x7FFFFFFF")
        return HEADER.pack(16 + len(self.body), self.command, self.status, self.sequence) + self.body


@dataclass(frozen=True, slots=True)
class Address:
    """A number or a name with its type of number and numbering plan."""

    ton: int
    npi: int
    digits: str


NOBODY: Final = Address(0, 0, "")


@dataclass(frozen=True, slots=True)
class Bind:
    """What logs a link in. The password is never shown."""

    system_id: str
    password: str
    system_type: str = ""
    version: int = VERSION
    address_range: Address = NOBODY

    def __repr__(self) -> str:
        return f"Bind(system_id={self.system_id!r}, system_type={self.system_type!r})"


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """The body of submit_sm and deliver_sm, and as far as it goes of data_sm. `tlvs` are (tag, value) in order."""

    source: Address = NOBODY
    destination: Address = NOBODY
    service_type: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority: int = 0
    schedule: str = ""
    validity: str = ""
    registered_delivery: int = 0
    replace: int = 0
    data_coding: int = 0
    default_message: int = 0
    text: bytes = b""
    tlvs: tuple[tuple[int, bytes], ...] = ()

    def tlv(self, tag: int) -> bytes | None:
        """The first value of a parameter."""
        return next((value for found, value in self.tlvs if found == tag), None)

    @property
    def content(self) -> bytes:
        """What it says, wherever it was put: the text, or the message_payload."""
        return self.text or self.tlv(Tag.MESSAGE_PAYLOAD) or b""


def frame_size(head: bytes) -> int | None:
    """Octets of the message whose first four are `head`; None when nothing sane can follow."""
    size = int.from_bytes(head[:4], "big")
    return size if HEADER.size <= size <= LARGEST else None


def decode(frame: bytes) -> Pdu:
    """Header and body of one whole message, at least 16 octets."""
    _, command, status, sequence = HEADER.unpack_from(frame)
    return Pdu(command, status, sequence, frame[HEADER.size :])


def encode_bind(bind: Bind) -> bytes:
    """The body of the three bind requests. Raises ValueError for what does not fit."""
    return b"".join(
        (
            _string(bind.system_id, 15),
            _string(bind.password, 8),
            _string(bind.system_type, 12),
            bytes((bind.version, bind.address_range.ton, bind.address_range.npi)),
            _string(bind.address_range.digits, 40),
        )
    )


def decode_bind(body: bytes) -> Bind:
    """What somebody logs in with."""
    reader = _Reader(body)
    return Bind(
        reader.string(), reader.string(), reader.string(), reader.octet(),
        Address(reader.octet(), reader.octet(), reader.string()),
    )  # fmt: skip


def encode_bind_answer(system_id: str, version: int | None = VERSION) -> bytes:
    """The body of a bind response."""
    tlvs = [] if version is None else [(Tag.SC_INTERFACE_VERSION, bytes((version,)))]
    return _string(system_id, 15) + _tlvs(tlvs)


def encode_message(message: ShortMessage) -> bytes:
    """The body of submit_sm and deliver_sm. Raises ValueError for what does not fit."""
    if len(message.text) > 254:
        raise ValueError("a short message has at most 254 octets; use message_payload")
    fixed = bytes(
        (message.registered_delivery, message.replace, message.data_coding, message.default_message)
    )
    return b"".join(
        (
            _string(message.service_type, 5),
            _address(message.source, 20),
            _address(message.destination, 20),
            bytes((message.esm_class, message.protocol_id, message.priority)),
            _time(message.schedule),
            _time(message.validity),
            fixed,
            bytes((len(message.text),)),
            message.text,
            _tlvs(message.tlvs),
        )
    )


def decode_message(body: bytes) -> ShortMessage:
    """The body of submit_sm and deliver_sm, as far as it can be read."""
    reader = _Reader(body)
    service = reader.string()
    source, destination = reader.address(), reader.address()
    esm, protocol, priority = reader.octet(), reader.octet(), reader.octet()
    schedule, validity = reader.string(), reader.string()
    registered, replace, coding, default, size = (reader.octet() for _ in range(5))
    return ShortMessage(
        source, destination, service, esm, protocol, priority, schedule, validity, registered, replace, coding,
        default, reader.octets(size), reader.tlvs(),
    )  # fmt: skip


def decode_data_message(body: bytes) -> ShortMessage:
    """The body of data_sm, as far as it can be read: its text is a message_payload."""
    reader = _Reader(body)
    service = reader.string()
    source, destination = reader.address(), reader.address()
    esm, registered, coding = reader.octet(), reader.octet(), reader.octet()
    return ShortMessage(
        source, destination, service, esm, registered_delivery=registered, data_coding=coding, tlvs=reader.tlvs()
    )  # fmt: skip


def encode_answer(message_id: str = "") -> bytes:
    """The body of submit_sm_resp, deliver_sm_resp and data_sm_resp."""
    return _string(message_id, 64)


def decode_answer(body: bytes) -> str:
    """The message id of a submit_sm_resp, or the system id of a bind response; empty when there is none."""
    return _Reader(body).string()


def cstring(value: bytes) -> str:
    """The text of a parameter that should end in NUL, and may not."""
    return value.partition(b"\0")[0].decode("latin-1").strip()


class _Reader:
    """Takes fields off a body. Past its end every field is empty or zero."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def string(self) -> str:
        end = self._body.find(b"\0", self._at)
        end = len(self._body) if end < 0 else end
        value = self._body[self._at : end]
        self._at = end + 1
        return value.decode("latin-1")

    def octet(self) -> int:
        value = self._body[self._at] if self._at < len(self._body) else 0
        self._at += 1
        return value

    def octets(self, size: int) -> bytes:
        value = self._body[self._at : self._at + size]
        self._at += size
        return value

    def address(self) -> Address:
        return Address(self.octet(), self.octet(), self.string())

    def tlvs(self) -> tuple[tuple[int, bytes], ...]:
        found = []
        while self._at + _TLV.size <= len(self._body):
            tag, size = _TLV.unpack_from(self._body, self._at)
            self._at += _TLV.size
            found.append((tag, self.octets(size)))
        return tuple(found)


def _string(value: str, longest: int) -> bytes:
    try:
        octets = value.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("a field holds a character that SMPP cannot carry") from None
    if len(octets) > longest or b"\0" in octets:
        raise ValueError(f"a field holds {len(octets)} characters, and may hold {longest} without NUL")
    return octets + b"\0"


def _address(address: Address, longest: int) -> bytes:
    return bytes((address.ton, address.npi)) + _string(address.digits, longest)


def _time(value: str) -> bytes:
    if value and len(value) != 16:
        raise ValueError("a time has 16 characters, or none")
    return _string(value, 16)


def _tlvs(tlvs: Iterable[tuple[int, bytes]]) -> bytes:
    return b"".join([_TLV.pack(tag, len(value)) + value for tag, value in tlvs])
