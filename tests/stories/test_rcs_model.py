"""Random orders of what may happen to one card, with crashes and lost answers: never two SMS, and never none in silence."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from app.carriers.base import Accepted, Carrier, Channel, Refused, RevokeOutcome, Submission
from app.db.models import Template
from app.messaging.permission.categories import Category, Kind
from app.usecases.messages.expire_attempts import expire_attempts
from app.usecases.messages.send_message import NewMessage, Taken, send_message
from tests.rcs.platform import Fault, Handset
from tests.stories.agency import CONNECTION, Agency, agency

SENDING = [
    Fault(),
    Fault(500, taken=True),
    Fault(0, taken=True),
    Fault(0),
    Fault(503),
    Fault(429),
    Fault(404),
]
REVOKING = [Fault(), Fault(503), Fault(429), Fault(0, taken=True)]


class Crash(Exception):
    """The process ends here."""


class Dying:
    """The carrier, in a process that ends right after its revocation was heard, when `dies`."""

    channels: frozenset[Channel] = frozenset({"rcs"})
    name = CONNECTION
    idempotent = True

    def __init__(self, real: Callable[[], Carrier]) -> None:
        self._real = real
        self.dies = False

    def submit(self, submission: Submission, now: datetime) -> Accepted | Refused:
        return self._real().submit(submission, now)

    def revoke(self, attempt_id: UUID, to: str, now: datetime) -> RevokeOutcome:
        outcome = self._real().revoke(attempt_id, to, now)
        if self.dies:
            raise Crash
        return outcome

    def reaches_rcs(self, organisation_id: UUID, to: str) -> bool | None:
        return None


NUMBERS = count()


class OneCard(RuleBasedStateMachine):
    """`office` and `dying` are given by the test. `lost` is whether the answer to a revocation was lost: then nobody can
    know, and a person is shown the doubt."""

    office: Agency
    dying: Dying

    @initialize(on=st.booleans(), faults=st.lists(st.sampled_from(SENDING), max_size=8))
    def send(self, on: bool, faults: list[Fault]) -> None:
        at = next(NUMBERS)
        self.phone = f"+336141{at:03d}77"
        self.lost = False
        world = self.office.google.world
        world.handsets, world.messages, world.events = {self.phone: Handset(on=on)}, {}, []
        self.office.google.faults.clear()
        self.office.google.plan("send", *faults)
        taken = send_message(
            self.office.story.rt, self.office.story.id, NewMessage(self.phone, template="visit"), "key:1"
        )
        assert isinstance(taken, Taken)
        self.message = taken.message
        self.office.story.pipeline.run()

    @rule()
    def switch_on(self) -> None:
        self.office.google.world.switch_on(self.phone)

    @rule(revoked=st.booleans())
    def expire(self, revoked: bool) -> None:
        world = self.office.google.world
        for card in list(world.messages.values()):
            if card.state == "waiting" or not revoked:
                world.expire(card.id, revoked=revoked)

    @rule(order=st.randoms(use_true_random=False), times=st.integers(1, 3))
    def hear(self, order: object, times: int) -> None:
        order.shuffle(self.office.google.world.events)  # type: ignore[attr-defined]
        self.office.hear(times=times)

    @rule(
        seconds=st.sampled_from([1, 20, 61, 400, 931]), faults=st.lists(st.sampled_from(REVOKING), max_size=3)
    )
    def wait(self, seconds: int, faults: list[Fault]) -> None:
        self.office.google.plan("revoke", *faults)
        self.office.story.clock.forward(seconds=seconds)
        before = len(self.office.google.calls("revoke"))
        self.office.story.timers()
        self.lost |= any(one.status in (0, 200) for one in self.office.google.calls("revoke")[before:-1])
        self.lost |= any(fault.status == 0 for fault in faults)

    @rule()
    def crash(self) -> None:
        """Between the platform's yes and our commit."""
        self.dying.dies = True
        before = len(self.office.google.calls("revoke"))
        try:
            expire_attempts(self.office.story.rt)
        except Crash:
            self.lost |= self.office.google.calls("revoke")[before].status == 200
        finally:
            self.dying.dies = False

    @rule()
    def work(self) -> None:
        self.office.story.pipeline.run()
        self.office.story.hear()

    def teardown(self) -> None:
        if not hasattr(self, "message"):
            return
        self.office.google.faults.clear()
        self.office.minutes(36, step=3)
        self.office.story.let_network_work()
        message = self.office.now(self.message)
        cards = list(self.office.google.world.messages.values())
        shown, texts = sum(card.shown for card in cards), self.office.texts(message)
        story = ([(one.state, one.shown) for one in cards], self.office.tries(message), message.state)
        assert texts <= 1, story
        assert shown <= 1, story
        assert shown + texts >= 1 or (self.lost and message.state == "unknown"), story
        assert message.double == (shown + texts > 1), story
        assert message.state in ("delivered", "unknown"), story


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Agency]:
    with agency(tmp_path / "data", database_url=database_url) as made:
        with made.story.rt.begin() as session:
            for channel in ("sms", "rcs"):
                session.add(
                    Template(
                        organisation_id=made.story.id,
                        key="visit",
                        channel=channel,
                        language="fr",
                        category=Category.TRANSACTIONAL,
                        kind=Kind.APPOINTMENT,
                        title="Rendez-vous",
                        text="{sender} : votre rendez-vous est demain.",
                        updated_at=made.story.rt.now(),
                    )
                )
        yield made


def test_whatever_happens_to_a_card_there_are_never_two_sms_and_never_none_in_silence(office: Agency) -> None:
    registry = office.story.rt.carriers
    dying = Dying(lambda: registry[CONNECTION])
    office.story.use_carriers(google=dying, simulator=registry["simulator"])

    class Here(OneCard):
        pass

    Here.office, Here.dying = office, dying
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=25, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
