"""What the carriers answered, written down; and what nobody answered."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from app.carriers.base import Accepted, CarrierError, Refused
from app.carriers.handover import Answer, Parcel
from app.db import lanes, transitions
from app.db.models import Attempt, Message
from app.db.queries import carrier_health, journal, messages
from app.db.queries.messages import Lane
from app.db.session import Session
from app.evidence.tags import Tag
from app.messaging import routing, status
from app.messaging.breaker import Tallies
from app.messaging.failures import ANOTHER_ROAD
from app.runtime import Runtime
from app.usecases.messages.dispatch_sender.run import MOST_TRIES, Run, lifetime, parcel


def settle_doubts(rt: Runtime, run: Run) -> None:
    """What an interrupted run left between our commit and the carrier's answer. Raises Superseded."""
    now = rt.now()
    with rt.begin() as session:
        run.held.require(session)
        for message in messages.in_doubt(session, run.held.block_id):
            attempt = messages.attempts_of(session, message.id)[-1]
            if _may_ask_again(rt, session, message, attempt, attempt.reason or "interrupted", now):
                to = rt.vault.columns.open_column(
                    message.organisation_id, "message", "to", message.id, message.to_sealed
                )
                sender = messages.sender_of_attempt(session, attempt)
                run.again.append(parcel(rt, message, attempt, sender, to))


def _may_ask_again(
    rt: Runtime, session: Session, message: Message, attempt: Attempt, reason: str, now: datetime
) -> bool:
    """An idempotent carrier is asked again with the same reference. With any other the message is shown as unknown:
    sending it again could text somebody twice."""
    carrier = rt.carriers.get(attempt.carrier)
    askable = carrier is not None and carrier.idempotent and message.text_sealed is not None
    if askable and attempt.tries < MOST_TRIES:
        attempt.tries += 1
        session.add(attempt)
        return True
    attempt.state = status.State.UNKNOWN
    session.add(attempt)
    transitions.end(session, rt.vault, message, status.State.UNKNOWN, reason, now)
    return False


def flush(rt: Runtime, run: Run) -> None:
    """Write down the answers in hand.

    A run that was replaced writes down what the carrier took, for that is so, and nothing else: whether a message is
    tried again is decided by the run that holds the block.
    """
    answers, run.answers = run.answers, []
    if not answers:
        return
    tallies = Tallies()
    ids = [answer.parcel.submission.attempt_id for answer in answers]
    with rt.begin() as session:
        if not run.held.holds(session):
            answers = [answer for answer in answers if isinstance(answer.outcome, Accepted)]
        held = messages.hold_of_attempts(session, ids)
        attempts = messages.attempts(session, ids)
        book = _Book(rt, session)
        for answer in answers:
            failed = isinstance(answer.outcome, CarrierError)
            tallies.add(answer.parcel.carrier, answer.took, failed=failed)
            attempt = attempts.get(answer.parcel.submission.attempt_id)
            message = held.get(attempt.message_id) if attempt else None
            if message is not None and attempt is not None:
                book.write_down(message, attempt, answer)
        book.close()
        carrier_health.count(session, tallies.take(), rt.now())
    run.again += book.again


class _Book:
    """The answers of some messages, within one transaction. `again` are those to be asked again."""

    def __init__(self, rt: Runtime, session: Session) -> None:
        self.again: list[Parcel] = []
        self._rt, self._session = rt, session
        self._entries: dict[UUID, list[journal.Entry]] = {}
        self._lanes: set[Lane] = set()

    def write_down(self, message: Message, attempt: Attempt, answer: Answer) -> None:
        """Put one answer into its rows."""
        outcome, at = answer.outcome, answer.at
        match outcome:
            case Accepted(reference):
                self._accepted(message, attempt, reference, at)
            case Refused(code) if code in ANOTHER_ROAD:
                self._by_another_road(message, attempt, code, at)
            case Refused(code):
                refused = routing.Outcome.NO_RCS if code == "no_rcs" else routing.Outcome.FAILED
                self._failed(message, attempt, refused, code, at)
            case CarrierError(in_doubt=True):
                self._in_doubt(message, attempt, answer, outcome.code)
            case CarrierError(retryable=True):
                self._by_another_road(message, attempt, outcome.code, at)
            case CarrierError():
                self._failed(message, attempt, routing.Outcome.FAILED, outcome.code, at)
        self._session.add(attempt)

    def close(self) -> None:
        """The journal of each organisation once, and the runs of what waits elsewhere."""
        now = self._rt.now()
        for organisation_id, entries in self._entries.items():
            journal.append(self._session, self._rt.vault, organisation_id, entries, now)
        lanes.wake(self._session, self._rt.jobs, self._lanes, now)

    def _accepted(self, message: Message, attempt: Attempt, reference: str, at: datetime) -> None:
        attempt.carrier_reference = reference
        attempt.submitted_at = at
        left = timedelta(seconds=lifetime(self._rt, message, attempt))
        attempt.deadline_at = routing.deadline(routing.Channel(attempt.channel), at, left)
        step = transitions.advance(attempt, status.State.SUBMITTED, "", at)
        entry = journal.Entry(
            Tag.MESSAGE_SUBMITTED,
            message.id,
            {"attempt": attempt.id.hex, "channel": attempt.channel, "segments": attempt.segments},
        )
        self._entries.setdefault(message.organisation_id, []).append(entry)
        if message.state == status.State.SUBMITTING and attempt.state == status.State.SUBMITTED:
            message.state = status.State.SUBMITTED
            self._session.add(message)
        elif step.changed:
            # A report ran ahead of the answer, and the message has followed it already.
            transitions.settle(self._session, self._rt.vault, message, at, "")

    def _in_doubt(self, message: Message, attempt: Attempt, answer: Answer, code: str) -> None:
        attempt.reason = code
        open_still = attempt.state == status.State.SUBMITTING
        if open_still and _may_ask_again(self._rt, self._session, message, attempt, code, answer.at):
            self.again.append(replace(answer.parcel, granted=None))

    def _by_another_road(self, message: Message, attempt: Attempt, code: str, at: datetime) -> None:
        """Certainly not sent: the next turn finds a carrier that has not failed yet, or lets the message wait."""
        transitions.advance(attempt, status.State.FAILED, code, at)
        message.state = status.State.QUEUED
        self._session.add(message)

    def _failed(
        self, message: Message, attempt: Attempt, outcome: routing.Outcome, reason: str, at: datetime
    ) -> None:
        transitions.advance(attempt, status.State.FAILED, reason, at)
        self._session.add(attempt)
        self._session.flush()
        lane = transitions.follow(self._session, self._rt.vault, message, outcome, reason, at)
        if lane is not None:
            self._lanes.add(lane)
