"""F4, point 24, the part that needs no link: what a receipt says and whose it is."""

import pytest

from app.carriers.smpp.codec import Address, ShortMessage, Tag
from app.carriers.smpp.receipts import IdForm, Piece, Receipt, best, read, same_id, whole
from tests.carriers.smpp.double import receipt

FROM = "33612345678"


def taken(message: ShortMessage, **codes: str) -> Receipt:
    found = read(message, codes)
    assert isinstance(found, Receipt)
    return found


def said(text: str, esm_class: int = 0x04, data_coding: int = 0, **tlvs: bytes) -> ShortMessage:
    named = tuple((int(name.removeprefix("t"), 16), value) for name, value in tlvs.items())
    return ShortMessage(
        source=Address(1, 1, FROM),
        esm_class=esm_class,
        data_coding=data_coding,
        text=text.encode("latin-1"),
        tlvs=named,
    )


@pytest.mark.parametrize(
    ("stat", "number", "state", "code"),
    [
        ("DELIVRD", 2, "delivered", ""),
        ("UNDELIV", 5, "failed", "undelivered"),
        ("EXPIRED", 3, "failed", "expired"),
        ("REJECTD", 8, "failed", "refused"),
        ("DELETED", 4, "failed", "undelivered"),
        ("ACCEPTD", 6, "enroute", ""),
        ("ENROUTE", 1, "enroute", ""),
        ("UNKNOWN", 7, "enroute", "unconfirmed"),
        ("SCHEDULED", 0, "enroute", ""),
        ("SKIPPED", 9, "enroute", ""),
    ],
)
def test_24_states_by_word_and_by_number(stat: str, number: int, state: str, code: str) -> None:
    by_word = taken(receipt(FROM, "1000", stat))
    by_number = taken(said("", t001e=b"1000\0", t0427=bytes((number,))))

    assert (by_word.state, by_word.code) == (by_number.state, by_number.code) == (state, code)


def test_24_a_parameter_wins_over_the_text() -> None:
    found = taken(
        receipt(
            FROM, "1000", "DELIVRD", tlvs=((Tag.RECEIPTED_MESSAGE_ID, b"2000\0"), (Tag.MESSAGE_STATE, b"\5"))
        )
    )

    assert (found.message_id, found.state) == ("2000", "failed")


@pytest.mark.parametrize(
    "text",
    [
        "id:1000 sub:001 dlvrd:001 submit date:2611220702 done date:2611220702 stat:DELIVRD err:000 text:",
        "ID:1000 STAT:delivrd",
        "stat:DELIVRD id:1000",
        "Stat: DELIVRD err:000 Id: 1000 text:id:2000 stat:UNDELIV",
        "id:1000 stat:DELIVRD err",
    ],
)
def test_24_text_in_any_case_and_order_with_fields_missing(text: str) -> None:
    found = taken(said(text))

    assert (found.message_id, found.state, found.number) == ("1000", "delivered", FROM)


@pytest.mark.parametrize("data_coding", [0, 1, 3, 4, 245])
def test_24_a_receipt_is_text_whatever_coding_it_claims(data_coding: int) -> None:
    assert taken(said("id:1000 stat:DELIVRD", data_coding=data_coding)).state == "delivered"


def test_24_a_receipt_in_ucs2() -> None:
    message = ShortMessage(
        source=Address(1, 1, FROM),
        esm_class=4,
        data_coding=8,
        text="id:1000 stat:DELIVRD".encode("utf-16-be"),
    )

    assert taken(message).state == "delivered"


@pytest.mark.parametrize("named", [b"1000\0", b"1000"])
def test_24_an_id_may_lack_its_final_nul(named: bytes) -> None:
    assert taken(said("", t001e=named, t0427=b"\2")).message_id == "1000"


def test_24_a_text_that_is_a_payload() -> None:
    message = said("", t0424=b"id:1000 stat:UNDELIV err:011")

    assert (taken(message).message_id, taken(message).state, taken(message).vendor) == (
        "1000",
        "failed",
        "011",
    )


@pytest.mark.parametrize("esm_class", [0x04, 0x24, 0x44])
def test_24_what_counts_as_a_receipt(esm_class: int) -> None:
    assert taken(said("id:1000 stat:DELIVRD", esm_class)).state == "delivered"


def test_24_an_intermediate_notice_is_never_final() -> None:
    assert taken(said("id:1000 stat:UNDELIV", 0x20)).state == "enroute"


def test_24_parameters_make_a_receipt_even_where_the_class_says_nothing() -> None:
    assert taken(said("", 0, t001e=b"1000\0", t0427=b"\2")).state == "delivered"


def test_24_the_vendors_numbers_in_our_words() -> None:
    by_text = taken(receipt(FROM, "1000", "UNDELIV", err="027"), **{"027": "phone_absent"})
    by_network = taken(said("id:1000 stat:UNDELIV err:1", t0423=b"\x03\x00\x01"))
    unknown = taken(receipt(FROM, "1000", "UNDELIV", err="777"))

    assert [one.code for one in (by_text, by_network, unknown)] == [
        "phone_absent",
        "unknown_number",
        "undelivered",
    ]
    assert unknown.vendor == "777"


def test_24_a_delivery_has_no_failure_code() -> None:
    assert taken(receipt(FROM, "1000", "DELIVRD", err="027"), **{"027": "phone_absent"}).code == ""


@pytest.mark.parametrize(
    ("ours", "theirs", "form", "fits"),
    [
        ("00001000", "00001000", "any", 4),
        ("0000ABCD", "0000abcd", "any", 3),
        ("00001000", "1000", "any", 2),
        ("0000ABCD", "abcd", "any", 2),
        ("00001000", "4096", "any", 1),
        ("4096", "1000", "any", 1),
        ("00001000", "1001", "any", 0),
        ("", "", "any", 0),
        ("1000", "", "any", 0),
        ("00001000", "4096", "same", 0),
        ("00001000", "1000", "same", 2),
        ("00001000", "4096", "decimal", 1),
        ("00001000", "00001000", "decimal", 0),
        ("4096", "0x", "hexadecimal", 0),
        ("4096", "1000", "hexadecimal", 1),
        ("zz", "ZZ", "any", 3),
        ("1" * 70, "1" * 70, "any", 4),
        ("1" * 70, "2" * 70, "any", 0),
    ],
)
def test_24_an_id_comes_back_in_other_clothes(ours: str, theirs: str, form: IdForm, fits: int) -> None:
    assert same_id(ours, theirs, form) == fits


def test_24_the_best_fit_wins_where_an_id_is_ambiguous() -> None:
    candidates = [("hexadecimal", "3F3"), ("exact", "1011")]

    assert best(candidates, "1011", "any") == "exact"
    assert best(candidates[:1], "1011", "any") == "hexadecimal"
    assert best(candidates, "9999", "any") is None


@pytest.mark.parametrize(
    ("states", "state", "code"),
    [
        ([("delivered", "")], "delivered", ""),
        ([("delivered", ""), ("delivered", "")], "delivered", ""),
        ([("delivered", ""), (None, "")], "enroute", ""),
        ([("delivered", ""), ("failed", "expired")], "failed", "expired"),
        ([(None, ""), ("failed", "expired")], "failed", "expired"),
        ([("enroute", "unconfirmed"), ("delivered", "")], "enroute", "unconfirmed"),
    ],
)
def test_24_a_long_message_is_delivered_when_all_parts_are(
    states: list[tuple[None, str]], state: str, code: str
) -> None:
    assert whole(states) == (state, code)


def reply(text: bytes, esm_class: int = 0, data_coding: int = 0, **tlvs: bytes) -> Piece:
    named = tuple((int(name.removeprefix("t"), 16), value) for name, value in tlvs.items())
    found = read(
        ShortMessage(
            Address(1, 1, FROM),
            Address(3, 0, "36180"),
            "",
            esm_class,
            data_coding=data_coding,
            text=text,
            tlvs=named,
        ),
        {},
    )
    assert isinstance(found, Piece)
    return found


@pytest.mark.parametrize(
    ("text", "data_coding", "read_as"),
    [
        (b"STOP", 0, "STOP"),
        (b"\x05t\x05", 0, "été"),
        (b"\xe9t\xe9", 0, "été"),
        (b"\xe9t\xe9", 3, "été"),
        ("Arrêt 😀".encode("utf-16-be"), 8, "Arrêt 😀"),
        (b"\xd8\x3d\xde", 8, "�"),
        (b"\x01\x02", 4, ""),
    ],
)
def test_what_a_person_wrote_in_each_alphabet(text: bytes, data_coding: int, read_as: str) -> None:
    assert reply(text, data_coding=data_coding).text == read_as


def test_a_reply_in_parts_by_header_or_by_parameters() -> None:
    parts = [
        reply(bytes.fromhex("050003070201") + b"ST", 0x40),
        reply(bytes.fromhex("06080400070201") + b"ST", 0x40),
        reply(b"ST", t020c=b"\0\7", t020e=b"\2", t020f=b"\1"),
    ]

    assert {(part.text, part.reference, part.number, part.total) for part in parts} == {("ST", 7, 1, 2)}


def test_a_header_that_makes_no_sense_leaves_the_text() -> None:
    found = reply(bytes.fromhex("050003070205") + b"STOP", 0x40)

    assert (found.text, found.total) == ("STOP", 1)
