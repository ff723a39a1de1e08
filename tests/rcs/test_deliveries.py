"""F2 over HTTP, and the whole way: what was sent, what the platform tells of it, and what that amounts to."""

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.messaging.sending.status import State, advance
from rcs.events import Delivered, Event, Expired, Read, Tapped, Unknown, Unsubscribed, UserMessage
from rcs.outcomes import Accepted, InDoubt, NotRevocable, Revoked
from tests.rcs.conftest import PHONE, Office
from tests.rcs.making import announcement, message
from tests.rcs.platform import Fault, Handset, Platform
from tests.rcs.receiver import Receiver, receiver

NOW = datetime.now(UTC)


@pytest.fixture
def here(google: Platform) -> Iterator[Receiver]:
    with receiver(google.world.client_token, google.world.agent_id) as running:
        yield running


def send(office: Office) -> UUID:
    message_id = uuid4()
    assert office.messenger.submit(PHONE, message_id, message(), NOW) == Accepted(message_id)
    return message_id


def state_of(events: Sequence[Event], message_id: UUID) -> tuple[State, int]:
    """What our rules make of the events, in the order in which they came; and how many of them changed something."""
    state, changes = State.SUBMITTED, 0
    for event in events:
        told = {Delivered: State.DELIVERED, Read: State.READ, Expired: State.EXPIRED}.get(type(event))
        if told and getattr(event, "message_id", None) == message_id:
            step = advance(state, told)
            state, changes = step.state, changes + step.changed
    return state, changes


def test_f2_12_a_webhook_is_greeted_over_http(google: Platform, here: Receiver) -> None:
    right = google.greet(here.hook, google.world.client_token, "1234567890")
    wrong = google.greet(here.hook, "another", "1234567890")

    assert (right.status_code, right.content) == (200, b"1234567890")
    assert right.headers["content-type"].startswith("text/plain")
    assert wrong.status_code == 403
    assert b"1234567890" not in wrong.content
    assert here.stored == {}


def test_f2_14_the_same_event_five_times_is_one_and_five_answers_are_200(
    office: Office, google: Platform, here: Receiver
) -> None:
    message_id = send(office)

    assert google.tell(here.hook, times=5) == [200] * 5
    assert len(here.stored) == 1
    assert state_of(list(here.stored.values()), message_id) == (State.DELIVERED, 1)


def test_f2_14_another_envelope_around_the_same_data_is_the_same_event(
    office: Office, google: Platform, here: Receiver
) -> None:
    send(office)
    ((body, signature),) = google.world.events
    envelope = json.loads(body)
    envelope["message"]["messageId"] = "999"
    envelope["message"]["attributes"] = {"business_id": "another@rbm.goog", "type": "agent_launch_event"}
    for sent in (body, json.dumps(envelope | {"subscription": "projects/q"}).encode()):
        answer = httpx.post(here.hook, content=sent, headers={"X-Goog-Signature": signature}, trust_env=False)
        assert answer.status_code == 200

    assert len(here.stored) == 1


def test_f2_13_an_event_that_was_altered_on_its_way_changes_nothing(
    office: Office, google: Platform, here: Receiver
) -> None:
    send(office)
    ((_, signature),) = google.world.events
    other, _ = google.world.signed({"eventType": "READ", "eventId": "x", "agentId": "demo-agent"})
    answer = httpx.post(here.hook, content=other, headers={"X-Goog-Signature": signature}, trust_env=False)

    assert answer.status_code == 403
    assert here.stored == {}


def test_f2_16_read_alone_is_delivered_and_delivered_after_it_changes_nothing(
    office: Office, google: Platform, here: Receiver
) -> None:
    message_id = send(office)
    google.world.read(str(message_id))
    google.tell(here.hook, backwards=True)

    first, second = here.stored.values()
    assert (type(first), type(second)) == (Read, Delivered)
    assert state_of([first], message_id) == (State.READ, 1)
    assert state_of([first, second], message_id) == (State.READ, 1)


def test_f2_16_an_unknown_event_is_stored_and_answered(google: Platform, here: Receiver) -> None:
    google.world.happen(eventType="WAVED", senderPhoneNumber=PHONE)

    assert google.tell(here.hook) == [200]
    (event,) = here.stored.values()
    assert isinstance(event, Unknown)


def test_what_people_do_is_told(google: Platform, here: Receiver) -> None:
    google.world.tap(PHONE, "nope7K3MQ2X9", "Ce n’est pas pour moi", "REPLY")
    google.world.say(PHONE, "STOP")
    google.world.unsubscribe(PHONE)
    google.tell(here.hook)

    tapped, said, gone = here.stored.values()
    assert isinstance(tapped, Tapped)
    assert (tapped.postback, tapped.is_reply) == ("nope7K3MQ2X9", True)
    assert isinstance(said, UserMessage)
    assert (said.text, said.phone) == ("STOP", PHONE)
    assert isinstance(gone, Unsubscribed)


def test_a_revoked_message_is_shown_to_nobody(office: Office, google: Platform, here: Receiver) -> None:
    google.world.handsets[PHONE].on = False
    message_id = send(office)

    assert office.client.revoke(PHONE, message_id, NOW) == Revoked()
    assert google.tell(here.hook) == []
    assert google.world.messages[str(message_id)].shown == 0


def test_a_delivery_may_follow_a_successful_revocation(
    office: Office, google: Platform, here: Receiver
) -> None:
    google.world.handsets[PHONE].on = False
    google.world.revoked_too_late = True
    message_id = send(office)

    assert office.client.revoke(PHONE, message_id, NOW) == Revoked()
    google.tell(here.hook)
    (late,) = here.stored.values()
    assert isinstance(late, Delivered)
    assert advance(State.EXPIRED, State.DELIVERED).double


def test_a_revocation_whose_answer_was_lost_cannot_be_asked_about(office: Office, google: Platform) -> None:
    google.world.handsets[PHONE].on = False
    message_id = send(office)
    google.plan("revoke", Fault(0, taken=True))

    assert isinstance(office.client.revoke(PHONE, message_id, NOW), InDoubt)
    assert office.client.revoke(PHONE, message_id, NOW) == NotRevocable()
    assert google.world.messages[str(message_id)].shown == 0


def test_of_a_delivery_and_a_revocation_at_the_same_moment_one_wins(office: Office, google: Platform) -> None:
    phones = [f"+336000000{at:02}" for at in range(60)]
    google.world.handsets |= {phone: Handset(on=False) for phone in phones}
    ids = [uuid4() for _ in phones]
    for phone, message_id in zip(phones, ids, strict=True):
        assert isinstance(office.client.send(phone, message_id, message(), NOW), Accepted)

    with ThreadPoolExecutor(4) as pool:
        revocations = [
            (
                pool.submit(office.client.revoke, phone, message_id, NOW),
                pool.submit(google.world.switch_on, phone),
            )
            for phone, message_id in zip(phones, ids, strict=True)
        ]
    for message_id, (revocation, _) in zip(ids, revocations, strict=True):
        shown = google.world.messages[str(message_id)].shown
        assert revocation.result() == (NotRevocable() if shown else Revoked())


@pytest.mark.parametrize("revoked", [True, False])
def test_an_expiry_says_whether_the_message_was_taken_back(
    office: Office, google: Platform, here: Receiver, revoked: bool
) -> None:
    google.world.handsets[PHONE].on = False
    message_id = send(office)
    google.world.expire(str(message_id), revoked=revoked)
    google.tell(here.hook)

    (event,) = here.stored.values()
    assert isinstance(event, Expired)
    assert (event.message_id, event.revoked, event.phone) == (message_id, revoked, PHONE)
    outcome = office.client.revoke(PHONE, message_id, NOW)
    assert outcome == (NotRevocable() if revoked else Revoked())


@given(
    st.permutations(["DELIVERED", "READ", "TTL_EXPIRATION_REVOKE_FAILED"]),
    st.lists(st.integers(0, 2), max_size=6),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_order_and_repetition_change_neither_the_events_nor_a_delivery(
    google: Platform, kinds: list[str], again: list[int]
) -> None:
    message_id = uuid4()
    calls = [
        google.world.signed(
            {"eventType": kind, "eventId": f"e-{kind}", "messageId": str(message_id), "agentId": "demo-agent"}
        )
        for kind in kinds
    ]
    receiver_ = Receiver(google.world.client_token, "demo-agent")
    for body, signature in (*calls, *(calls[at] for at in again)):
        assert receiver_.answer(body, signature) == (200, "")

    assert len(receiver_.stored) == 3
    told = [event for event in receiver_.stored.values() if not isinstance(event, Expired)]
    assert state_of(told, message_id)[0] is State.READ


def test_two_hundred_messages_through_a_storm_are_each_shown_once(
    office: Office, google: Platform, here: Receiver
) -> None:
    dice = random.Random(4)
    phones = [f"+336000000{at:02}" for at in range(20)]
    google.world.handsets |= {phone: Handset() for phone in phones}
    storm = [
        Fault(500, taken=True),
        Fault(503),
        Fault(0, taken=True),
        Fault(0),
        Fault(429, retry_after="1"),
        Fault(401),
        *[Fault()] * 6,
    ]
    google.plan("send", *[dice.choice(storm) for _ in range(600)])
    made = message(announcement())
    ids = [uuid4() for _ in range(200)]

    def until_taken(at: int) -> None:
        for _ in range(20):
            if isinstance(office.messenger.submit(phones[at % 20], ids[at], made, NOW), Accepted):
                return
        raise AssertionError("never taken")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(until_taken, range(200)))
    dice.shuffle(google.world.events)
    assert set(google.tell(here.hook, times=2)) == {200}

    assert {stored.shown for stored in google.world.messages.values()} == {1}
    delivered = Counter(event.message_id for event in here.stored.values() if isinstance(event, Delivered))
    assert delivered == Counter(ids)
