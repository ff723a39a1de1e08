"""Messages go to their carriers each in its slot; what misses it comes back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from app.carriers.base import Accepted, Carrier, CarrierError, Departed, Submission
from app.carriers.handover import Handover, Parcel
from app.messaging.timing.throttle import LATE
from tests.stories.carriers import ScriptedCarrier, down
from tests.stories.simulated import SimulatedTime, Threads

NOW = datetime(2027, 1, 12, tzinfo=UTC)


def parcel(slot: float, carrier: str = "simulator") -> Parcel:
    submission = Submission(uuid4(), UUID(int=1), "sms", "PLI", "+33612345678", "Bonjour", None, 600)
    return Parcel(submission, carrier, 1, slot=slot, granted=slot)


@dataclass
class KeepingCarrier(ScriptedCarrier):
    """Keeps slots itself: one in three misses its slot."""

    calls: list[list[float]] = field(default_factory=list)

    def submit_at(
        self, submissions: Sequence[Submission], waits: Sequence[float], now: datetime
    ) -> list[Departed]:
        self.calls.append(list(waits))
        accepted = [
            Departed(Accepted(one.attempt_id.hex), wait) for one, wait in zip(submissions, waits, strict=True)
        ]
        return [Departed(None, 0.0) if at % 3 == 2 else one for at, one in enumerate(accepted)]


class Hand:
    """A handover at a time that passes only by waiting, on one thread."""

    def __init__(self, *carriers: Carrier, confirm: Callable[[], None] = lambda: None) -> None:
        self.time = SimulatedTime(NOW)
        by_name = {one.name: one for one in carriers}
        self.hand = Handover(by_name, Threads(self.time), self.time, self.time, confirm)

    def give(self, *waits: float, carrier: str = "simulator") -> list[Parcel]:
        """Messages with slots so many seconds from now."""
        given = [parcel(self.time.now() + wait, carrier) for wait in waits]
        self.hand.give(given)
        self.hand.wait()
        return given


def test_a_message_is_handed_over_in_its_slot() -> None:
    carrier = ScriptedCarrier()
    hand = Hand(carrier)
    given = hand.give(0.1, 0.3, 0.2)
    answers, missed = hand.hand.collect()
    assert missed == []
    assert [one.parcel for one in answers] == [given[0], given[2], given[1]]
    assert [one.left for one in answers] == [one.parcel.slot for one in answers]
    assert len(carrier.submitted) == 3
    assert hand.hand.empty


def test_what_is_late_comes_back_and_is_not_sent() -> None:
    carrier = ScriptedCarrier()
    hand = Hand(carrier)
    late = hand.give(-LATE - 0.001)
    assert hand.hand.collect() == ([], late)
    in_time = hand.give(-LATE + 0.001)
    ((answer,), missed) = hand.hand.collect()
    assert (answer.parcel, missed) == (in_time[0], [])
    assert len(carrier.submitted) == 1


def test_a_carrier_that_keeps_slots_is_given_all_of_them_before_they_are_due() -> None:
    keeping, other = KeepingCarrier(name="smpp"), ScriptedCarrier()
    hand = Hand(keeping, other)
    begin = hand.time.now()
    given = hand.give(*(0.2 + 0.01 * at for at in range(9)), carrier="smpp")
    assert hand.time.now() == begin
    assert [round(wait, 3) for wait in keeping.calls[0]] == [round(0.2 + 0.01 * at, 3) for at in range(9)]
    answers, missed = hand.hand.collect()
    assert missed == [given[2], given[5], given[8]]
    assert [one.left for one in answers] == pytest.approx([one.parcel.slot for one in answers])
    assert (keeping.submitted, other.submitted) == ([], [])


def test_errors_of_a_carrier_are_answers() -> None:
    hand = Hand(ScriptedCarrier(down))
    hand.give(0.1)
    ((answer,), _) = hand.hand.collect()
    assert isinstance(answer.outcome, CarrierError)
    hand.hand.check()


def test_faults_of_ours_are_raised() -> None:
    def broken(_submission: Submission) -> Accepted:
        raise RuntimeError("a fault of ours")

    hand = Hand(ScriptedCarrier(broken))
    hand.give(0.1)
    assert hand.hand.collect() == ([], [])
    with pytest.raises(RuntimeError):
        hand.hand.check()


def test_a_carrier_that_was_removed_took_nothing() -> None:
    hand = Hand()
    hand.give(0.1)
    ((answer,), _) = hand.hand.collect()
    assert isinstance(answer.outcome, CarrierError)
    assert (answer.outcome.code, answer.outcome.in_doubt) == ("carrier_misconfigured", False)


@pytest.mark.parametrize("carrier", [ScriptedCarrier(), KeepingCarrier()])
def test_a_run_that_was_replaced_calls_nobody(carrier: ScriptedCarrier) -> None:
    def replaced() -> None:
        raise PermissionError("another run holds the block")

    hand = Hand(carrier, confirm=replaced)
    hand.give(0.1, 0.2)
    assert carrier.submitted == []
    assert not getattr(carrier, "calls", [])
    with pytest.raises(PermissionError):
        hand.hand.check()
