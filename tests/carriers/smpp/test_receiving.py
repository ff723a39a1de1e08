"""F4, points 24 and 25: receipts and replies, stored before they are acknowledged."""

import time
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.carriers.base import Report
from app.carriers.smpp.codec import Address, Command, Pdu, ShortMessage, Tag
from app.carriers.smpp.ledger import Ledger
from app.carriers.smpp.receipts import Receipt, read
from app.carriers.smpp.store import NewPart
from app.carriers.smpp.submissions import Answer, Fate
from app.core import clock
from app.db.models import Organisation, Sender
from app.db.sending.smpp_store import SmppStore
from app.db.session import Database
from app.messaging.permission.answering import number_of
from tests.carriers.smpp.double import Smsc, Submitted, eventually, receipt, smsc
from tests.carriers.smpp.office import COLUMNS, PHONE, Office, add_connection, office, submission


def reported(opened: Office, centre: Smsc, *stats: str, **how: object) -> list[str]:
    """The states told of a message after receipts with these words."""
    attempt = opened.send()
    one, message_id = centre.submitted[-1], opened.parts(attempt)[0].reference
    for stat in stats:
        sequence = centre.receipt(one, message_id, stat, **how)
        assert centre.acknowledgement(sequence) == 0
    return opened.told.states(attempt)


@pytest.mark.parametrize(
    ("stats", "states"),
    [
        (["DELIVRD"], ["delivered"]),
        (["ACCEPTD", "DELIVRD"], ["enroute", "delivered"]),
        (["UNDELIV"], ["failed"]),
        (["EXPIRED"], ["failed"]),
        (["REJECTD"], ["failed"]),
        (["DELIVRD", "UNDELIV"], ["delivered"]),
        (["UNDELIV", "DELIVRD"], ["failed"]),
        (["DELIVRD", "DELIVRD"], ["delivered"]),
        (["UNKNOWN"], ["enroute"]),
    ],
)
def test_24_a_final_state_never_changes(sqlite: Database, stats: list[str], states: list[str]) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        assert reported(opened, centre, *stats) == states
        assert set(centre.acknowledgements().values()) == {0}


@pytest.mark.parametrize(
    "clothes",
    [
        str.upper,
        str.lower,
        lambda one: one.lstrip("0"),
        lambda one: str(int(one, 16)),
        lambda one: one.lower().lstrip("0"),
    ],
)
def test_24_an_id_in_other_clothes_finds_its_message(database: Database, clothes) -> None:  # type: ignore[no-untyped-def]
    with smsc() as centre, office(database, centre.port) as opened:
        attempt = opened.send()
        centre.receipt(centre.submitted[0], clothes(opened.parts(attempt)[0].reference))
        eventually(lambda: opened.told.states(attempt) == ["delivered"])


def test_24_a_receipt_by_parameter_alone(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        attempt = opened.send()
        named = opened.parts(attempt)[0].reference.encode()
        message = ShortMessage(
            Address(1, 1, PHONE[1:]),
            esm_class=4,
            tlvs=((Tag.MESSAGE_STATE, b"\2"), (Tag.RECEIPTED_MESSAGE_ID, named)),
        )
        centre.deliver(message)
        eventually(lambda: opened.told.states(attempt) == ["delivered"])


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (b"id:%s stat:DELIVRD err:000\0", b""),
        (b"id:%s\0 stat:DELIVRD err:000", b""),
        (b"id:%s\0stat:DELIVRD\x1berr:0\x000", b""),
        (b"stat:DELIVRD\0", b"\x01%s\x02"),
    ],
)
def test_24_what_a_vendor_pads_a_receipt_with_is_never_stored(
    database: Database, text: bytes, named: bytes
) -> None:
    """A database that refused it would have the centre send the receipt again for ever."""
    ledger = Ledger(SmppStore(database, COLUMNS, add_connection(database)), "any", {})
    part, attempt, unknown = uuid4(), uuid4(), b"404"
    ledger.reserve([NewPart(part, attempt, 1, 1, PHONE, b"")], clock.now())
    ledger.answer([(part, Answer(Fate.TAKEN, 0, "0815"))], clock.now())
    for message_id in (unknown, b"0815"):
        tlvs = ((Tag.RECEIPTED_MESSAGE_ID, named % message_id),) if named else ()
        filled = text % message_id if b"%s" in text else text
        message = ShortMessage(Address(1, 1, PHONE[1:]), esm_class=4, text=filled, tlvs=tlvs)
        receipt_ = read(message, {})
        assert isinstance(receipt_, Receipt)
        reports = ledger.receive([receipt_], clock.now())
    assert [(one.attempt_id, one.state) for one in reports] == [(attempt, "delivered")]


def test_24_an_id_that_is_too_long_is_cut_alike_wherever_it_comes(database: Database) -> None:
    ledger = Ledger(SmppStore(database, COLUMNS, add_connection(database)), "any", {})
    part, attempt = uuid4(), uuid4()
    ledger.reserve([NewPart(part, attempt, 1, 1, PHONE, b"")], clock.now())
    ledger.answer([(part, Answer(Fate.TAKEN, 0, "9" * 200))], clock.now())
    message = ShortMessage(
        Address(1, 1, PHONE[1:]), esm_class=4, text=b"id:" + b"9" * 200 + b" stat:DELIVRD err:000"
    )
    receipt_ = read(message, {})
    assert isinstance(receipt_, Receipt)
    assert [one.state for one in ledger.receive([receipt_], clock.now())] == ["delivered"]


def test_24_a_receipt_for_another_number_is_not_ours(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        attempt = opened.send()
        centre.deliver(receipt("33699999999", opened.parts(attempt)[0].reference))
        eventually(lambda: opened.kept_receipts() == 1)

        assert opened.told.states(attempt) == []


def test_24_a_number_in_its_national_form_is_the_same(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        attempt = opened.send()
        centre.deliver(receipt("0612345678", opened.parts(attempt)[0].reference))
        eventually(lambda: opened.told.states(attempt) == ["delivered"])


def test_24_a_receipt_may_come_before_the_answer(database: Database) -> None:
    def acts(centre: Smsc, one: Submitted) -> None:
        message_id = centre.next_id()
        centre.receipt(one, message_id)
        time.sleep(0.2)
        one.connection.answer(one.pdu, message_id=message_id)

    with smsc(acts) as centre, office(database, centre.port) as opened:
        attempt = opened.send()
        eventually(lambda: opened.told.states(attempt) == ["delivered"])

        assert set(centre.acknowledgements().values()) == {0}
        eventually(lambda: opened.kept_receipts() == 0)


def test_24_a_receipt_that_ran_ahead_is_not_lost_when_it_cannot_be_recorded_yet(sqlite: Database) -> None:
    def acts(centre: Smsc, one: Submitted) -> None:
        centre.receipt(one, "00004711")
        time.sleep(0.2)
        opened.told.broken = True
        one.connection.answer(one.pdu, message_id="00004711")

    with smsc(acts) as centre, office(sqlite, centre.port) as opened:
        attempt = opened.send()
        time.sleep(0.3)
        assert (opened.told.states(attempt), opened.kept_receipts()) == ([], 1)
        opened.told.broken = False
        eventually(lambda: opened.told.states(attempt) == ["delivered"])
        eventually(lambda: opened.kept_receipts() == 0)


def test_24_a_long_message_is_delivered_when_every_part_is(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        good, bad = opened.send(text="é" * 400), opened.send(text="é" * 400)
        for attempt, states in ((good, ["DELIVRD"] * 3), (bad, ["DELIVRD", "UNDELIV", "DELIVRD"])):
            for part, stat in zip(opened.parts(attempt), states, strict=True):
                assert "delivered" not in opened.told.states(attempt)
                centre.deliver(receipt(PHONE[1:], part.reference, stat))
        # receipts that come together are told of together
        eventually(lambda: opened.told.states(good)[-1:] == ["delivered"])
        eventually(lambda: opened.told.states(bad)[-1:] == ["failed"])


def test_24_the_vendors_reasons_in_our_words(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port, error_codes={"011": "phone_absent"}) as opened:
        attempt = opened.send()
        centre.receipt(centre.submitted[0], opened.parts(attempt)[0].reference, "UNDELIV", err="011")
        eventually(lambda: opened.told.codes(attempt) == ["phone_absent"])

        assert [(part.code, part.vendor) for part in opened.parts(attempt)] == [("phone_absent", "011")]


def test_24_receipts_after_a_new_bind_and_a_new_process(database: Database) -> None:
    with smsc() as centre:
        with office(database, centre.port) as before:
            attempt = before.send()
            reference = before.parts(attempt)[0].reference
        with office(database, centre.port, again=before, owner="worker-1") as after:
            centre.deliver(receipt(PHONE[1:], reference))
            eventually(lambda: after.told.states(attempt) == ["delivered"])


def delivered(opened: Office) -> set[UUID]:
    return {
        one.attempt_id
        for one in list(opened.told.events)
        if isinstance(one, Report) and one.state == "delivered"
    }


def test_24_a_thousand_receipts_at_once(sqlite: Database) -> None:
    def acts(centre: Smsc, one: Submitted) -> None:
        message_id = centre.next_id()
        one.connection.answer(one.pdu, message_id=message_id)
        centre.receipt(one, message_id)

    with smsc(acts) as centre, office(sqlite, centre.port, window=100) as opened:
        numbers = [f"+336000{n:05}" for n in range(1000)]
        opened.carrier.submit_all([submission(to) for to in numbers], clock.now())
        eventually(lambda: len(centre.acknowledgements()) == 1000, 20)
        eventually(lambda: len(delivered(opened)) == 1000, 20)

        assert set(centre.acknowledgements().values()) == {0}


def test_25_while_the_database_fails_a_receipt_is_refused_and_then_applied_once(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        attempt = opened.send()
        one, message_id = centre.submitted[0], opened.parts(attempt)[0].reference
        opened.told.broken = True
        refused = [centre.receipt(one, message_id) for _ in range(3)]
        eventually(lambda: set(refused) <= centre.acknowledgements().keys())
        assert {centre.acknowledgements()[sequence] for sequence in refused} == {0x64}

        opened.told.broken = False
        stored = centre.receipt(one, message_id)
        assert centre.acknowledgement(stored) == 0
        assert [
            one.event_key for one in opened.told.events if getattr(one, "attempt_id", None) == attempt
        ] == ["delivered"]


def test_25_one_receipt_that_cannot_be_stored_does_not_hold_up_the_others(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        first, second = opened.send("+33600000001"), opened.send("+33600000002")

        def record(events: object) -> None:
            if any(getattr(one, "attempt_id", None) == first for one in events):  # type: ignore[attr-defined]
                raise OSError("this one cannot be stored")

        opened.carrier._record = record
        sequences = {
            attempt: centre.deliver(receipt(to, opened.parts(attempt)[0].reference))
            for attempt, to in ((first, "33600000001"), (second, "33600000002"))
        }
        eventually(lambda: set(sequences.values()) <= centre.acknowledgements().keys())

        assert centre.acknowledgements()[sequences[first]] == 0x64
        assert centre.acknowledgements()[sequences[second]] == 0


def test_a_receipt_nobody_can_place_is_acknowledged_and_forgotten_after_a_day(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        sequence = centre.deliver(receipt("33600000000", "BEEF"))
        assert centre.acknowledgement(sequence) == 0
        assert opened.kept_receipts() == 1

        ledger = opened.carrier._ledger
        assert ledger.forget_old(clock.now() + timedelta(hours=23)) == 0
        assert ledger.forget_old(clock.now() + timedelta(hours=25)) == 1
        assert opened.kept_receipts() == 0


def test_a_receipt_without_any_id_belongs_to_the_one_message_that_waits(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        attempt = opened.send()
        centre.deliver(ShortMessage(Address(1, 1, PHONE[1:]), esm_class=4, text=b"stat:DELIVRD"))
        eventually(lambda: opened.told.states(attempt) == ["delivered"])


def test_a_receipt_that_ran_ahead_does_not_settle_an_older_doubt(sqlite: Database) -> None:
    def acts(centre: Smsc, one: Submitted) -> None:
        if len(centre.submitted) > 1:
            centre.receipt(one, "00004711")
            time.sleep(0.2)
            one.connection.answer(one.pdu, message_id="00004711")

    with smsc(acts) as centre, office(sqlite, centre.port, answer_seconds=0.3) as opened:
        doubtful, _ = opened.outcome()
        attempt = opened.send()
        eventually(lambda: opened.told.states(attempt) == ["delivered"])

        assert opened.told.states(doubtful) == []


def test_the_numbers_of_messages_and_their_texts_are_not_in_the_database(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        opened.send(text="Votre document https://d.example/7k3m")
        person(opened, "Bonjour", centre)
        eventually(lambda: centre.acknowledgements())
        with sqlite.engine.connect() as connection:
            stored = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]

        assert "smpp_part" in stored
        for secret in ("612345678", "d.example", "secret08"):
            assert secret not in stored
            assert secret.encode().hex() not in stored.lower()


# Replies.


def person(opened: Office, text: str, centre: Smsc, *, to: str = "PLI", coding: int = 0) -> int:
    """Somebody writes to a sender of ours."""
    octets = text.encode("utf-16-be") if coding == 8 else text.encode()
    return centre.deliver(
        ShortMessage(Address(1, 1, PHONE[1:]), Address(5, 0, to), data_coding=coding, text=octets)
    )


def give_a_sender(opened: Office, address: str) -> Organisation:
    organisation = Organisation(
        name="Dupont SA",
        slug="dupont",
        sender_name="PLI",
        contact="paie@example.com",
        public_key=bytes(32),
        private_key_sealed=bytes(32),
        created_at=clock.now(),
    )
    with opened.database.begin() as session:
        session.add(organisation)
        session.flush()
        session.add(
            Sender(
                organisation_id=organisation.id,
                kind="name",
                address=address,
                carrier=opened.carrier.name,
                rate=100.0,
                state="approved",
                state_since=clock.now(),
                created_at=clock.now(),
            )
        )
    return organisation


def test_a_reply_goes_to_the_organisation_whose_sender_it_was_for(database: Database) -> None:
    with smsc() as centre, office(database, centre.port) as opened:
        owner = give_a_sender(opened, "PLI")
        sequence = person(opened, "STOP", centre)
        assert centre.acknowledgement(sequence) == 0
        (reply,) = opened.told.replies()

        assert (reply.organisation_id, reply.from_, reply.to_sender, reply.text) == (
            owner.id,
            PHONE,
            "PLI",
            "STOP",
        )


@pytest.mark.parametrize(
    ("source", "number"),
    [
        (Address(1, 1, "33612345678"), PHONE),
        (Address(1, 1, "+33612345678"), PHONE),
        (Address(0, 1, "33612345678"), PHONE),
        (Address(0, 0, "0612345678"), PHONE),
        (Address(2, 1, "0612345678"), PHONE),
        (Address(2, 1, "687751234"), "+33687751234"),
        (Address(1, 1, "687751234"), "+687751234"),
        (Address(3, 0, "36111"), "36111"),
        (Address(5, 0, "PLI"), "PLI"),
    ],
)
@pytest.mark.parametrize("parts", [1, 2])
def test_the_type_of_a_number_says_whether_it_has_a_country(
    sqlite: Database, source: Address, number: str, parts: int
) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        give_a_sender(opened, "PLI")
        for part in range(1, parts + 1):
            header = bytes((5, 0, 3, 9, parts, part)) if parts > 1 else b""
            esm_class = 0x40 if header else 0
            message = ShortMessage(source, Address(5, 0, "PLI"), esm_class=esm_class, text=header + b"STOP")
            assert centre.acknowledgement(centre.deliver(message)) == 0
        (reply,) = opened.told.replies()

        assert number_of(reply.from_, "FR", national=reply.national) == number


def test_a_reply_to_an_unknown_address_of_the_only_user_of_the_connection_is_theirs(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        owner = give_a_sender(opened, "PLI")
        person(opened, "STOP", centre, to="36180")
        eventually(lambda: [one.organisation_id for one in opened.told.replies()] == [owner.id])


def test_a_reply_nobody_owns_is_acknowledged_and_said(
    sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        sequence = person(opened, "STOP", centre)
        assert centre.acknowledgement(sequence) == 0

    assert "a reply to a sender that no organisation has" in caplog.messages
    assert opened.told.replies() == []


def test_a_reply_is_refused_while_it_cannot_be_stored_and_kept_once(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        give_a_sender(opened, "PLI")
        opened.told.broken = True
        refused = person(opened, "STOP", centre)
        assert centre.acknowledgement(refused) == 0x64
        opened.told.broken = False
        again = [person(opened, "STOP", centre) for _ in range(2)]
        eventually(lambda: all(centre.acknowledgements().get(sequence) == 0 for sequence in again))

        assert len({one.event_key for one in opened.told.replies()}) == 1


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
def test_a_long_reply_is_put_together_in_whatever_order_it_comes(
    database: Database, order: tuple[int, ...]
) -> None:
    texts = {1: "J’ai ", 2: "bien ", 3: "reçu"}
    with smsc() as centre, office(database, centre.port) as opened:
        give_a_sender(opened, "PLI")
        for number in order:
            header = bytes((5, 0, 3, 9, 3, number))
            message = ShortMessage(
                Address(1, 1, PHONE[1:]),
                Address(5, 0, "PLI"),
                esm_class=0x40,
                data_coding=8,
                text=header + texts[number].encode("utf-16-be"),
            )
            for _ in range(2):
                sequence = centre.deliver(message)
                assert centre.acknowledgement(sequence) == 0
        first = opened.told.replies()[0]

        assert first.text == "J’ai bien reçu"
        assert len({one.event_key for one in opened.told.replies()}) == 1


def test_a_long_reply_that_stays_incomplete_is_handed_on_after_a_day(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        give_a_sender(opened, "PLI")
        text = bytes((5, 0, 3, 9, 2, 2)) + b"STOP"
        sequence = centre.deliver(
            ShortMessage(Address(1, 1, PHONE[1:]), Address(5, 0, "PLI"), esm_class=0x40, text=text)
        )
        assert centre.acknowledgement(sequence) == 0
        ledger = opened.carrier._ledger

        assert ledger.stale_replies(clock.now() + timedelta(hours=23)) == []
        assert [inbound.text for _, inbound in ledger.stale_replies(clock.now() + timedelta(hours=25))] == [
            "…STOP"
        ]


def test_what_comes_as_data_sm_is_read_too(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        attempt = opened.send()
        body = b"\0\1\1" + PHONE[1:].encode() + b"\0\5\0PLI\0\4\0\0"
        body += b"\x04\x24\x00\x18" + f"id:{opened.parts(attempt)[0].reference} stat:DELIVRD".encode()[:24]
        centre.send(Pdu(Command.DATA_SM, 0, 500, body))
        eventually(lambda: opened.told.states(attempt) == ["delivered"])
        eventually(lambda: centre.commands(0x80000103))


def test_receipts_of_somebody_else_on_the_same_account_do_not_stand_before_ours(sqlite: Database) -> None:
    def acts(centre: Smsc, one: Submitted) -> None:
        centre.receipt(one, "00004711")
        time.sleep(0.2)
        one.connection.answer(one.pdu, message_id="00004711")

    with smsc(acts) as centre, office(sqlite, centre.port) as opened:
        for n in range(700):
            centre.deliver(receipt(f"336111{n:05}", f"{n:08X}"))
        eventually(lambda: opened.kept_receipts() == 700, 20)
        attempt = opened.send()
        eventually(lambda: opened.told.states(attempt) == ["delivered"])

        assert opened.kept_receipts() == 700
