"""One turn of a run: which messages leave next, by which carrier, in which slots."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from app.carriers.handover import Parcel
from app.db.models import Attempt, Message, Sender
from app.db.queries import messages, organisations
from app.db.queries.journal import Book
from app.db.sending import lanes, pace, transitions
from app.db.sending.departures import Departing, Departures
from app.db.sending.roads import RoadMap, Shut
from app.messaging.sending import routing, status
from app.messaging.sending.failures import ANOTHER_ROAD, lasting
from app.messaging.sending.roads import Why, rounds
from app.messaging.sending.senders import channel_of
from app.messaging.texts.drafts import SMS
from app.messaging.texts.encode import smart_encode
from app.messaging.texts.segmentation import segment
from app.messaging.timing import throttle
from app.runtime import Runtime
from app.usecases.messages.dispatch_sender.run import (
    RETRIES,
    Run,
    Trying,
    longer_of,
    parcel,
    patience,
    read_text,
)

MOST_AT_ONCE = 200


def next_turn(rt: Runtime, run: Run, *, closing: bool) -> float | None:
    """Commit the attempts of the next slots and give them to the carriers.

    Returns the seconds to wait for the pace, or None when nothing waits that this run may take. A run that is `closing`
    only sees to what it has in hand. Raises Superseded.
    """
    began = rt.timepiece.now()
    with rt.begin() as session, Book(session, rt.vault, rt.now()) as book:
        run.held.require(session)
        sender = organisations.sender(session, run.lane.sender_id)
        if sender is None:
            raise ValueError("a sender cannot disappear")
        turn = _Turn(rt, book, run, sender)
        pause = turn.repeat()
        if not closing and pause is None:
            pause = turn.take()
        turn.store()
    run.took(rt.timepiece.now() - began)
    run.hand.give(turn.parcels)
    return pause


def _cost(message: Message) -> int:
    """Segments on the air, as they were counted last: an RCS card is one message whatever its length."""
    return message.segments if message.channel == "sms" else 1


def _may_fall_back(message: Message) -> bool:
    return message.channel == routing.Channel.RCS and routing.Channel.SMS in message.plan


class _Turn:
    """Within one transaction. `parcels` are to be handed over after it."""

    def __init__(self, rt: Runtime, book: Book, run: Run, sender: Sender) -> None:
        self.parcels: list[Parcel] = []
        self._attempts: list[dict[str, Any]] = []
        self._rt, self._book, self._run, self._sender = rt, book, run, sender
        self._session, self._now = book.session, book.now
        self._roads = RoadMap(self._session, sender, self._now)
        mine = {name: one for name, one in run.resting.items() if one.until > self._now}
        self._resting = longer_of(mine, self._roads.resting)
        self._pace = pace.hold(self._session, {sender.id: sender.rate}, self._roads.limits(), rt.timepiece)
        self._log = self._pace.logs[sender.id]
        self._from = self._pace.now + run.lead
        reach = throttle.EXPRESS_AHEAD if run.lane.express else throttle.AHEAD
        self._until = self._pace.now + reach
        self._last: dict[str | None, tuple[int, float]] = {}
        for late in run.left_late:
            self._move(late.parcel, late.left + self._pace.ahead)
        run.left_late.clear()

    def store(self) -> None:
        """Write down what was granted and what is on its way."""
        messages.submit_all(self._session, self._attempts, self._run.held.block_id)
        self._pace.store(self._session)

    def repeat(self) -> float | None:
        """Slots for what missed its own, and for doubts that the carrier can settle; the seconds to wait if there are
        not enough."""
        again, self._run.again = self._run.again, []
        for one in again:
            if one.granted is not None:
                for log in self._logs(one.carrier):
                    log.give_back(one.granted, one.segments)
        open_ids = [one.submission.attempt_id for one in again]
        standing = messages.submitting(self._session, open_ids) if again else frozenset()
        left = deque(one for one in again if one.submission.attempt_id in standing)  # a report settles some
        while left:
            slot = self._reserve(left[0].carrier, left[0].segments)
            if isinstance(slot, throttle.Wait):
                self._run.again += [replace(one, granted=None) for one in left]
                return slot.seconds
            self._give(left.popleft(), slot)
        return None

    def take(self) -> float | None:
        """Claim what is most urgent, as far as there are slots; the seconds to wait, or None when nothing waits."""
        lane, session = self._run.lane, self._session
        room = self._log.room(self._from, self._until, MOST_AT_ONCE)
        if self._all_rest():
            # Only what was just turned away learns how long it waits; the others wait in the queue.
            self._run.rests_until = min(self._resting.values()).until
            room, self._run.turned_away = self._run.turned_away, 0
            if room == 0:
                return None
        claimed = messages.claim_next(session, lane.sender_id, express=lane.express, limit=room)
        if not claimed:
            return (
                self._full() if messages.any_queued(session, lane.sender_id, express=lane.express) else None
            )
        leaves_by = self._now + timedelta(seconds=self._until - self._pace.now)
        departures = Departures(self._book, self._sender, self._roads.hours(), leaves_by)
        leaving = departures.of(claimed)
        others = self._roads.hours_of_others()
        tried = messages.attempts_of_each(session, [one.message.id for one in leaving])
        lanes.wake(session, self._rt.jobs, departures.moved, self._now)
        for one in leaving:
            wait = self._wait(_cost(one.message))
            if wait > 0:
                return wait
            shut = self._resting | departures.shut(one, others)
            wait = self._send(one, tried.get(one.message.id, ()), shut)
            if wait > 0:
                return wait
        return self._full()

    def _send(self, one: Departing, tried: Sequence[Attempt], shut: Mapping[str, Shut]) -> float:
        """By the next road, if there is one; the seconds to wait for a slot of its connection."""
        carrier = self._road(one, tried, shut)
        if carrier is None:
            return 0.0
        text = read_text(self._rt, one.message)
        if one.message.channel == SMS:
            # The road that was found may cut texts otherwise than the one they were written and counted for.
            options = self._rt.text_options(carrier)
            text = smart_encode(text, options).text
            count = segment(text, options)
            one.message.segments, one.message.encoding = count.segments, count.encoding
        slot = self._reserve(carrier, _cost(one.message))
        if isinstance(slot, throttle.Wait):
            return slot.seconds
        self._give(self._commit(one, text, carrier, len(tried) + 1), slot)
        return 0.0

    def _road(self, one: Departing, tried: Sequence[Attempt], shut: Mapping[str, Shut]) -> str | None:
        """The carrier of the next attempt. When each has failed the message waits, longer each time, and fails at last;
        one that is shut is waited for."""
        book, message = self._book, one.message
        pick = self._roads.pick(message, one.to, tried, shut)
        if pick.carrier is not None:
            return pick.carrier
        if pick.why is Why.NO_ROAD and not _may_fall_back(message):
            transitions.end(book, message, status.State.FAILED, "no_road")
            return None
        failures, reason = rounds(tried, message.channel), tried[-1].reason if tried else ""
        waits = [] if pick.opens is None else [pick.opens]
        if 0 < failures <= len(RETRIES) and reason not in ANOTHER_ROAD:
            rest = self._resting.get(tried[-1].carrier, Shut(self._now, reason))
            waits.append(Shut(max(self._now + RETRIES[failures - 1], rest.until), reason))
        if pick.why is Why.NO_ROAD or (waits and self._outlasts_card(message, tried, min(waits).until)):
            reason = min(waits).reason if waits else pick.why
            lane = transitions.take(book, message, routing.Send(routing.Channel.SMS), reason)
        elif waits:
            self._wait_for(message, min(waits))
            return None
        else:
            lane = transitions.follow(book, message, tried, routing.Outcome.FAILED, reason)
        if lane is not None:
            lanes.wake(book.session, self._rt.jobs, [lane], self._now)
        return None

    def _outlasts_card(self, message: Message, tried: Sequence[Attempt], until: datetime) -> bool:
        """Whether waiting so long would take more than a card's time before the SMS."""
        began = tried[0].started_at if tried else self._now
        return _may_fall_back(message) and until > began + patience(self._rt, message)

    def _all_rest(self) -> bool:
        """Whether nothing can leave before some carrier has rested; cards do not wait longer than their time for it."""
        if not self._resting or not self._roads.names <= self._resting.keys():
            return False
        shortest = min(self._resting.values()).until
        cards = channel_of(self._sender.kind) == routing.Channel.RCS
        return not (cards and shortest > self._now + self._rt.policies.rcs_fallback)

    def _wait_for(self, message: Message, opens: Shut) -> None:
        if opens.until < message.expires_at:
            transitions.hold(self._book, message, *opens)
        elif lasting(opens.reason) is None:
            transitions.end(self._book, message, status.State.CANCELLED, opens.reason)
        else:
            transitions.end_too_late(self._book, message)

    def _reserve(self, carrier: str, segments: int) -> float | throttle.Wait:
        """The next slot of the sender and of a connection."""
        slot = throttle.reserve(self._logs(carrier), self._start(carrier, segments), segments, self._until)
        if not isinstance(slot, throttle.Wait):
            self._last[carrier] = segments, slot
        return slot

    def _wait(self, segments: int) -> float:
        """The seconds until the sender has a slot for so many; 0 or less when it has one now."""
        at = self._log.earliest(self._start(None, segments), segments)
        self._last[None] = segments, at
        return at - self._until

    def _start(self, carrier: str | None, segments: int) -> float:
        """Where to look for a slot: where the last one was, since nothing earlier was free for a message not shorter. None
        is the sender alone."""
        last, slot = self._last.get(carrier, (0, self._from))
        return slot if segments >= last else self._from

    def _logs(self, carrier: str) -> list[throttle.Pace]:
        """The paces a message keeps: that of the sender, and that of the connection if it has a limit."""
        line = self._roads.connection(carrier)
        known = self._pace.logs.get(line.id) if line is not None else None
        return [self._log] if known is None else [self._log, known]

    def _full(self) -> float:
        """The seconds until there is another slot to take; 0 when there is one now."""
        return max(0.0, self._wait(1))

    def _give(self, one: Parcel, slot: float) -> None:
        self.parcels.append(replace(one, granted=slot, slot=slot - self._pace.ahead))

    def _move(self, one: Parcel, to: float) -> None:
        if one.granted is not None:
            for log in self._logs(one.carrier):
                log.move(one.granted, to, one.segments)

    def _commit(self, one: Departing, text: str, carrier: str, number: int) -> Parcel:
        message = one.message
        trying = Trying(uuid4(), message.channel, carrier, _cost(message), self._now)
        self._attempts.append(
            {
                **trying._asdict(),
                "message_id": message.id,
                "number": number,
                "sender_id": self._sender.id,
                "carrier_reference": "",
                "state": status.State.SUBMITTING.value,
                "reason": "",
                "tries": 0,
                "confirming": False,
                "submitted_at": None,
                "deadline_at": None,
                "finished_at": None,
            }
        )
        return parcel(self._rt, message, trying, self._sender, one.to, text)
