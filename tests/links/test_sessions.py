"""What an opening leaves: a cookie, tickets, and one guard for every byte."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from links import lifecycle, sessions
from links.opening import Opened
from links.sessions import Authorized, Started
from links.tables import LinkSession
from tests.links.conftest import NOW, House, Sent, all_of

TICK = timedelta(microseconds=1)


@pytest.fixture
def sent(house: House) -> Sent:
    return house.send()


def open_it(house: House, sent: Sent) -> Started:
    outcome = house.try_password(sent)
    assert isinstance(outcome, Opened)
    return outcome.session


def ticket(house: House, sent: Sent) -> Started:
    with house.database.begin() as session:
        return sessions.start(session, house.keys, sent.id, sent.dek, "ticket", NOW)


def authorize(house: House, ref: str, value: str, now: datetime = NOW) -> Authorized | None:
    with house.database.read() as session:
        return sessions.authorize(session, house.keys, ref, value, now)


def test_a_cookie_serves_a_quarter_of_an_hour(house: House, sent: Sent) -> None:
    started = open_it(house, sent)
    assert len(started.value) == 43
    found = authorize(house, sent.ref, started.value, NOW + timedelta(minutes=15) - TICK)
    assert found is not None
    assert (found.dek, found.kind, found.facts.document_id) == (sent.dek, "cookie", sent.document_id)
    assert authorize(house, sent.ref, started.value, NOW + timedelta(minutes=15)) is None


def test_a_ticket_is_a_value_of_its_own_and_serves_two_minutes(house: House, sent: Sent) -> None:
    cookie, made = open_it(house, sent), ticket(house, sent)
    assert len(made.value) == 22
    found = authorize(house, sent.ref, made.value, NOW + timedelta(minutes=2) - TICK)
    assert found is not None
    assert (found.dek, found.kind) == (sent.dek, "ticket")
    assert authorize(house, sent.ref, made.value, NOW + timedelta(minutes=2)) is None
    assert authorize(house, sent.ref, cookie.value, NOW + timedelta(minutes=2)) is not None


def test_a_session_serves_its_own_link_alone(house: House, sent: Sent) -> None:
    started, other = open_it(house, sent), house.send()
    assert authorize(house, other.ref, started.value) is None


def test_a_session_row_moved_to_another_link_does_not_open(house: House, sent: Sent) -> None:
    started, other = open_it(house, sent), house.send()
    with house.database.begin() as session:
        row = all_of(session, LinkSession)[0]
        row.link_id = other.id
    assert authorize(house, other.ref, started.value) is None


@pytest.mark.parametrize("value", ["", "x", "é" * 43, "A" * 43, "A" * 42 + "B", "2" * 22, "0" * 22, "A" * 44])
def test_a_made_up_value_serves_nothing(house: House, sent: Sent, value: str) -> None:
    open_it(house, sent)
    assert authorize(house, sent.ref, value) is None


def test_a_session_in_a_step_up_serves_nothing(house: House, sent: Sent) -> None:
    started = open_it(house, sent)
    with house.database.begin() as session:
        all_of(session, LinkSession)[0].state = "otp"
    assert authorize(house, sent.ref, started.value) is None


def test_a_link_that_ends_ends_its_sessions(house: House, sent: Sent) -> None:
    started = open_it(house, sent)
    assert authorize(house, sent.ref, started.value) is not None
    house.change(sent, expires_at=NOW)
    assert authorize(house, sent.ref, started.value) is None


def test_revoking_deletes_the_sessions_at_once(house: House, sent: Sent) -> None:
    started = open_it(house, sent)
    with house.database.begin() as session:
        lifecycle.revoke_documents(session, [sent.document_id], "revoked", NOW)
        assert len(all_of(session, LinkSession)) == 0
    assert authorize(house, sent.ref, started.value) is None


def test_closing_ends_one_session_and_not_the_other(house: House, sent: Sent) -> None:
    first, second = open_it(house, sent), open_it(house, sent)
    with house.database.begin() as session:
        sessions.close(session, house.keys, first.value)
        sessions.close(session, house.keys, "nonsense")
    assert authorize(house, sent.ref, first.value) is None
    assert authorize(house, sent.ref, second.value) is not None


def test_the_database_holds_neither_cookie_nor_document_key(house: House, sent: Sent) -> None:
    started = open_it(house, sent)
    with house.database.begin() as session:
        row = all_of(session, LinkSession)[0]
        stored = row.sid + row.sealed_dek
    assert sent.dek not in stored
    assert started.value.encode() not in stored
    assert started.value not in repr(replace(started))


def test_old_sessions_are_forgotten(house: House, sent: Sent) -> None:
    open_it(house, sent)
    ticket(house, sent)
    with house.database.begin() as session:
        sessions.forget_old(session, NOW + timedelta(minutes=2))
        assert [row.kind for row in all_of(session, LinkSession)] == ["cookie"]
