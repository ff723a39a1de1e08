"""F4, point 22: how a text becomes what travels."""

import time
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.carriers.smpp.codec import Address, Command, Pdu, Tag, encode_message
from app.carriers.smpp.parts import TextOptions, build, pack, relative_time, source_address, unpack
from app.core.errors import InvalidInput
from app.messaging.texts import gsm7
from app.messaging.texts.encode import smart_encode
from app.messaging.texts.segmentation import segment
from tests.carriers.smpp.vectors import PDUS, smpp34_reads, smpplib_reads

TO = "+33612345678"
PLAIN = TextOptions()
WIDE = TextOptions(long_text="udh16")


def octets(text: str, options: TextOptions = PLAIN, reference: int = 0x42) -> list[bytes]:
    return [part.text for part in build("PLI", TO, text, 900, reference, options)]


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("A" * 160, [160]),
        ("A" * 161, [153 + 6, 8 + 6]),
        ("é" * 306, [159, 159]),
        ("A" * 307, [159, 159, 7]),
        ("A" * 152 + "€" + "A" * 20, [152 + 6, 22 + 6]),
        ("ê" * 70, [140]),
        ("ê" * 71, [134 + 6, 8 + 6]),
        ("ê" + "a" * 65 + "😀" + "a" * 10, [132 + 6, 24 + 6]),
    ],
)
def test_22_a_text_is_cut_where_the_network_cuts(text: str, sizes: list[int]) -> None:
    assert [len(part) for part in octets(text)] == sizes


def test_22_a_circumflex_is_ucs2_unless_it_is_transliterated() -> None:
    assert [part.data_coding for part in build("PLI", TO, "Prêt", 900, 1, PLAIN)] == [8]
    assert [part.data_coding for part in build("PLI", TO, smart_encode("Prêt").text, 900, 1, PLAIN)] == [0]


def test_22_one_reference_in_all_parts_of_a_message() -> None:
    parts = build("PLI", TO, "A" * 400, 900, 0x42, PLAIN)

    assert [part.text[:6].hex() for part in parts] == ["050003420301", "050003420302", "050003420303"]
    assert {part.esm_class for part in parts} == {0x40}
    assert {part.registered_delivery for part in parts} == {1}


def test_22_the_vectors_come_out_byte_for_byte() -> None:
    def frame(name: str, text: str, part: int = 0) -> str:
        vector = PDUS[name]
        message = build("PLI", TO, text, 900, vector.get("reference", 0), PLAIN)[part]
        if name != "submit_15_minutes":
            # these were written for a message that never ends
            message = replace(message, validity="")
        return Pdu(Command.SUBMIT_SM, 0, vector["sequence"], encode_message(message)).encode().hex()

    for name in ("submit_gsm", "submit_ucs2", "submit_15_minutes"):
        assert frame(name, PDUS[name]["text"]) == PDUS[name]["hex"]
    assert frame("submit_part_2", "A" * 161, part=1) == PDUS["submit_part_2"]["hex"]
    assert octets(PDUS["gsm"]["text"])[0].hex() == PDUS["gsm"]["hex"]


def test_a_wide_reference_takes_one_octet_more() -> None:
    parts = build("PLI", TO, "A" * 161, 900, 0x1234, WIDE)

    assert [part.text[:7].hex() for part in parts] == ["06080412340201", "06080412340202"]
    assert [len(part.text) for part in parts] == [152 + 7, 9 + 7]


def test_segments_may_be_numbered_by_parameters() -> None:
    parts = build("PLI", TO, "A" * 161, 900, 0x1234, TextOptions(long_text="sar"))

    assert [dict(part.tlvs) for part in parts] == [
        {Tag.SAR_REFERENCE: b"\x12\x34", Tag.SAR_TOTAL: b"\x02", Tag.SAR_NUMBER: bytes((number,))}
        for number in (1, 2)
    ]
    assert [(part.esm_class, len(part.text)) for part in parts] == [(0, 153), (0, 8)]


def test_a_long_text_may_travel_in_one_piece() -> None:
    options = TextOptions(long_text="payload")
    (part,) = build("PLI", TO, "é" * 161, 900, 1, options)
    (short,) = build("PLI", TO, "é" * 160, 900, 1, options)

    assert (part.text, part.tlvs) == (b"", ((Tag.MESSAGE_PAYLOAD, b"\x05" * 161),))
    assert (len(short.text), short.tlvs) == (160, ())


def test_other_decoders_read_every_way_of_a_long_text() -> None:
    ways: list[TextOptions] = [TextOptions(long_text=way) for way in ("udh8", "udh16", "sar", "payload")]
    for options in ways:
        for part in build("PLI", TO, "Prêt " * 60, 900, 7, options):
            frame = Pdu(Command.SUBMIT_SM, 0, 1, encode_message(part)).encode()
            assert smpp34_reads(frame).tlvs is not None
            assert smpplib_reads(frame).destination_addr == b"33612345678"


def test_national_tables_are_named_in_a_header_of_their_own() -> None:
    options = TextOptions(languages=("turkish",))
    parts = build("PLI", TO, "ş" * 71, 900, 1, options)

    assert [part.text[:4].hex() for part in parts] == ["03240101"]
    assert [(part.data_coding, part.esm_class) for part in parts] == [(0, 0x40)]


def test_packed_septets_are_eight_in_seven() -> None:
    assert pack(b"hellohello").hex() == "e8329bfd4697d9ec37"


def test_packed_septets_begin_at_a_septet_behind_a_header() -> None:
    header = bytes.fromhex("050003420201")
    packed = pack(b"A" * 153, header)

    assert (len(packed), packed[:6]) == (140, header)
    assert packed[6] == ord("A") << 1  # 48 bits of header, one bit of fill
    assert unpack(packed, len(header)) == b"A" * 153


@given(
    st.binary(max_size=153).map(lambda data: bytes(octet & 0x7F for octet in data)),
    st.sampled_from([0, 6, 7]),
)
@settings(max_examples=150, deadline=None)
def test_what_is_packed_is_unpacked(septets: bytes, header: int) -> None:
    found = unpack(pack(septets, bytes(header)), header)

    # A carriage return that ends an octet is filling, by the standard.
    assert found == septets or (septets.endswith(b"\r") and found == septets[:-1])


def test_a_packed_text_fits_a_short_message() -> None:
    options = TextOptions(alphabet="gsm_packed", gsm_data_coding=0xF1)
    parts = build("PLI", TO, "é" * 400, 900, 1, options)

    assert [len(part.text) for part in parts] == [140, 140, 89]
    assert {part.data_coding for part in parts} == {0xF1}
    assert gsm7.from_octets(unpack(parts[0].text, 6)) == "é" * 153


def test_a_carrier_whose_alphabet_is_latin_1() -> None:
    options = TextOptions(alphabet="latin1")

    assert octets("été", options) == [b"\xe9t\xe9"]
    assert build("PLI", TO, "été", 900, 1, options)[0].data_coding == 3
    with pytest.raises(InvalidInput, match="euro"):
        octets("5 €", options)


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("PLI", Address(5, 0, "PLI")),
        ("Pli 2", Address(5, 0, "Pli 2")),
        ("36180", Address(3, 0, "36180")),
        ("+33612345678", Address(1, 1, "33612345678")),
        ("33612345678", Address(1, 1, "33612345678")),
    ],
)
def test_the_type_of_a_sender(sender: str, address: Address) -> None:
    assert source_address(sender, PLAIN) == address


@pytest.mark.parametrize("sender", ["", "TOO LONG NAME", "Société"])
def test_a_sender_no_network_shows_is_refused(sender: str) -> None:
    with pytest.raises(InvalidInput, match="sender"):
        source_address(sender, PLAIN)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (900, "000000001500000R"),
        (1, "000000000001000R"),
        (0, "000000000001000R"),
        (90_061, "000001010101000R"),
        (10**9, "000031000000000R"),
    ],
)
def test_a_lifetime_is_relative(seconds: int, said: str) -> None:
    assert relative_time(seconds) == said


def test_nothing_is_not_sent() -> None:
    with pytest.raises(InvalidInput, match="no text"):
        build("PLI", TO, "", 900, 1, PLAIN)


def test_more_segments_than_a_header_can_count_are_refused() -> None:
    with pytest.raises(InvalidInput, match="255"):
        build("PLI", TO, "A" * (153 * 255 + 1), 900, 1, PLAIN)


@given(
    st.text(st.sampled_from("aé€ğışçÇÁê😀 \n"), min_size=1, max_size=400),
    st.sampled_from(("udh8", "udh16")),
    st.sampled_from(((), ("turkish",), ("turkish", "portuguese"))),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_22_what_is_counted_beforehand_is_what_travels(
    text: str, long_text: Literal["udh8", "udh16"], languages: tuple[str, ...], locking: bool
) -> None:
    options = TextOptions(long_text=long_text, languages=languages, locking_shift=locking)
    assert len(build("PLI", TO, text, 900, 7, options)) == segment(text, options.counting).segments


def test_a_payload_of_64_kb_is_unpacked_in_no_time() -> None:
    """Linear work: eight times as much takes about eight times as long, and never sixty-four times."""

    def seconds(octets: int) -> float:
        began = time.thread_time()
        unpack(bytes(octets))
        return time.thread_time() - began

    small = min(seconds(8_000) for _ in range(5))
    assert min(seconds(64_000) for _ in range(3)) < 30 * small


@given(st.binary(max_size=160), st.integers(0, 12))
def test_what_was_packed_behind_a_header_comes_back(septets: bytes, size: int) -> None:
    plain = bytes(octet & 0x7F for octet in septets).rstrip(b"\r\0")
    assert unpack(pack(plain, bytes(size)), size).rstrip(b"\0") == plain
