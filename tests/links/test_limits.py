"""How many wrong passwords: exact under concurrency, waits that double, and no way to lock a stranger's victim out."""

import threading
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest

from links import limits
from links.limits import Exhausted, Reservation, Wait
from links.opening import Opened, Refused, WrongPassword
from links.state import LinkState
from links.tables import LinkThrottle
from tests.links.conftest import NET, NOW, PASSWORD, CountingPool, House, Sent, all_of

SECOND = timedelta(seconds=1)


def many_at_once(count: int, house: House, sent: Sent, nets: list[bytes], password: str) -> Counter[str]:
    """The kinds of outcome of parallel tries, each from its network in turn."""
    barrier = threading.Barrier(count)
    outcomes: list[str] = []

    def one(net: bytes) -> None:
        barrier.wait()
        outcomes.append(type(house.try_password(sent, password, net=net)).__name__)

    threads = [threading.Thread(target=one, args=(nets[number % len(nets)],)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(outcomes)


def networks(count: int) -> list[bytes]:
    return [number.to_bytes(16, "big") for number in range(count)]


def test_fifty_parallel_wrong_passwords_from_one_network_count_exactly_five(
    house: House, pool: CountingPool
) -> None:
    sent = house.send()
    before = pool.calls
    assert many_at_once(50, house, sent, [NET], "000000") == {"WrongPassword": 5, "Wait": 45}
    assert pool.calls == before + 5
    assert house.row(sent).bad == 5


def test_fifty_parallel_wrong_passwords_from_fifty_networks_count_exactly_ten(
    house: House, pool: CountingPool
) -> None:
    sent = house.send()
    before = pool.calls
    assert many_at_once(50, house, sent, networks(50), "000000") == {"WrongPassword": 10, "Wait": 40}
    assert pool.calls == before + 10
    assert house.row(sent).bad == 10


def test_parallel_right_passwords_leave_no_count(house: House) -> None:
    sent = house.send()
    outcomes = many_at_once(30, house, sent, networks(30), PASSWORD)
    assert outcomes["Opened"] >= 10
    assert set(outcomes) <= {"Opened", "Wait"}
    row = house.row(sent)
    assert (row.bad, row.day_bad, row.blocked_until, row.openings) == (0, 0, None, outcomes["Opened"])
    assert isinstance(house.try_password(sent), Opened)


def test_waits_on_a_network_double_up_to_a_quarter_of_an_hour(house: House) -> None:
    link_id, now = house.send().id, NOW
    waits: list[int | None] = []
    with house.database.begin() as session:
        for number in range(12):
            taken = limits._take(session, limits.PER_NETWORK, b"bucket", now)
            assert taken is None, number
            refused = limits._take(session, limits.PER_NETWORK, b"bucket", now)
            waits.append(refused.retry_after if refused else None)
            if refused:
                now += timedelta(seconds=refused.retry_after) - SECOND
                assert limits._take(session, limits.PER_NETWORK, b"bucket", now) == Wait(1)
                now += SECOND
            else:
                # The probe itself was counted: give it back.
                limits.give_back(session, Reservation(0, link_id, (b"bucket",)))
    assert waits == [None, None, None, None, 30, 60, 120, 240, 480, 900, 900, 900]


def test_a_quiet_while_forgets_the_wrong_tries_of_a_network(house: House) -> None:
    sent = house.send()
    for _ in range(4):
        house.try_password(sent, "000000")
    later = NOW + timedelta(minutes=10)
    for _ in range(4):
        outcome = house.try_password(sent, "000000", now=later)
        assert isinstance(outcome, WrongPassword)
        assert outcome.wait is None


def test_the_fifth_wrong_try_says_how_long_to_wait(house: House) -> None:
    sent = house.send()
    for _ in range(4):
        house.try_password(sent, "000000")
    outcome = house.try_password(sent, "000000")
    assert isinstance(outcome, WrongPassword)
    assert outcome.wait == Wait(30)
    assert outcome.tries_left == 15


def test_ten_wrong_in_a_day_make_the_link_wait_on_every_network(house: House) -> None:
    sent, nets = house.send(), networks(11)
    for net in nets[:10]:
        assert isinstance(house.try_password(sent, "000000", net=net), WrongPassword)
    assert house.try_password(sent, net=nets[10]) == Wait(900)
    assert isinstance(house.try_password(sent, net=nets[10], now=NOW + timedelta(minutes=15)), Opened)


def test_the_day_of_a_link_ends(house: House) -> None:
    sent, nets = house.send(), networks(12)
    for net in nets[:9]:
        house.try_password(sent, "000000", net=net)
    tomorrow = NOW + timedelta(hours=24)
    for net in nets[9:]:
        outcome = house.try_password(sent, "000000", net=net, now=tomorrow)
        assert isinstance(outcome, WrongPassword)
        assert outcome.wait is None


def wear_out(house: House, sent: Sent, count: int) -> None:
    """Wrong tries, patient enough to pass every wait."""
    for number in range(count):
        outcome = house.try_password(
            sent, "000000", net=networks(30)[number], now=NOW + number * timedelta(hours=3)
        )
        assert isinstance(outcome, WrongPassword)


def test_the_twentieth_wrong_password_freezes_the_link(house: House, pool: CountingPool) -> None:
    sent = house.send()
    wear_out(house, sent, 19)
    later = NOW + timedelta(days=5)
    outcome = house.try_password(sent, "000000", now=later)
    assert isinstance(outcome, WrongPassword)
    assert (outcome.frozen, outcome.tries_left, outcome.wait) == (True, 0, None)
    assert [event.kind for event in outcome.events] == ["unlock_bad", "frozen"]
    before = pool.calls
    refused = house.try_password(sent, now=later + timedelta(days=1))
    assert isinstance(refused, Refused)
    assert refused.state is LinkState.FROZEN
    assert pool.calls == before


def test_the_right_password_on_the_last_try_opens_and_does_not_freeze(house: House) -> None:
    sent = house.send()
    wear_out(house, sent, 19)
    assert isinstance(house.try_password(sent, now=NOW + timedelta(days=5)), Opened)
    row = house.row(sent)
    assert (row.bad, row.frozen_at) == (19, None)


def test_a_right_password_under_way_beside_the_last_wrong_one_still_opens(house: House) -> None:
    sent = house.send()
    wear_out(house, sent, 18)
    later = NOW + timedelta(days=5)
    wrong: list[object] = []
    outcome = house.try_password(
        sent,
        now=later,
        during=lambda: wrong.append(house.try_password(sent, "000000", net=b"n" * 16, now=later)),
    )
    assert isinstance(wrong[0], WrongPassword)
    assert isinstance(outcome, Opened)
    row = house.row(sent)
    assert (row.bad, row.frozen_at) == (19, None)


def test_a_crash_on_the_last_try_ends_in_a_frozen_link_and_not_in_limbo(house: House) -> None:
    sent = house.send()
    house.change(sent, bad=19)
    with house.database.begin() as session:
        assert isinstance(limits.reserve(session, sent.id, None, NET, NOW), Reservation)
    assert house.try_password(sent, now=NOW + SECOND) == Wait(59)
    refused = house.try_password(sent, now=NOW + timedelta(minutes=2))
    assert isinstance(refused, Refused)
    assert refused.state is LinkState.FROZEN
    assert [event.kind for event in refused.events] == ["frozen"]
    assert house.row(sent).frozen_at is not None


def test_reserve_counts_on_all_or_on_none(house: House) -> None:
    sent = house.send(recipient=b"r" * 16)
    with house.database.begin() as session:
        for number in range(5):
            taken = limits.reserve(session, sent.id, b"r" * 16, NET, NOW)
            assert isinstance(taken, Reservation)
            assert taken.number == number + 1
        for _ in range(3):
            assert limits.reserve(session, sent.id, b"r" * 16, NET, NOW) == Wait(30)
        counts = {row.bucket: row.wrong for row in all_of(session, LinkThrottle)}
    assert sorted(counts.values()) == [5, 5]
    assert house.row(sent).bad == 5


def test_forty_wrong_over_all_links_of_a_recipient_make_each_of_them_wait(house: House) -> None:
    recipient = b"r" * 16
    links = [house.send(recipient=recipient) for _ in range(5)]
    for number in range(40):
        sent = links[number // 9]
        now = NOW + number * timedelta(hours=3)
        assert isinstance(
            house.try_password(sent, "000000", net=networks(50)[number], now=now), WrongPassword
        )
    last = NOW + 39 * timedelta(hours=3)
    fresh = house.send(recipient=recipient, now=last)
    assert house.try_password(fresh, now=last) == Wait(3600)
    assert isinstance(house.try_password(house.send(recipient=b"s" * 16, now=last), now=last), Opened)
    assert isinstance(house.try_password(fresh, now=last + timedelta(hours=1)), Opened)


def test_strangers_wait_after_twenty_a_minute_and_hinder_nobody(house: House) -> None:
    sent = house.send()
    with house.database.begin() as session:
        for _ in range(20):
            assert limits.stranger_must_wait(session, NET, NOW) is None
            limits.count_stranger(session, NET, NOW)
        assert limits.stranger_must_wait(session, NET, NOW) == Wait(60)
        assert limits.stranger_must_wait(session, b"other" + NET, NOW) is None
        assert limits.stranger_must_wait(session, NET, NOW + timedelta(minutes=1)) is None
    assert isinstance(house.try_password(sent), Opened)


def test_an_unknown_link_has_no_reservation(house: House) -> None:
    with house.database.begin() as session, pytest.raises(Exception, match="No row"):
        limits.reserve(session, uuid4(), None, NET, NOW)


def test_old_counts_are_forgotten_and_standing_waits_are_not(house: House) -> None:
    sent = house.send()
    for _ in range(5):
        house.try_password(sent, "000000")
    with house.database.begin() as session:
        limits.forget_old(session, NOW + SECOND)
        assert len(all_of(session, LinkThrottle)) == 1
        limits.forget_old(session, NOW + timedelta(minutes=11))
        assert len(all_of(session, LinkThrottle)) == 0


def test_an_exhausted_link_says_so(house: House) -> None:
    sent = house.send()
    house.change(sent, bad=20)
    with house.database.begin() as session:
        assert limits.reserve(session, sent.id, None, NET, NOW) == Exhausted()
        assert limits.is_exhausted(session, sent.id)
