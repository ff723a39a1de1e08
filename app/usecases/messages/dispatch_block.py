"""Send the messages of one block: decide, take slots, commit the attempts, call the carrier, record the answers.

An attempt is committed as `submitting` before the carrier is called, and no transaction is open during the call. The
job asks the tables at each turn what is left, so it can be cut at any point and run again, and a link that was closed
is announced no more from the next turn on.
"""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from app.carriers.base import Accepted, CarrierError, Refused, Submission
from app.crypto.envelope import OutboxPlace
from app.db import transitions
from app.db.block_run import BlockRun, Superseded
from app.db.models import Attempt, Message, Sender
from app.db.queries import carrier_health, consents, journal, messages, organisations, rules
from app.db.roads import RoadMap
from app.db.session import Session
from app.evidence.tags import Tag
from app.messaging import consent, routing, status, throttle, windows
from app.messaging.breaker import Tallies
from app.messaging.categories import Category, Kind
from app.messaging.category_rules import is_commercial
from app.messaging.failures import ANOTHER_ROAD
from app.messaging.place import place_of
from app.messaging.roads import Why, rounds
from app.messaging.rule_rows import category_rules, days_off, kind_rules, window_rules
from app.runtime import Runtime

FLUSH_SECONDS = 0.4
RETRIES = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5))
MOST_TRIES = 4


@dataclass(frozen=True)
class _Ready:
    """A message with its committed attempt, what to hand over, and the slot in which it leaves (epoch seconds)."""

    message_id: UUID
    attempt_id: UUID
    submission: Submission
    carrier: str
    sender_id: UUID
    cost: int
    slot: float


@dataclass(frozen=True)
class _Answer:
    ready: _Ready
    outcome: Accepted | Refused | CarrierError
    at: datetime
    took: timedelta


def dispatch_block(rt: Runtime, block_id: str) -> None:
    """The job. Returns when no message of the block can leave any more."""
    with suppress(Superseded), BlockRun(rt.database, UUID(block_id), rt.now) as run:
        while True:
            rt.jobs.checkpoint()
            _send_each(rt, run, _doubts(rt, run))
            turn = _next_turn(rt, run)
            if isinstance(turn, float):
                time.sleep(turn)
            elif turn:
                _send_each(rt, run, turn)
            elif not _has_doubts(rt, run.block_id):
                break


def _next_turn(rt: Runtime, run: BlockRun) -> list[_Ready] | float:
    """Commit the attempts of the next slots; a number of seconds to wait when the sender's pace is taken; empty when
    nothing of the block is left to do now."""
    now = rt.now()
    with rt.begin() as session:
        run.require(session)
        waiting = messages.claim_next(session, run.block_id, now, limit=1)
        if not waiting:
            return []
        first = waiting[0]
        senders = organisations.senders(session, first.organisation_id)
        sender = messages.sender_for_update(session, senders[first.channel].id)
        if sender is None:
            raise ValueError("a sender cannot disappear")
        pace = throttle.reserve(sender.tat, sender.rate, now.timestamp(), _cost(first))
        if isinstance(pace, throttle.Wait):
            return pace.seconds
        ready: list[_Ready] = []
        claimed = messages.claim_next(session, run.block_id, now, limit=throttle.block(sender.rate))
        closed = messages.closed_links(session, claimed)
        roads = RoadMap(session, sender, now)
        for message in claimed:
            if message.channel != first.channel:
                continue
            if _is_pointless(rt, session, message, closed, now):
                continue
            if not _may_leave(rt, session, message, sender.address, roads, now):
                continue
            pace = throttle.reserve(sender.tat, sender.rate, now.timestamp(), _cost(message))
            if isinstance(pace, throttle.Wait):
                break
            carrier = _road(rt, session, message, roads, now)
            if carrier is None:
                continue
            sender.tat = pace.new_tat
            ready.append(_commit_attempt(rt, session, message, sender, carrier, pace.first_slot, now))
        session.add(sender)
        return ready or 0.0


def _cost(message: Message) -> int:
    """Segments on the air: an RCS card is one message whatever its length."""
    return message.segments if message.channel == "sms" else 1


def _is_pointless(
    rt: Runtime, session: Session, message: Message, closed: Mapping[UUID, str], now: datetime
) -> bool:
    """End a message whose time is over, or whose link was closed after it was queued."""
    if message.expires_at <= now:
        transitions.end(session, rt.vault, message, status.State.EXPIRED, "validity_over", now)
        return True
    reason = closed.get(message.link_id) if message.link_id else None
    if reason is not None:
        transitions.end(session, rt.vault, message, status.State.CANCELLED, reason, now)
        return True
    return False


def _may_leave(
    rt: Runtime, session: Session, message: Message, address: str, roads: RoadMap, now: datetime
) -> bool:
    """Ask consent and window; a message that may not leave is held or cancelled with the rule that says so."""
    category = Category(message.category)
    changed = rules.rows(session, message.organisation_id)
    needs = category_rules(changed)
    answer = consent.decide(
        category,
        consents.ledger(session, message.organisation_id, message.to_index),
        address,
        message.channel,
        now,
        commercial=is_commercial(Kind(message.kind), now.date(), kind_rules(changed)),
        rules=needs,
    )
    if isinstance(answer, consent.Denied):
        transitions.end(session, rt.vault, message, status.State.CANCELLED, answer.rule, now)
        return False
    to = rt.vault.columns.open_column(message.organisation_id, "message", "to", message.id, message.to_sealed)
    window = windows.next_open(
        category,
        now,
        place_of(to),
        (*window_rules(changed), *roads.hours()),
        categories=needs,
        days_off=days_off(changed),
    )
    if window.allowed:
        return True
    if window.next is None or window.next >= message.expires_at:
        transitions.end(session, rt.vault, message, status.State.CANCELLED, window.rule, now)
        return False
    transitions.hold(session, rt.vault, message, window.next, window.rule, now)
    return False


def _road(rt: Runtime, session: Session, message: Message, roads: RoadMap, now: datetime) -> str | None:
    """The carrier of the next attempt. When each has failed the message waits, longer each time, and fails at last."""
    attempts = messages.attempts_of(session, message.id)
    to = rt.vault.columns.open_column(message.organisation_id, "message", "to", message.id, message.to_sealed)
    pick = roads.pick(message, to, attempts)
    if pick.carrier is not None:
        return pick.carrier
    if pick.why is Why.NO_ROAD:
        transitions.end(session, rt.vault, message, status.State.FAILED, "no_road", now)
        return None
    failures, reason = rounds(attempts, message.channel), attempts[-1].reason
    if failures <= len(RETRIES) and reason not in ANOTHER_ROAD:
        transitions.hold(session, rt.vault, message, now + RETRIES[failures - 1], reason, now)
    else:
        transitions.follow(session, rt.vault, message, routing.Outcome.FAILED, reason, now)
    return None


def _commit_attempt(
    rt: Runtime,
    session: Session,
    message: Message,
    sender: Sender,
    carrier: str,
    slot: float,
    now: datetime,
) -> _Ready:
    attempt = Attempt(
        id=uuid4(),
        message_id=message.id,
        number=messages.count_attempts(session, message.id) + 1,
        channel=message.channel,
        carrier=carrier,
        state=status.State.SUBMITTING,
        segments=_cost(message),
        started_at=now,
    )
    message.state = status.State.SUBMITTING
    session.add(attempt)
    session.add(message)
    session.flush()
    return _ready(rt, message, attempt, sender, slot)


def _ready(rt: Runtime, message: Message, attempt: Attempt, sender: Sender, slot: float) -> _Ready:
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
        to=rt.vault.columns.open_column(
            message.organisation_id, "message", "to", message.id, message.to_sealed
        ),
        text=rt.vault.envelope.open_text(place, message.text_sealed),
        card=card,
        ttl_seconds=_lifetime(rt, message, attempt),
    )
    return _Ready(message.id, attempt.id, submission, attempt.carrier, sender.id, _cost(message), slot)


def _lifetime(rt: Runtime, message: Message, attempt: Attempt) -> int:
    left = message.expires_at - attempt.started_at
    has_fallback = attempt.channel == "rcs" and "sms" in message.plan
    return max(10, int((min(left, rt.policies.rcs_fallback) if has_fallback else left).total_seconds()))


def _doubts(rt: Runtime, run: BlockRun) -> list[_Ready]:
    """What an interrupted run left between our commit and the carrier's answer.

    An idempotent carrier is asked again with the same reference. With any other the message is shown as unknown:
    sending it again could text somebody twice.
    """
    now = rt.now()
    again: list[_Ready] = []
    with rt.begin() as session:
        run.require(session)
        for message in messages.in_doubt(session, run.block_id):
            attempt = messages.attempts_of(session, message.id)[-1]
            sender = messages.sender_of_attempt(session, message, attempt)
            carrier = rt.carriers.get(attempt.carrier)
            askable = carrier is not None and carrier.idempotent and message.text_sealed is not None
            if askable and attempt.tries < MOST_TRIES:
                attempt.tries += 1
                session.add(attempt)
                again.append(_ready(rt, message, attempt, sender, 0.0))
                continue
            attempt.state = status.State.UNKNOWN
            session.add(attempt)
            transitions.end(
                session, rt.vault, message, status.State.UNKNOWN, attempt.reason or "interrupted", now
            )
    return again


def _has_doubts(rt: Runtime, block_id: UUID) -> bool:
    with rt.read() as session:
        return messages.any_in_doubt(session, block_id)


def _send_each(rt: Runtime, run: BlockRun, ready: Sequence[_Ready]) -> None:
    """Hand each message over in its slot and write the answers down at least every FLUSH_SECONDS."""
    answers: list[_Answer] = []
    flushed = time.monotonic()
    try:
        for one in ready:
            _wait_for_slot(rt, one)
            run.confirm()
            began = time.monotonic()
            outcome = _submit(rt, one)
            answers.append(_Answer(one, outcome, rt.now(), timedelta(seconds=time.monotonic() - began)))
            if time.monotonic() - flushed > FLUSH_SECONDS:
                _flush(rt, run, answers)
                answers, flushed = [], time.monotonic()
    finally:
        _flush(rt, run, answers)


def _wait_for_slot(rt: Runtime, one: _Ready) -> None:
    """Sleep until the slot. A slot that was missed is dropped and another one taken, never caught up by a burst."""
    slot = one.slot
    while True:
        now = rt.now().timestamp()
        if slot > now:
            time.sleep(slot - now)
            now = rt.now().timestamp()
        if slot and not throttle.is_late(slot, now):
            return
        with rt.begin() as session:
            sender = messages.sender_for_update(session, one.sender_id)
            if sender is None:
                raise ValueError("a sender cannot disappear")
            pace = throttle.reserve(sender.tat, sender.rate, rt.now().timestamp(), one.cost)
            if isinstance(pace, throttle.Reserved):
                sender.tat = pace.new_tat
                session.add(sender)
        if isinstance(pace, throttle.Reserved):
            slot = pace.first_slot
        else:
            time.sleep(pace.seconds)


def _submit(rt: Runtime, one: _Ready) -> Accepted | Refused | CarrierError:
    carrier = rt.carriers.get(one.carrier)
    if carrier is None:  # switched off since it was chosen, or its settings cannot be used
        return CarrierError(
            "carrier_misconfigured", "the carrier is not there", retryable=True, in_doubt=False
        )
    try:
        return carrier.submit(one.submission, rt.now())
    except CarrierError as error:
        return error


def _flush(rt: Runtime, run: BlockRun, answers: Sequence[_Answer]) -> None:
    """A run that was replaced writes down what the carrier took, for that is so, and nothing else: whether a message is
    tried again is decided by the run that holds the block."""
    if not answers:
        return
    tallies = Tallies()
    with rt.begin() as session:
        if not run.holds(session):
            answers = [answer for answer in answers if isinstance(answer.outcome, Accepted)]
        held = messages.hold(session, [answer.ready.message_id for answer in answers])
        for answer in answers:
            failed = isinstance(answer.outcome, CarrierError)
            tallies.add(answer.ready.carrier, answer.took, failed=failed)
            message = held.get(answer.ready.message_id)
            attempt = messages.attempt(session, answer.ready.attempt_id)
            if message is not None and attempt is not None:
                _write_down(rt, session, message, attempt, answer)
        carrier_health.count(session, tallies.take(), rt.now())


def _write_down(rt: Runtime, session: Session, message: Message, attempt: Attempt, answer: _Answer) -> None:
    outcome, at = answer.outcome, answer.at
    match outcome:
        case Accepted(reference):
            attempt.carrier_reference = reference
            attempt.submitted_at = at
            attempt.deadline_at = _deadline(rt, message, attempt, at)
            step = transitions.advance(attempt, status.State.SUBMITTED, "", at)
            entry = journal.Entry(
                Tag.MESSAGE_SUBMITTED,
                message.id,
                {"attempt": attempt.id.hex, "channel": attempt.channel, "segments": attempt.segments},
            )
            journal.append(session, rt.vault, message.organisation_id, [entry], at)
            # A report may have run ahead of the answer, and the message has followed it already.
            if step.changed:
                transitions.settle(session, rt.vault, message, at, "")
        case Refused(code) if code in ANOTHER_ROAD:
            _by_another_road(session, message, attempt, code, at)
        case Refused(code):
            transitions.advance(attempt, status.State.FAILED, code, at)
            session.add(attempt)
            session.flush()
            refused = routing.Outcome.NO_RCS if code == "no_rcs" else routing.Outcome.FAILED
            transitions.follow(session, rt.vault, message, refused, code, at)
        case CarrierError(in_doubt=True):
            # Stays `submitting`: the next turn asks an idempotent carrier again, or shows the doubt.
            attempt.reason = outcome.code
        case CarrierError(retryable=True):
            _by_another_road(session, message, attempt, outcome.code, at)
        case CarrierError():
            transitions.advance(attempt, status.State.FAILED, outcome.code, at)
            session.add(attempt)
            session.flush()
            transitions.follow(session, rt.vault, message, routing.Outcome.FAILED, outcome.code, at)
    session.add(attempt)


def _by_another_road(session: Session, message: Message, attempt: Attempt, code: str, at: datetime) -> None:
    """Certainly not sent: the next turn finds a carrier that has not failed yet, or lets the message wait."""
    transitions.advance(attempt, status.State.FAILED, code, at)
    message.state = status.State.QUEUED
    session.add(message)


def _deadline(rt: Runtime, message: Message, attempt: Attempt, at: datetime) -> datetime:
    channel = routing.Channel(attempt.channel)
    return routing.deadline(channel, at, timedelta(seconds=_lifetime(rt, message, attempt)))
