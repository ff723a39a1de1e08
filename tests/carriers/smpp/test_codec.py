import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.carriers.smpp import codec
from app.carriers.smpp.codec import (
    Address,
    Bind,
    Command,
    Pdu,
    ShortMessage,
    decode,
    decode_answer,
    decode_bind,
    decode_data_message,
    decode_message,
    encode_answer,
    encode_bind,
    encode_bind_answer,
    encode_message,
    frame_size,
)
from app.carriers.smpp.receipts import read
from tests.carriers.smpp.vectors import PDUS, smpp34_reads, smpplib_reads

OCTET = st.integers(0, 255)
FIELD = st.characters(min_codepoint=1, max_codepoint=255)
TIMES = st.sampled_from(["", "000000001500000R"])


def text(longest: int) -> st.SearchStrategy[str]:
    return st.text(FIELD, max_size=longest)


ADDRESSES = st.builds(Address, OCTET, OCTET, text(20))
MESSAGES = st.builds(
    ShortMessage,
    ADDRESSES,
    ADDRESSES,
    text(5),
    OCTET,
    OCTET,
    OCTET,
    TIMES,
    TIMES,
    OCTET,
    OCTET,
    OCTET,
    OCTET,
    st.binary(max_size=254),
    st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40)), max_size=4).map(tuple),
)


def test_the_vectors_come_out_byte_for_byte() -> None:
    bind = Pdu(Command.BIND_TRANSCEIVER, 0, 1, encode_bind(Bind("esme1", "secret08"))).encode()
    receipt = bytes.fromhex(PDUS["receipt"])
    request = decode(receipt)

    assert bind.hex() == PDUS["bind_transceiver"]
    assert Pdu(Command.ENQUIRE_LINK, 0, 5).encode().hex() == PDUS["enquire_link"]["hex"]
    assert Pdu(request.command, 0, 1, encode_message(decode_message(request.body))).encode() == receipt
    assert Pdu(0x80000005, 0, 1, encode_answer()).encode().hex() == PDUS["receipt_stored"]
    assert Pdu(0x80000005, 0x64, 1, encode_answer()).encode().hex() == PDUS["receipt_refused"]


@given(MESSAGES)
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_again(message: ShortMessage) -> None:
    assert decode_message(encode_message(message)) == message


@given(st.builds(Bind, text(15), text(8), text(12), OCTET, ADDRESSES))
@settings(max_examples=50, deadline=None)
def test_a_login_is_read_again(bind: Bind) -> None:
    assert decode_bind(encode_bind(bind)) == bind


@given(st.integers(1, codec.LAST_SEQUENCE), OCTET, text(64))
@settings(max_examples=50, deadline=None)
def test_an_answer_is_read_again(sequence: int, status: int, message_id: str) -> None:
    frame = Pdu(Command.SUBMIT_SM | codec.RESPONSE, status, sequence, encode_answer(message_id)).encode()
    pdu = decode(frame)

    assert (pdu.command, pdu.status, pdu.sequence, pdu.is_response) == (0x80000004, status, sequence, True)
    assert decode_answer(pdu.body) == message_id


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_no_body_is_so_broken_that_reading_it_fails(body: bytes) -> None:
    for readable in (decode_message(body), decode_data_message(body)):
        assert readable.content is not None
        assert read(readable, {}) is not None
        assert read(readable, {}, packed=True) is not None
    assert decode_bind(body) is not None
    assert isinstance(decode_answer(body), str)


@given(MESSAGES, st.data())
@settings(max_examples=100, deadline=None)
def test_a_message_cut_anywhere_keeps_what_came_before_the_cut(
    message: ShortMessage, data: st.DataObject
) -> None:
    body = encode_message(message)
    cut = data.draw(st.integers(0, len(body)))
    found = decode_message(body[:cut])

    assert message.service_type.startswith(found.service_type)
    assert message.text.startswith(found.text)


@given(MESSAGES)
@settings(max_examples=100, deadline=None)
def test_another_decoder_reads_the_same(message: ShortMessage) -> None:
    judged = smpp34_reads(Pdu(Command.SUBMIT_SM, 0, 7, encode_message(message)).encode())

    assert judged.sequence_number == 7
    assert judged.short_message == message.text
    assert [(tlv.tag, tlv.value) for tlv in judged.tlvs] == list(message.tlvs)


def test_two_other_decoders_read_the_vectors() -> None:
    frame = bytes.fromhex(PDUS["submit_gsm"]["hex"])

    assert smpplib_reads(frame).short_message == smpp34_reads(frame).short_message
    assert smpplib_reads(bytes.fromhex(PDUS["receipt"])).receipted_message_id == b"00001000"
    assert smpplib_reads(bytes.fromhex(PDUS["bind_transceiver"])).interface_version == 0x34


def test_a_bind_answer_says_which_version_it_speaks() -> None:
    judged = smpplib_reads(Pdu(0x80000009, 0, 1, encode_bind_answer("SMSC")).encode())

    assert (judged.system_id, judged.sc_interface_version) == (b"SMSC", 0x34)


@pytest.mark.parametrize("size", [0, 15, 66_001, 0xFFFFFFFF])
def test_a_length_that_cannot_be_true_is_refused(size: int) -> None:
    assert frame_size(size.to_bytes(4, "big")) is None


@pytest.mark.parametrize("size", [16, 66_000])
def test_the_longest_and_the_shortest_message_are_taken(size: int) -> None:
    assert frame_size(size.to_bytes(4, "big")) == size


@pytest.mark.parametrize(
    "bind",
    [Bind("s" * 16, "p"), Bind("s", "p" * 9), Bind("s", "p\0"), Bind("s", "p", "t" * 13), Bind("€", "p")],
)
def test_a_login_that_does_not_fit_is_not_written(bind: Bind) -> None:
    with pytest.raises(ValueError, match="field"):
        encode_bind(bind)


@pytest.mark.parametrize(
    "message",
    [
        ShortMessage(text=bytes(255)),
        ShortMessage(source=Address(5, 0, "x" * 21)),
        ShortMessage(validity="15 minutes"),
    ],
)
def test_a_message_that_does_not_fit_is_not_written(message: ShortMessage) -> None:
    with pytest.raises(ValueError):
        encode_message(message)


@pytest.mark.parametrize("sequence", [0, codec.LAST_SEQUENCE + 1])
def test_a_sequence_number_out_of_range_is_not_written(sequence: int) -> None:
    with pytest.raises(ValueError, match="sequence"):
        Pdu(Command.ENQUIRE_LINK, 0, sequence).encode()


def test_a_password_is_not_shown() -> None:
    assert "secret08" not in repr(Bind("esme1", "secret08"))
