"""What the numbers of SMPP become: reasons that screens have a sentence for, and words for an operator."""

import pytest

from app.carriers.smpp.codec import Address, ShortMessage, Status, Tag
from app.carriers.smpp.receipts import Receipt, read
from app.carriers.smpp.statuses import bind_words, link_words, refusal
from app.messaging.sending.failures import Lasting, lasting

REASONS = [
    "dns",
    "refused",
    "unreachable",
    "silent",
    "tls_files",
    "tls_name",
    "tls_authority",
    "tls",
    "closed",
]


@pytest.mark.parametrize("status", [*Status, 0x48, 0x49, 0x50, 0x51, 0x33, 0x401, 0xFFFFFFFF])
def test_every_refusal_is_a_known_reason(status: int) -> None:
    assert lasting(refusal(status, {})) is not None


def test_a_refusal_for_now_is_told_from_one_for_good() -> None:
    assert lasting(refusal(Status.THROTTLED, {})) is Lasting.TEMPORARY
    assert lasting(refusal(Status.BAD_DESTINATION, {})) is Lasting.PERMANENT


@pytest.mark.parametrize("state", range(11))
@pytest.mark.parametrize("error", [0, 1, 5, 6, 9, 11, 13, 21, 27, 31, 32, 34, 255])
def test_every_reason_of_a_receipt_is_known(state: int, error: int) -> None:
    found = read(
        ShortMessage(
            Address(1, 1, "33612345678"),
            esm_class=4,
            tlvs=(
                (Tag.RECEIPTED_MESSAGE_ID, b"1\0"),
                (Tag.MESSAGE_STATE, bytes((state,))),
                (Tag.NETWORK_ERROR_CODE, bytes((3, 0, error))),
            ),
        ),
        {},
    )

    assert isinstance(found, Receipt)
    assert found.code == "" or lasting(found.code) is not None
    assert (found.state == "failed") <= (found.code != "")


def test_an_operator_is_told_what_to_do() -> None:
    words = [*map(bind_words, [*Status, 0x499]), *map(link_words, REASONS)]

    assert all(len(one.split(". ")) > 1 for one in words)
    assert len(set(map(link_words, REASONS))) == len(REASONS)
