"""One bound link: asks and answers, and never more unanswered submissions than the window allows.

A submission that was written to the link and not answered is in doubt, whatever happened to the link; one that was
still waiting here was not sent. An answer is matched to its request by the sequence number alone.
"""

import asyncio
import contextlib
import heapq
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, cast

from app.carriers.smpp.codec import (
    HEADER,
    LAST_SEQUENCE,
    RESPONSE,
    Command,
    Pdu,
    Status,
    decode,
    decode_answer,
    encode_answer,
    frame_size,
)
from app.carriers.smpp.pace import Pace, Throttling
from app.carriers.smpp.submissions import Answer, Batch, Fate, Outgoing, Submission
from app.messaging.timing.throttle import LATE

SYSTEM_ERROR_TRIES: Final = 3
SYSTEM_ERROR_SECONDS: Final = 0.5
LEAVING_SECONDS: Final = 1.0
UNBIND_SECONDS: Final = 3.0
MOST_UNANSWERED_INBOUND: Final = 10_000
MOST_OVERDUE: Final = 10_000
_SUBMIT_ANSWER: Final = Command.SUBMIT_SM | RESPONSE
_SLOW_DOWN: Final = frozenset({Status.THROTTLED, Status.QUEUE_FULL})
_INBOUND: Final = frozenset({Command.DELIVER_SM, Command.DATA_SM})


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed, and how long to wait. Seconds; `rate` in segments a second, 0 for no limit of ours."""

    window: int
    rate: float
    enquire_seconds: float
    enquire_answer_seconds: float
    answer_seconds: float
    patience_seconds: float


class Events(Protocol):
    """Who is told what a session hears. Called in the loop; must not block."""

    def inbound(self, session: "Session", request: Pdu) -> None:
        """A deliver_sm or data_sm came. Answer it by `respond`."""

    def late(self, key: object, answer: Answer) -> None:
        """A submission that was given up as in doubt was answered after all."""


class Session(asyncio.Protocol):
    """One connection to an SMSC. Made by `dial.open_session`, which also binds it."""

    def __init__(self, terms: Terms, events: Events) -> None:
        self._terms, self._events = terms, events
        self._loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._sequence = 0
        self._asked: dict[int, asyncio.Future[Pdu]] = {}
        # What has no slot first, then in the order of the slots.
        self._queue: list[tuple[float, int, Submission]] = []
        self._numbers = itertools.count()
        self._flying: dict[int, Submission] = {}
        self._overdue: dict[int, object] = {}
        self._unanswered_inbound = 0
        self._pace, self._throttling = Pace(terms.rate), Throttling()
        self._bound = self._choked = False
        self._heard_at = self._loop.time()
        self._enquired_at: float | None = None
        self._wake: asyncio.TimerHandle | None = None
        self._tick: asyncio.TimerHandle | None = None

    # What the loop tells us.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The link stands; nothing is written before the bind."""
        self._transport = cast(asyncio.Transport, transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take whole messages off the stream; a length that cannot be true closes the link."""
        self._heard_at = self._loop.time()
        self._buffer += data
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 4:
            size = frame_size(bytes(buffer[at : at + 4]))
            if size is None:
                self.abort()
                return
            if len(buffer) - at < size:
                break
            self._take(decode(bytes(buffer[at : at + size])))
            at += size
        del buffer[:at]
        self._pump()

    def connection_lost(self, _error: Exception | None) -> None:
        """What was written is in doubt, what was not was not sent."""
        self._bound = False
        for timer in (self._wake, self._tick):
            if timer is not None:
                timer.cancel()
        flying, self._flying = self._flying, {}
        for one in flying.values():
            one.end(Fate.DOUBT)
        self._drop_queue()
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(ConnectionResetError("the link was closed"))
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        """The SMSC does not read as fast as we write."""
        self._choked = True

    def resume_writing(self) -> None:
        """It reads again."""
        self._choked = False
        self._pump()

    # What the owner of the link asks.

    async def ask(self, command: Command, body: bytes, seconds: float) -> Pdu:
        """Send a request that is not a submission, and wait for its answer. Raises TimeoutError, ConnectionResetError."""
        sequence = self._next()
        answer: asyncio.Future[Pdu] = self._loop.create_future()
        self._asked[sequence] = answer
        try:
            self._write(Pdu(command, 0, sequence, body).encode())
            return await asyncio.wait_for(answer, seconds)
        finally:
            self._asked.pop(sequence, None)

    def set_bound(self) -> None:
        """The bind was accepted: submissions may go."""
        self._bound = True
        self._pump()

    @property
    def pause(self) -> float:
        """For how many seconds the SMSC is to be left alone."""
        return self._throttling.wait(self._loop.time())

    def submit(self, outgoing: Sequence[Outgoing]) -> Batch:
        """Send them. `Batch.done` has one answer for each, in order."""
        batch = Batch(len(outgoing), self._loop)
        give_up_at = self._loop.time() + self._terms.patience_seconds
        one: Submission | None = None
        for index, what in enumerate(outgoing):
            one = Submission(what, batch, index, give_up_at, one)
            if self._bound:
                self._enqueue(one)
            else:
                one.end(Fate.UNSENT)
        self._pump()
        return batch

    def respond(self, requests: Sequence[tuple[Pdu, int]]) -> None:
        """Answer inbound requests, each with a status."""
        self._unanswered_inbound -= len(requests)
        body = encode_answer()
        frames = [
            Pdu(request.command | RESPONSE, status, request.sequence, body).encode()
            for request, status in requests
        ]
        self._write(b"".join(frames))

    async def close(self, drain_seconds: float) -> None:
        """Send nothing more, let what is on its way be answered, log out."""
        self._bound = False
        self._drop_queue()
        ends_at = self._loop.time() + drain_seconds
        while self._flying and self._loop.time() < ends_at and not self.closed.done():
            await asyncio.sleep(0.02)
        if not self.closed.done():
            with contextlib.suppress(TimeoutError, ConnectionError):  # it may close without a word
                await self.ask(Command.UNBIND, b"", UNBIND_SECONDS)
            if self._transport is not None:
                self._transport.close()
            await asyncio.wait([self.closed], timeout=UNBIND_SECONDS)

    def abort(self) -> None:
        """Cut the link."""
        if self._transport is not None:
            self._transport.abort()

    # What came.

    def _take(self, pdu: Pdu) -> None:
        if pdu.is_response:
            self._take_response(pdu)
        elif pdu.command in _INBOUND:
            self._unanswered_inbound += 1
            if self._unanswered_inbound > MOST_UNANSWERED_INBOUND:
                self.respond([(pdu, Status.RECEIVER_TEMPORARY)])
            else:
                self._events.inbound(self, pdu)
        elif pdu.command == Command.ENQUIRE_LINK:
            self._write(Pdu(Command.ENQUIRE_LINK | RESPONSE, 0, pdu.sequence).encode())
        elif pdu.command == Command.UNBIND:
            self._write(Pdu(Command.UNBIND | RESPONSE, 0, pdu.sequence).encode())
            self._leave()
        elif pdu.command != Command.ALERT_NOTIFICATION:
            self._write(Pdu(Command.GENERIC_NACK, Status.BAD_COMMAND, pdu.sequence).encode())

    def _take_response(self, pdu: Pdu) -> None:
        submission = self._flying.pop(pdu.sequence, None)
        if submission is not None:
            self._answered(submission, pdu)
        elif (asked := self._asked.pop(pdu.sequence, None)) is not None:
            if not asked.done():
                asked.set_result(pdu)
        elif pdu.sequence in self._overdue:
            key = self._overdue.pop(pdu.sequence)
            fate = Fate.TAKEN if pdu.status == Status.OK else Fate.REFUSED
            self._events.late(key, Answer(fate, pdu.status, decode_answer(pdu.body)))

    def _answered(self, one: Submission, pdu: Pdu) -> None:
        now = self._loop.time()
        if pdu.status == Status.OK and pdu.command == _SUBMIT_ANSWER:
            self._throttling.worked()
            one.end(Fate.TAKEN, 0, decode_answer(pdu.body))
        elif pdu.status in _SLOW_DOWN:
            self._throttling.slow_down(now)
            if now < one.give_up_at:
                self._enqueue(one)
            else:
                one.end(Fate.LATER, pdu.status)
        elif pdu.status == Status.SYSTEM_ERROR:
            one.tries += 1
            if one.tries < SYSTEM_ERROR_TRIES:
                self._loop.call_later(SYSTEM_ERROR_SECONDS * 2 ** (one.tries - 1), self._again, one)
            else:
                one.end(Fate.LATER, pdu.status)
        elif pdu.status == Status.BAD_BIND_STATE:
            one.end(Fate.LATER, pdu.status)
            self.abort()
        else:
            one.end(Fate.REFUSED, pdu.status)

    def _again(self, one: Submission) -> None:
        if self._bound:
            self._enqueue(one)
            self._pump()
        else:
            one.end(Fate.UNSENT)

    def _leave(self) -> None:
        """The SMSC logs us out: send nothing more, and wait a moment for the answers it still owes."""
        self._bound = False
        if self._transport is not None:
            self._loop.call_later(LEAVING_SECONDS, self._transport.close)

    # What goes.

    def _enqueue(self, one: Submission) -> None:
        """What was sent before has no slot any more, and comes first again."""
        heapq.heappush(self._queue, (0.0 if one.left else one.order, next(self._numbers), one))

    def _drop_queue(self) -> None:
        waiting, self._queue = self._queue, []
        for _, _, one in waiting:
            one.end(Fate.UNSENT)

    def _pump(self) -> None:
        """Write as many submissions as slots, window, pace and the SMSC's patience allow."""
        if not self._queue or not self._bound:
            return
        now, clock = self._loop.time(), time.monotonic()
        frames: list[bytes] = []
        window = 1 if self._throttling.slow else self._terms.window
        wait = 0.0
        while self._queue:
            one = self._queue[0][2]
            if one.misses(clock):
                heapq.heappop(self._queue)
                one.end(Fate.MISSED)
                continue
            if self._choked or len(self._flying) >= window:
                break
            wait = self._throttling.wait(now)
            if one.order and not one.left:
                # The slot keeps the pace of the connection too.
                wait = max(wait, one.order - clock)
            else:
                wait = max(wait, self._pace.wait(now))
            if wait > 0:
                break
            heapq.heappop(self._queue)
            sequence = self._next()
            one.sent_at, one.left = now, clock
            self._flying[sequence] = one
            self._pace.note(now)
            body = one.what.body
            frames.append(HEADER.pack(16 + len(body), Command.SUBMIT_SM, 0, sequence) + body)
        if frames:
            self._write(b"".join(frames))
        if self._queue:
            self._look_again(wait, clock)

    def _look_again(self, wait: float, clock: float) -> None:
        """When the first of the queue may leave (`wait`, 0 when nobody knows), or when its slot is over."""
        first = self._queue[0][2]
        if wait <= 0 and first.order and not first.first.left:
            wait = max(first.order + LATE - clock, 0.0) + 0.001
        if wait > 0:
            self._pump_in(wait)

    def _pump_in(self, seconds: float) -> None:
        if self._wake is not None:
            self._wake.cancel()
        self._wake = self._loop.call_later(seconds, self._pump)

    def _watch(self) -> None:
        """Once in a while: what is overdue, and whether the other side still lives."""
        now = self._loop.time()
        self._give_up(now)
        if self._enquired_at is not None and self._heard_at >= self._enquired_at:
            self._enquired_at = None
        if self._enquired_at is not None and now - self._enquired_at > self._terms.enquire_answer_seconds:
            self.abort()
            return
        if self._enquired_at is None and self._bound and now - self._heard_at >= self._terms.enquire_seconds:
            self._enquired_at = now
            self._write(Pdu(Command.ENQUIRE_LINK, 0, self._next()).encode())
        shortest = min(
            self._terms.enquire_seconds, self._terms.enquire_answer_seconds, self._terms.answer_seconds, 4.0
        )
        self._tick = self._loop.call_later(shortest / 8, self._watch)

    def _give_up(self, now: float) -> None:
        for sequence, one in list(self._flying.items()):
            if now - one.sent_at < self._terms.answer_seconds:
                break  # they are in the order in which they were sent
            del self._flying[sequence]
            self._overdue[sequence] = one.what.key
            one.end(Fate.DOUBT)
        while len(self._overdue) > MOST_OVERDUE:
            del self._overdue[next(iter(self._overdue))]
        clock = time.monotonic()
        waiting, self._queue = self._queue, []
        for place in waiting:
            one = place[2]
            if one.misses(clock):
                one.end(Fate.MISSED)
            elif one.give_up_at < now:
                one.end(Fate.LATER, Status.THROTTLED)
            else:
                self._queue.append(place)
        heapq.heapify(self._queue)
        self._pump()

    def _next(self) -> int:
        self._sequence = self._sequence % LAST_SEQUENCE + 1
        return self._sequence

    def _write(self, data: bytes) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
