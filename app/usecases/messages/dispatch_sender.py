"""Send what waits for one sender: decide, take slots, commit the attempts, call the carriers, record the answers.

Each turn takes the most urgent messages of the sender, so that a message queued later but more urgent leaves before the
others; several runs may serve one sender at once. An attempt is committed as `submitting` before its carrier is called,
and no transaction is open during the call. A run asks the tables at each turn what is left, so it can be cut at any
point and run again, and a link that was closed is announced no more from the next turn on.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from app.carriers.base import Accepted, CarrierError, Refused, Submission
from app.carriers.handover import Answer, Handover, Parcel
from app.crypto.envelope import OutboxPlace
from app.db import lanes, pace, transitions
from app.db.departures import Departing, Departures
from app.db.models import Attempt, Message, Sender
from app.db.queries import journal, messages, organisations
from app.db.queries.messages import Lane
from app.db.session import Session
from app.evidence.tags import Tag
from app.messaging import routing, status, throttle
from app.runtime import Runtime

FLUSH_SECONDS = 0.2
PAUSE_SECONDS = 0.1  # while the pace is the limit: fewer and larger turns
LONGEST_PAUSE_SECONDS = 0.5
LEAD_SECONDS = 0.04  # the first slot lies behind the commit that takes it
RUN_SECONDS = 20.0  # then other senders have their turn
MOST_CALLS = 16  # calls to carriers at once, for one run
MOST_AT_ONCE = 200
RETRIES = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5))
MOST_TRIES = 4


@dataclass
class _Run:
    """One run of a sender's lane. `again` are messages that need a slot: they missed theirs, or are in doubt."""

    block_id: UUID
    lane: Lane
    hand: Handover
    again: list[Parcel] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    left_late: list[Answer] = field(default_factory=list)

    def gather(self) -> None:
        """Take over what the carriers answered and what missed its slot."""
        answers, missed = self.hand.collect()
        self.answers += answers
        self.left_late += [one for one in answers if throttle.left_late(one.parcel.slot, one.left)]
        self.again += missed

    @property
    def idle(self) -> bool:
        return not (self.again or self.answers or self.hand.in_hand)


def dispatch_sender(rt: Runtime, block_id: str) -> None:
    """The job. Returns when nothing of the lane can leave any more, or after RUN_SECONDS, having started the next run."""
    with rt.read() as session:
        block = messages.block(session, UUID(block_id))
    if block is None or block.sender_id is None:
        raise ValueError("a run has its block and its sender")
    lane = Lane(block.sender_id, block.kind == "express")
    with rt.threads(MOST_CALLS) as threads:
        run = _Run(block.id, lane, Handover(rt.carriers, threads, rt.timepiece, rt.now))
        try:
            _doubts(rt, run)
            _work(rt, run)
        finally:
            run.hand.wait()
            run.gather()
            _flush(rt, run)
            if run.left_late:
                _next_turn(rt, run, closing=True)
    _close(rt, run)


def _work(rt: Runtime, run: _Run) -> None:
    ends_at = rt.timepiece.now() + RUN_SECONDS
    flushed_at = rt.timepiece.now()
    while True:
        rt.jobs.checkpoint()
        run.hand.check()
        run.gather()
        if rt.timepiece.now() - flushed_at >= FLUSH_SECONDS or not run.hand.in_hand:
            _flush(rt, run)
            flushed_at = rt.timepiece.now()
        pause = _next_turn(rt, run, closing=rt.timepiece.now() > ends_at)
        if pause is None:
            if run.idle:
                return
            run.hand.wait(PAUSE_SECONDS)
        elif pause > 0:
            rt.timepiece.sleep(min(max(pause, PAUSE_SECONDS), LONGEST_PAUSE_SECONDS))


def _close(rt: Runtime, run: _Run) -> None:
    now = rt.now()
    with rt.begin() as session:
        block = messages.lock_block(session, run.block_id)
        if block is None or block.done_at is not None:
            return
        block.done_at = now
        session.add(block)
        if messages.any_queued(session, run.lane.sender_id, express=run.lane.express):
            lanes.wake(session, rt.jobs, [run.lane], now)


def _next_turn(rt: Runtime, run: _Run, *, closing: bool) -> float | None:
    """Commit the attempts of the next slots and give them to the carriers.

    Returns the seconds to wait for the pace, or None when nothing waits that this run may take.
    """
    with rt.begin() as session:
        sender = organisations.sender(session, run.lane.sender_id)
        if sender is None:
            raise ValueError("a sender cannot disappear")
        turn = _Turn(rt, session, run, sender)
        pause = turn.repeat()
        if not closing and pause is None:
            pause = turn.take()
        turn.store()
    run.hand.give(turn.parcels)
    return pause


def _cost(message: Message) -> int:
    """Segments on the air: an RCS card is one message whatever its length."""
    return message.segments if message.channel == "sms" else 1


class _Turn:
    """One turn, within its transaction; `parcels` are to be handed over after it."""

    def __init__(self, rt: Runtime, session: Session, run: _Run, sender: Sender) -> None:
        self.parcels: list[Parcel] = []
        self._rt, self._session, self._run, self._sender = rt, session, run, sender
        self._pace = pace.hold(session, {sender.id: sender.rate}, {}, rt.timepiece)
        self._log = self._pace.logs[sender.id]
        self._from = self._pace.now + LEAD_SECONDS
        reach = throttle.EXPRESS_AHEAD if run.lane.express else throttle.AHEAD
        self._until = self._pace.now + reach
        for late in run.left_late:
            if late.parcel.granted is not None:
                self._log.move(late.parcel.granted, late.left + self._pace.ahead, late.parcel.segments)
        run.left_late.clear()

    def store(self) -> None:
        self._pace.store(self._session)

    def repeat(self) -> float | None:
        """Slots for what missed its own, and for doubts that the carrier can settle; the seconds to wait if there are
        not enough."""
        again, self._run.again = self._run.again, []
        for parcel in again:
            if parcel.granted is not None:
                self._log.give_back(parcel.granted, parcel.segments)
        open_ids = [parcel.submission.attempt_id for parcel in again]
        standing = messages.submitting(self._session, open_ids) if again else frozenset()
        pause = None
        for parcel in again:
            if parcel.submission.attempt_id not in standing:
                continue  # a report settled it meanwhile, or another run that took this one for dead
            slot = throttle.reserve([self._log], self._from, parcel.segments, self._until)
            if isinstance(slot, throttle.Wait):
                pause = slot.seconds
                self._run.again.append(replace(parcel, granted=None))
            else:
                self._give(parcel, slot)
        return pause

    def take(self) -> float | None:
        """Claim what is most urgent, as far as there are slots; the seconds to wait, or None when nothing waits."""
        lane, session = self._run.lane, self._session
        room = self._log.room(self._from, self._until)
        claimed = messages.claim_next(
            session, lane.sender_id, express=lane.express, limit=min(room, MOST_AT_ONCE)
        )
        if not claimed:
            return (
                self._full() if messages.any_queued(session, lane.sender_id, express=lane.express) else None
            )
        now = self._rt.now()
        departures = Departures(session, self._rt.vault, self._sender, now)
        leaving = departures.of(claimed)
        tried = messages.count_attempts(session, [one.message.id for one in leaving])
        lanes.wake(session, self._rt.jobs, departures.moved, now)
        for one in leaving:
            slot = throttle.reserve([self._log], self._from, _cost(one.message), self._until)
            if isinstance(slot, throttle.Wait):
                return slot.seconds
            self._give(self._commit(one, tried.get(one.message.id, 0) + 1, now), slot)
        return self._full()

    def _give(self, parcel: Parcel, slot: float) -> None:
        self.parcels.append(replace(parcel, granted=slot, slot=slot - self._pace.ahead))

    def _full(self) -> float:
        """The seconds until there is another slot to take; 0 when there is one now."""
        return max(0.0, self._log.earliest(self._from, 1) - self._until)

    def _commit(self, one: Departing, number: int, now: datetime) -> Parcel:
        message = one.message
        attempt = Attempt(
            id=uuid4(),
            message_id=message.id,
            number=number,
            channel=message.channel,
            sender_id=self._sender.id,
            carrier=self._sender.carrier,
            state=status.State.SUBMITTING,
            segments=_cost(message),
            started_at=now,
        )
        message.state = status.State.SUBMITTING
        message.block_id = self._run.block_id
        self._session.add(attempt)
        self._session.add(message)
        return _parcel(self._rt, message, attempt, self._sender, one.to)


def _parcel(rt: Runtime, message: Message, attempt: Attempt, sender: Sender, to: str) -> Parcel:
    place = OutboxPlace(message.organisation_id, message.id, message.link_id, "sms", message.outbox_day)
    if message.text_sealed is None:
        raise ValueError("a message that may leave has its text")
    card = None
    if attempt.channel == "rcs" and message.card_sealed is not None:
        card = json.loads(rt.vault.envelope.open_text(replace(place, channel="rcs"), message.card_sealed))
    submission = Submission(
        attempt_id=attempt.id,
        organisation_id=message.organisation_id,
        channel="rcs" if attempt.channel == "rcs" else "sms",
        sender=sender.address,
        to=to,
        text=rt.vault.envelope.open_text(place, message.text_sealed),
        card=card,
        ttl_seconds=_lifetime(rt, message, attempt),
    )
    return Parcel(submission, attempt.carrier, attempt.segments)


def _lifetime(rt: Runtime, message: Message, attempt: Attempt) -> int:
    left = message.expires_at - attempt.started_at
    has_fallback = attempt.channel == "rcs" and "sms" in message.plan
    return max(10, int((min(left, rt.policies.rcs_fallback) if has_fallback else left).total_seconds()))


def _doubts(rt: Runtime, run: _Run) -> None:
    """What an interrupted run left between our commit and the carrier's answer."""
    now = rt.now()
    with rt.begin() as session:
        for message in messages.in_doubt(session, run.block_id):
            attempt = messages.attempts_of(session, message.id)[-1]
            if not _may_ask_again(rt, session, message, attempt, attempt.reason or "interrupted", now):
                continue
            sender = organisations.sender(session, attempt.sender_id)
            if sender is None:
                raise ValueError("a sender cannot disappear")
            to = rt.vault.columns.open_column(
                message.organisation_id, "message", "to", message.id, message.to_sealed
            )
            run.again.append(_parcel(rt, message, attempt, sender, to))


def _may_ask_again(
    rt: Runtime, session: Session, message: Message, attempt: Attempt, reason: str, now: datetime
) -> bool:
    """An idempotent carrier is asked again with the same reference. With any other the message is shown as unknown:
    sending it again could text somebody twice."""
    askable = rt.carriers[attempt.carrier].idempotent and message.text_sealed is not None
    if askable and attempt.tries < MOST_TRIES:
        attempt.tries += 1
        session.add(attempt)
        return True
    attempt.state = status.State.UNKNOWN
    session.add(attempt)
    transitions.end(session, rt.vault, message, status.State.UNKNOWN, reason, now)
    return False


def _flush(rt: Runtime, run: _Run) -> None:
    """Write down what the carriers answered."""
    answers, run.answers = run.answers, []
    if not answers:
        return
    ids = [answer.parcel.submission.attempt_id for answer in answers]
    with rt.begin() as session:
        held = messages.hold_of_attempts(session, ids)
        attempts = messages.attempts(session, ids)
        book = _Book(rt, session)
        for answer in answers:
            attempt = attempts.get(answer.parcel.submission.attempt_id)
            message = held.get(attempt.message_id) if attempt else None
            if message is not None and attempt is not None:
                book.write_down(message, attempt, answer)
        book.close()
    run.again += book.again


class _Book:
    """The answers of some messages, within one transaction."""

    def __init__(self, rt: Runtime, session: Session) -> None:
        self.again: list[Parcel] = []
        self._rt, self._session = rt, session
        self._entries: dict[UUID, list[journal.Entry]] = {}
        self._lanes: set[Lane] = set()

    def write_down(self, message: Message, attempt: Attempt, answer: Answer) -> None:
        outcome, at = answer.outcome, answer.at
        match outcome:
            case Accepted(reference):
                self._accepted(message, attempt, reference, at)
            case Refused(code):
                transitions.advance(attempt, status.State.FAILED, code, at)
                refused = routing.Outcome.NO_RCS if code == "no_rcs" else routing.Outcome.FAILED
                self._follow(message, attempt, refused, code, at)
            case CarrierError(in_doubt=True):
                attempt.reason = outcome.code
                if attempt.state == status.State.SUBMITTING and _may_ask_again(
                    self._rt, self._session, message, attempt, outcome.code, at
                ):
                    self.again.append(replace(answer.parcel, granted=None))
            case CarrierError():
                self._failed_call(message, attempt, outcome, at)
        self._session.add(attempt)

    def close(self) -> None:
        """The journal of each organisation once, and the runs of what waits again."""
        now = self._rt.now()
        for organisation_id, entries in self._entries.items():
            journal.append(self._session, self._rt.vault, organisation_id, entries, now)
        lanes.wake(self._session, self._rt.jobs, self._lanes, now)

    def _accepted(self, message: Message, attempt: Attempt, reference: str, at: datetime) -> None:
        attempt.carrier_reference = reference
        attempt.submitted_at = at
        lifetime = timedelta(seconds=_lifetime(self._rt, message, attempt))
        attempt.deadline_at = routing.deadline(routing.Channel(attempt.channel), at, lifetime)
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

    def _failed_call(self, message: Message, attempt: Attempt, error: CarrierError, at: datetime) -> None:
        transitions.advance(attempt, status.State.FAILED, error.code, at)
        self._session.add(attempt)
        self._session.flush()
        failures = sum(
            one.channel == attempt.channel and one.state == status.State.FAILED
            for one in messages.attempts_of(self._session, message.id)
        )
        if error.retryable and failures <= len(RETRIES):
            until = at + RETRIES[failures - 1]
            transitions.hold(self._session, self._rt.vault, message, until, error.code, at)
        else:
            self._follow(message, attempt, routing.Outcome.FAILED, error.code, at)

    def _follow(
        self, message: Message, attempt: Attempt, outcome: routing.Outcome, reason: str, at: datetime
    ) -> None:
        self._session.add(attempt)
        self._session.flush()
        lane = transitions.follow(self._session, self._rt.vault, message, outcome, reason, at)
        if lane is not None:
            self._lanes.add(lane)
