"""F4, point 21: what is on the wire."""

import time
from dataclasses import replace
from itertools import pairwise

from app.carriers.smpp.codec import RESPONSE, Command, Pdu, decode, frame_size
from app.db.session import Database
from tests.carriers.smpp.double import eventually, smsc
from tests.carriers.smpp.office import QUICK, office
from tests.carriers.smpp.vectors import PDUS, smpplib_reads


def frames(raw: bytes) -> list[bytes]:
    found = []
    while raw:
        size = frame_size(raw)
        assert size is not None
        found.append(raw[:size])
        raw = raw[size:]
    return found


def test_21_the_login_byte_for_byte_and_nothing_malformed(sqlite: Database) -> None:
    with smsc() as centre:
        with office(sqlite, centre.port) as opened:
            for text in ("Bonjour", "Prêt ✅", "é" * 300, "5 €"):
                opened.send(text=text)
        sent = frames(centre.raw)

    assert sent[0].hex() == PDUS["bind_transceiver"]
    assert len(sent) == 7  # a login, five parts, a logout
    for frame in sent:
        assert smpplib_reads(frame) is not None
    assert [decode(frame).sequence for frame in sent] == list(range(1, 8))
    assert decode(sent[-1]).command == Command.UNBIND


def test_21_a_submission_byte_for_byte(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        for _ in range(5):
            opened.send(text="x", ttl=900)

        assert frames(centre.raw)[5].hex() == PDUS["submit_15_minutes"]["hex"]


def test_21_an_idle_link_is_checked_within_its_period(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port, enquire_seconds=0.3):
        eventually(lambda: len(centre.commands(Command.ENQUIRE_LINK)) >= 3, 2)
        instants = [at for _, pdu, at in centre.received if pdu.command == Command.ENQUIRE_LINK]

    assert all(0.2 < later - earlier < 0.6 for earlier, later in pairwise(instants))


def test_21_a_link_that_is_used_is_not_checked(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port, enquire_seconds=0.5) as opened:
        ends_at = time.monotonic() + 1.2
        while time.monotonic() < ends_at:
            opened.send()
            time.sleep(0.05)

        assert centre.commands(Command.ENQUIRE_LINK) == []


def test_21_a_link_that_does_not_answer_is_dropped_and_made_anew(sqlite: Database) -> None:
    with smsc() as centre:
        centre.answers_enquire = False
        with office(sqlite, centre.port, enquire_seconds=0.1, pauses=replace(QUICK, enquire_answer=0.5)):
            eventually(lambda: len(centre.binds) >= 2)
            first, second = (at for _, at in centre.binds[:2])

    assert 0.5 < second - first < 2.0


def test_21_what_the_centre_asks_is_answered(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port):
        centre.send(Pdu(Command.ENQUIRE_LINK, 0, 77))
        centre.send(Pdu(0x00000121, 0, 78, b"\0"))  # not a request we know
        centre.send(Pdu(Command.ALERT_NOTIFICATION, 0, 79, b"\0"))
        centre.send(Pdu(Command.UNBIND, 0, 80))
        eventually(lambda: centre.commands(Command.UNBIND | RESPONSE))

        assert [pdu.sequence for pdu in centre.commands(Command.ENQUIRE_LINK | RESPONSE)] == [77]
        assert [(pdu.status, pdu.sequence) for pdu in centre.commands(Command.GENERIC_NACK)] == [(3, 78)]
        assert [pdu.sequence for pdu in centre.commands(Command.UNBIND | RESPONSE)] == [80]
        eventually(lambda: len(centre.binds) == 2)  # and binds again


def test_a_length_that_cannot_be_true_ends_the_link_and_nothing_else(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        centre.connections[-1].sock.sendall(b"\xff\xff\xff\xff" + bytes(12))
        eventually(lambda: len(centre.binds) == 2)
        assert opened.carrier.link.wait_bound(5)
        opened.send()


def test_separate_binds_share_the_two_ways(sqlite: Database) -> None:
    def acts(centre, one):  # type: ignore[no-untyped-def]
        message_id = centre.next_id()
        one.connection.answer(one.pdu, message_id=message_id)
        centre.receipt(one, message_id, connection=centre.connections[receivers()[0]])

    def receivers() -> list[int]:
        return [link for link, pdu, _ in centre.received if pdu.command == Command.BIND_RECEIVER]

    with smsc(acts) as centre, office(sqlite, centre.port, bind="separate") as opened:
        eventually(receivers)
        attempt = opened.send()
        eventually(lambda: "delivered" in opened.told.states(attempt))

        assert {one.connection.number for one in centre.submitted}.isdisjoint(receivers())
