"""F3, 20 and its relatives: what happens to a card at the same moment, 200 times, on both databases. Never two SMS; none
where a card was told to be delivered first; one where nobody was shown a card."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from app.db.models import Message
from app.usecases.messages.expire_attempts import expire_attempts
from tests.rcs.platform import Fault
from tests.stories.agency import Agency, agency, many

TIMES = 200


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Agency]:
    with agency(tmp_path / "data", database_url=database_url) as made:
        yield made


def together(*acts: Callable[[], object]) -> None:
    """Each on a thread of its own, begun at the same moment. Raises what one of them raises."""
    start, failures = threading.Barrier(len(acts)), list[BaseException]()

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def sent(office: Agency, people: int = TIMES) -> Sequence[Message]:
    """A payroll whose cards wait at the platform for phones that are off."""
    messages = office.messages(office.sent(*many(people), on=False))
    assert {message.state for message in messages} == {"submitted"}
    return messages


def test_f3_20_a_delivery_and_an_expiry_at_the_same_moment_are_never_two_sms(office: Agency) -> None:
    messages = sent(office)
    world = office.google.world
    for message in messages:
        card = office.card_of(message)
        world.expire(card.id)
        world.deliver(card.id)
        expiry, delivery = world.events
        world.events = []
        together(partial(office.call, *expiry), partial(office.call, *delivery))
    office.story.pipeline.run()
    ends = Counter[tuple[str, bool, int]]()
    for message in messages:
        first, double, texts = office.tries(message)[0][1], office.now(message).double, office.texts(message)
        ends[first, double, texts] += 1
    assert set(ends) <= {("delivered", False, 0), ("expired", True, 1)}, ends
    assert ends.total() == TIMES


def test_delivery_expiry_revocation_and_two_workers_at_once_are_never_two_sms_and_never_none(
    office: Agency,
) -> None:
    messages, dice = sent(office), random.Random(1)
    world = office.google.world
    cards = [office.card_of(message) for message in messages]
    office.google.plan(
        "revoke", *[dice.choice([Fault(), Fault(), Fault(503), Fault(429)]) for _ in range(TIMES)]
    )
    office.story.clock.forward(seconds=931)

    def phones() -> None:
        for card in dice.sample(cards, TIMES // 2):
            world.switch_on(card.phone)
            office.hear()

    def platform() -> None:
        for card in random.Random(2).sample(cards, TIMES // 2):
            with world.lock:
                if card.state == "waiting":
                    world.expire(card.id, revoked=card.phone[-4] in "02468")
            office.hear()

    def worker() -> None:
        for _ in range(3):
            expire_attempts(office.story.rt)

    together(phones, platform, worker, worker)
    office.hear(times=2)
    office.minutes(10)
    for message, card in zip(messages, cards, strict=True):
        texts, story = office.texts(message), (card, office.tries(message), office.now(message).state)
        assert texts <= 1, story
        assert card.shown + texts >= 1, story
        assert office.now(message).double == (card.shown + texts > 1), story
        assert office.now(message).state in ("delivered", "read"), story
    # A card that was taken back or expired is shown to nobody, so a delivery and a text come together only by a lie.
    assert not any(office.now(message).double for message in messages)
    assert {card.shown for card in cards} == {0, 1}


def test_two_workers_ask_for_each_card_once(office: Agency) -> None:
    """A second revocation would be answered as if the card had been delivered."""
    messages = sent(office, 30)
    office.story.clock.forward(seconds=931)
    together(*[partial(expire_attempts, office.story.rt)] * 3)
    office.story.pipeline.run()
    asked = office.google.calls("revoke")
    assert len({one.path for one in asked}) == len(asked) == len(messages)
    assert {office.tries(message)[0] for message in messages} == {("rcs", "expired", "revoked")}
    assert {office.texts(message) for message in messages} == {1}


def test_answers_reports_and_doubts_at_once_are_never_two_sms_and_never_none(office: Agency) -> None:
    """The platform tells of a card while the call that sent it has no answer yet, or a wrong one."""
    dice = random.Random(3)
    storm = [Fault(500, taken=True), Fault(0, taken=True), Fault(0), Fault(503), Fault(429), *[Fault()] * 3]
    office.google.plan("send", *[dice.choice(storm) for _ in range(4 * TIMES)])
    people = many(TIMES)
    office.phones(*people)
    batch = office.story.upload(people)
    office.story.release(batch)
    done = threading.Event()

    def tell() -> None:
        while not done.is_set():
            office.hear()

    def send() -> None:
        try:
            office.story.pipeline.run()
        finally:
            done.set()

    together(send, tell)
    office.minutes(40, step=1)
    for message in office.messages(batch):
        cards = [one for one in office.google.world.messages.values() if one.phone == office.number(message)]
        story = ([(one.state, one.shown) for one in cards], office.tries(message), message.state)
        assert sum(card.shown for card in cards) <= 1, story
        assert office.texts(message) <= 1, story
        assert sum(card.shown for card in cards) + office.texts(message) == 1, story
        assert message.state == "delivered", story
