"""What reports make of an attempt, and what attempts make of a message.

Reports come twice, late and out of order: they are inputs here, not errors. States have a rank and an attempt
never goes back. Sources: SMPP 3.4 and Google's RCS guide for what reports mean; that a final state never changes
and a late delivery is recorded as a double is ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where an attempt, or a message, stands."""

    QUEUED = "queued"
    HELD = "held"  # waits for its window or its consent
    SUBMITTING = "submitting"  # committed before the carrier is called
    UNKNOWN = "unknown"  # the carrier gave no answer; only a report or a person can tell
    SUBMITTED = "submitted"
    EXPIRED = "expired"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELIVERED = "delivered"
    READ = "read"


# Equal ranks follow one another freely below SUBMITTING, and never above: the first ending stays.
RANK = {
    State.QUEUED: 0,
    State.HELD: 0,
    State.SUBMITTING: 1,
    State.UNKNOWN: 2,
    State.SUBMITTED: 3,
    State.EXPIRED: 4,
    State.FAILED: 4,
    State.CANCELLED: 4,
    State.DELIVERED: 5,
    State.READ: 6,
}
WAITING = frozenset({State.QUEUED, State.HELD})
UNDELIVERED = frozenset({State.EXPIRED, State.FAILED, State.CANCELLED})
DELIVERED = frozenset({State.DELIVERED, State.READ})
FINAL = UNDELIVERED | DELIVERED


@dataclass(frozen=True, slots=True)
class Advance:
    """The state after a report.

    `changed` tells a new state from a duplicate, late or overtaken report; `final` that nothing more is expected
    (READ may still follow DELIVERED); `double` that a delivery came after the attempt had ended otherwise, so that
    the person may hold the message twice: record it, send nothing.
    """

    state: State
    changed: bool
    final: bool
    double: bool


def advance(current: State, report: State) -> Advance:
    """The state of an attempt after a report says `report`."""
    if current in UNDELIVERED:
        return Advance(current, changed=False, final=True, double=report in DELIVERED)
    forward = RANK[report] > RANK[current] or (
        current in WAITING and report in WAITING and report is not current
    )
    state = report if forward else current
    return Advance(state, changed=forward, final=state in FINAL, double=False)


def is_settled(state: State) -> bool:
    """Whether a batch may count the message as finished: an unresolved doubt is shown, and not waited for."""
    return state in FINAL or state is State.UNKNOWN


@dataclass(frozen=True, slots=True)
class Overall:
    """The state of a message with all its attempts; `double` when more than one was delivered."""

    state: State
    double: bool


def overall(attempts: Sequence[State]) -> Overall:
    """What the attempts of one message, oldest first, amount to; QUEUED when there is none yet.

    One delivery makes the message delivered, whatever became of the others; otherwise the newest attempt speaks.
    """
    delivered = [state for state in attempts if state in DELIVERED]
    if delivered:
        return Overall(max(delivered, key=RANK.__getitem__), double=len(delivered) > 1)
    return Overall(attempts[-1] if attempts else State.QUEUED, double=False)
