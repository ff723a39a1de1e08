"""What the simulated carrier answers, and what its network does with ordinary messages."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from app.carriers.base import Accepted, Refused, Report, Submission
from app.db.session import Database
from tests.carriers.simulated import (
    CARD,
    ORDINARY,
    SECRET,
    SENDER,
    START,
    World,
    add_organisation,
    open_world,
    stored,
)


@pytest.mark.parametrize("channel", ["sms", "rcs"])
def test_a_message_is_delivered_and_reported_after_a_second(world: World, channel: str) -> None:
    attempt = world.send(channel=channel)  # type: ignore[arg-type]

    assert world.wait(0.5) == []
    at = START + timedelta(seconds=1)
    assert world.wait(0.5) == [Report(attempt, "delivered", "delivered", "", at)]
    assert [message.at for message in world.phone().messages] == [at]
    assert world.wait(60) == []


def test_the_same_attempt_is_taken_once(world: World) -> None:
    attempt, first = world.submit()
    again = world.submit(attempt=attempt)[1]
    world.wait(2)
    after_delivery = world.submit(attempt=attempt)[1]

    assert isinstance(first, Accepted)
    assert again == after_delivery == first
    assert world.wait(60) == []
    assert len(world.phone().messages) == 1


def test_one_attempt_from_many_threads_is_taken_once(world: World) -> None:
    attempt = uuid4()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: world.submit(attempt=attempt)[1], range(16)))

    assert len(set(answers)) == 1
    assert world.states(60) == ["delivered"]
    assert len(world.phone().messages) == 1


def test_one_number_is_one_phone(world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: world.send(), range(16)))
    world.wait(2)

    assert world.phones.count(world.organisation) == 1
    assert len(world.phone().messages) == 16


def test_rcs_is_refused_at_once_when_the_phone_has_it_off(world: World) -> None:
    world.send()
    phone = world.phone().summary
    world.phones.set_rcs(world.organisation, phone.id, False)

    assert world.submit(channel="rcs")[1] == Refused("no_rcs")
    assert world.carrier.reaches_rcs(world.organisation, ORDINARY) is False
    assert world.states(2) == ["delivered"]

    world.phones.set_rcs(world.organisation, phone.id, True)
    assert world.carrier.reaches_rcs(world.organisation, ORDINARY) is True
    world.send(channel="rcs")
    assert world.states(2) == ["delivered"]


def test_a_card_on_its_way_waits_while_rcs_is_off(world: World) -> None:
    world.send(channel="rcs")
    phone = world.phone().summary
    world.phones.set_rcs(world.organisation, phone.id, False)

    assert world.states(10) == []
    world.phones.set_rcs(world.organisation, phone.id, True)
    assert world.states(1) == ["delivered"]


def test_a_card_over_the_limits_is_refused(world: World) -> None:
    card = {"contentMessage": {"richCard": {"standaloneCard": {"cardContent": {"title": "T" * 201}}}}}
    submission = Submission(uuid4(), world.organisation, "rcs", SENDER, ORDINARY, "texte", card, 900)

    assert world.carrier.submit(submission, world.now) == Refused("bad_card")
    assert world.phones.count(world.organisation) == 0


def test_a_phone_that_is_off_gets_its_messages_when_switched_on(world: World) -> None:
    world.send()
    world.wait(2)
    phone = world.phone().summary
    world.phones.set_power(world.organisation, phone.id, False)
    world.send(channel="rcs")
    world.send(channel="sms")

    assert world.states(60) == []
    assert world.phone().summary.waiting == 2
    assert len(world.phone().messages) == 1

    world.phones.set_power(world.organisation, phone.id, True)
    assert world.states(1) == ["delivered", "delivered"]
    assert world.phone().summary.waiting == 0
    assert len(world.phone().messages) == 3


def test_a_message_for_a_phone_that_stays_off_expires_once(world: World) -> None:
    world.send()
    world.wait(2)
    phone = world.phone().summary
    world.phones.set_power(world.organisation, phone.id, False)
    attempt = world.send(channel="rcs", ttl=30)

    assert world.states(29.5) == []
    at = world.now + timedelta(seconds=0.5)
    assert world.wait(10) == [Report(attempt, "expired:ttl", "expired", "ttl", at)]

    world.phones.set_power(world.organisation, phone.id, True)
    assert world.states(60) == []
    assert len(world.phone().messages) == 1
    assert stored(world, attempt).body_sealed is None


def test_a_message_is_revoked_before_delivery_and_never_shown(world: World) -> None:
    attempt = world.send(channel="rcs")

    assert world.carrier.revoke(attempt, ORDINARY, world.now) == "revoked"
    assert world.carrier.revoke(attempt, ORDINARY, world.now) == "revoked"
    assert world.states(1_000) == []
    assert world.phone().messages == ()
    assert stored(world, attempt).body_sealed is None


def test_a_delivered_message_is_not_revoked(world: World) -> None:
    attempt = world.send(channel="rcs")
    world.wait(2)

    assert world.carrier.revoke(attempt, ORDINARY, world.now) == "already_delivered"
    assert len(world.phone().messages) == 1


def test_an_expired_message_counts_as_revoked(world: World) -> None:
    world.send()
    world.phones.set_power(world.organisation, world.phone().summary.id, False)
    attempt = world.send(channel="rcs", ttl=10)
    world.wait(11)

    assert world.carrier.revoke(attempt, ORDINARY, world.now) == "revoked"


def test_revoking_what_was_never_sent_is_unknown(world: World) -> None:
    assert world.carrier.revoke(uuid4(), ORDINARY, world.now) == "unknown"


def test_revocation_and_delivery_at_the_same_moment_agree(world: World) -> None:
    """Either the phone shows it and the revocation says so, or neither."""
    for _ in range(20):
        attempt = world.send(channel="rcs")
        world.now += timedelta(seconds=1)
        with ThreadPoolExecutor(2) as pool:
            ticking = pool.submit(world.network.tick, world.now)
            revoking = pool.submit(world.carrier.revoke, attempt, ORDINARY, world.now)
            told = [notice.event for notice in ticking.result()]
            outcome = revoking.result()
        shown = stored(world, attempt).state == "delivered"
        world.network.acknowledge(
            [notice.id for notice in world.network.tick(world.now + timedelta(hours=1))]
        )

        assert outcome == ("already_delivered" if shown else "revoked")
        assert [event.attempt_id for event in told if isinstance(event, Report)] == (
            [attempt] if shown else []
        )


def test_an_unknown_number_is_taken_to_have_rcs(world: World) -> None:
    assert world.carrier.reaches_rcs(world.organisation, ORDINARY) is True
    assert world.phones.count(world.organisation) == 0


def test_phones_survive_a_restart_with_what_is_on_its_way(database: Database) -> None:
    before = open_world(database)
    attempt = before.send(channel="rcs")
    delivered = before.send()
    before.wait(1)
    before.phones.set_power(before.organisation, before.phone().summary.id, False)
    waiting = before.send()

    reopened = Database(database.url)
    after = open_world(reopened, before.organisation)
    after.now = before.now
    assert not after.phone().summary.powered
    assert len(after.phone().messages) == 2
    assert after.carrier.revoke(delivered, ORDINARY, after.now) == "already_delivered"
    assert isinstance(after.submit(attempt=attempt, channel="rcs")[1], Accepted)
    after.phones.set_power(after.organisation, after.phone().summary.id, True)
    assert [event.attempt_id for event in after.wait(5) if isinstance(event, Report)] == [waiting]
    reopened.close()


def test_numbers_and_texts_are_sealed(world: World) -> None:
    world.send()
    world.send(channel="rcs")
    world.wait(2)
    with world.database.read() as session:
        rows = [
            row
            for table in ("simulated_message", "simulated_handset")
            for row in session.connection().exec_driver_sql(f"SELECT * FROM {table}")
        ]

    dump = repr([[bytes(value) if isinstance(value, memoryview) else value for value in row] for row in rows])
    assert SECRET not in dump
    assert ORDINARY not in dump
    assert ORDINARY[3:] not in dump


def test_an_organisation_sees_its_own_phones_only(world: World) -> None:
    world.send()
    world.wait(2)
    other = open_world(world.database, add_organisation(world.database, "other"))

    assert other.phones.find(other.organisation, ORDINARY) is None
    assert other.phones.recent(other.organisation, limit=10, offset=0) == []
    other.send()
    other.wait(2)
    assert other.phone().summary.id != world.phone().summary.id
    assert len(world.phone().messages) == 1


def test_the_carrier_says_what_it_is(world: World) -> None:
    assert world.carrier.name == "simulator"
    assert sorted(world.carrier.channels) == ["rcs", "sms"]
    assert world.carrier.idempotent


def test_the_card_reaches_the_phone_as_it_was_given(world: World) -> None:
    world.send(channel="rcs")
    world.wait(2)
    card = world.phone().messages[0].card

    content = CARD["contentMessage"]["richCard"]["standaloneCard"]["cardContent"]
    assert card is not None
    assert (card.title, card.description) == (content["title"], content["description"])
