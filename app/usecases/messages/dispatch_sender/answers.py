"""What the carriers answered, written down; and what nobody answered."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from app.carriers.base import Accepted, CarrierError, Refused
from app.carriers.handover import Answer, Parcel
from app.db.models import Attempt, Message
from app.db.queries import carrier_health, journal, messages
from app.db.queries.journal import Book
from app.db.queries.messages import Lane
from app.db.sending import lanes, opting, transitions
from app.evidence.tags import Tag
from app.messaging.sending import routing, status
from app.messaging.sending.breaker import Tallies
from app.messaging.sending.failures import ANOTHER_ROAD
from app.runtime import Runtime
from app.usecases.messages.dispatch_sender.run import (
    MOST_TRIES,
    Run,
    Trying,
    lifetime,
    parcel,
    read_text,
    rests_of,
)


def settle_doubts(rt: Runtime, run: Run) -> None:
    """What an interrupted run left between our commit and the carrier's answer. Raises Superseded."""
    now = rt.now()
    with rt.begin() as session, Book(session, rt.vault, now) as book:
        run.held.require(session)
        for message in messages.in_doubt(session, run.held.block_id):
            attempt = messages.attempts_of(session, message.id)[-1]
            if _may_ask_again(rt, book, message, attempt, attempt.reason or "interrupted"):
                to = rt.vault.columns.open_column(
                    message.organisation_id, "message", "to", message.id, message.to_sealed
                )
                sender = messages.sender_of_attempt(session, attempt)
                given = parcel(rt, message, Trying.of(attempt), sender, to, read_text(rt, message))
                run.again.append(_again(given))


def _again(one: Parcel) -> Parcel:
    """The same for another call: the last one may have been heard."""
    return replace(one, granted=None, submission=replace(one.submission, again=True))


def _may_ask_again(rt: Runtime, book: Book, message: Message, attempt: Attempt, reason: str) -> bool:
    """An idempotent carrier is asked again with the same reference. With any other the message is shown as unknown:
    sending it again could text somebody twice. When the lifetime of a card is over it is asked back, and only
    then an SMS may follow."""
    carrier = rt.carriers.get(attempt.carrier)
    askable = carrier is not None and carrier.idempotent and message.text_sealed is not None
    if askable and attempt.tries < MOST_TRIES:
        attempt.tries += 1
        book.session.add(attempt)
        return True
    attempt.state = status.State.UNKNOWN
    book.session.add(attempt)
    if askable and attempt.channel == routing.Channel.RCS and routing.Channel.SMS in message.plan:
        life = timedelta(seconds=lifetime(rt, message, Trying.of(attempt)))
        attempt.deadline_at = routing.deadline(routing.Channel.RCS, attempt.started_at, life)
        attempt.tries = 0
    transitions.end(book, message, status.State.UNKNOWN, reason)
    return False


def flush(rt: Runtime, run: Run) -> None:
    """Write down the answers in hand.

    A run that was replaced writes down what the carrier took, for that is so, and nothing else: whether a message is
    tried again is decided by the run that holds the block.
    """
    answers, run.answers = run.answers, []
    if not answers:
        return
    for answer in answers:
        if isinstance(answer.outcome, Refused) and answer.outcome.code in opting.CARRIER_BLOCKS:
            _record_block(rt, run, answer.parcel.submission.attempt_id)
    tallies, rests = Tallies(), rests_of(answers)
    ids = [answer.parcel.submission.attempt_id for answer in answers]
    with rt.begin() as session, Book(session, rt.vault, rt.now()) as book:
        if not run.held.holds(session):
            answers = [answer for answer in answers if isinstance(answer.outcome, Accepted)]
        held = messages.hold_of_attempts(session, ids)
        attempts = messages.attempts_of_each(session, list(held))
        places = {one.id: (held[owner], of) for owner, of in attempts.items() for one in of}
        answering = _Answering(rt, book)
        for answer in answers:
            failed = isinstance(answer.outcome, CarrierError)
            tallies.add(answer.parcel.carrier, answer.took, failed=failed)
            if answer.parcel.submission.attempt_id in places:
                answering.write_down(*places[answer.parcel.submission.attempt_id], answer)
        messages.set_submitted(session, answering.submitted)
        lanes.wake(session, rt.jobs, answering.lanes, book.now)
        carrier_health.count(session, tallies.take(), book.now, rests)
    run.again += answering.again


def _record_block(rt: Runtime, run: Run, attempt_id: UUID) -> None:
    """The operator said so at once, and not in a report."""
    with rt.begin() as session:
        attempt = messages.attempt(session, attempt_id) if run.held.holds(session) else None
        if attempt is not None and attempt.state == status.State.SUBMITTING:
            opting.record_block(session, rt.vault, attempt, rt.now())


class _Answering:
    """The answers of some messages, within one transaction. `again` are those to be asked again, `lanes` those in which
    a message waits elsewhere, `submitted` the messages that a carrier has."""

    def __init__(self, rt: Runtime, book: Book) -> None:
        self.submitted: list[UUID] = []
        self.again: list[Parcel] = []
        self.lanes: set[Lane] = set()
        self._rt, self._book = rt, book

    def write_down(self, message: Message, attempts: Sequence[Attempt], answer: Answer) -> None:
        """Put the answer to one of the attempts of a message into their rows."""
        attempt = next(one for one in attempts if one.id == answer.parcel.submission.attempt_id)
        outcome, at = answer.outcome, answer.at
        match outcome:
            case Accepted(reference):
                self._accepted(message, attempt, attempts, reference, at)
            case Refused(code) if code in ANOTHER_ROAD:
                self._by_another_road(message, attempt, code)
            case Refused(code):
                refused = routing.Outcome.NO_RCS if code == "no_rcs" else routing.Outcome.FAILED
                self._failed(message, attempt, attempts, refused, code)
            case CarrierError() if outcome.in_doubt or answer.parcel.submission.again:
                # That this call sent nothing, as when the carrier was just switched off, says nothing of the one before.
                self._in_doubt(message, attempt, answer, outcome.code)
            case CarrierError(retryable=True):
                self._by_another_road(message, attempt, outcome.code)
            case CarrierError():
                self._failed(message, attempt, attempts, routing.Outcome.FAILED, outcome.code)
        self._book.session.add(attempt)

    def _accepted(
        self, message: Message, attempt: Attempt, attempts: Sequence[Attempt], reference: str, at: datetime
    ) -> None:
        attempt.carrier_reference = reference
        attempt.submitted_at = at
        attempt.tries = 0
        left = timedelta(seconds=lifetime(self._rt, message, Trying.of(attempt)))
        attempt.deadline_at = routing.deadline(routing.Channel(attempt.channel), at, left)
        step = transitions.advance(attempt, status.State.SUBMITTED, "", at)
        entry = journal.Entry(
            Tag.MESSAGE_SUBMITTED,
            message.id,
            {"attempt": attempt.id.hex, "channel": attempt.channel, "segments": attempt.segments},
        )
        self._book.note(message.organisation_id, entry)
        if message.state == status.State.SUBMITTING and attempt.state == status.State.SUBMITTED:
            self.submitted.append(message.id)
        elif step.changed:
            # A report ran ahead of the answer, and the message has followed it already.
            transitions.settle(self._book, message, attempts, "")

    def _in_doubt(self, message: Message, attempt: Attempt, answer: Answer, code: str) -> None:
        attempt.reason = code
        open_still = attempt.state == status.State.SUBMITTING
        if open_still and _may_ask_again(self._rt, self._book, message, attempt, code):
            self.again.append(_again(answer.parcel))

    def _by_another_road(self, message: Message, attempt: Attempt, code: str) -> None:
        """Certainly not sent: the next turn finds a carrier that has not failed yet, or lets the message wait."""
        if attempt.state != status.State.SUBMITTING:
            return  # a report told more than this answer
        transitions.advance(attempt, status.State.FAILED, code, self._book.now)
        message.state = status.State.QUEUED
        self._book.session.add(message)

    def _failed(
        self,
        message: Message,
        attempt: Attempt,
        attempts: Sequence[Attempt],
        outcome: routing.Outcome,
        reason: str,
    ) -> None:
        if attempt.state != status.State.SUBMITTING:
            return  # a report told more than this answer
        transitions.advance(attempt, status.State.FAILED, reason, self._book.now)
        lane = transitions.follow(self._book, message, attempts, outcome, reason)
        if lane is not None:
            self.lanes.add(lane)
