"""One bound link: asks and answers, and never more unanswered submissions than the window allows.

A submission that was written to the link and not answered is in doubt, whatever happened to the link; one that was
still waiting here was not sent. An answer is matched to its request by the sequence number alone.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
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

SYSTEM_ERROR_TRIES: Final = 3
SYSTEM_ERROR_SECONDS: Final = 0.5
LEAVING_SECONDS: Final = 1.0
UNBIND_SECONDS: Final = 3.0
MOST_UNANSWERED_INBOUND: Final = 10_000
MOST_OVERDUE: Final = 10_000
_SUBMIT_ANSWER: Final = Command.SUBMIT_SM | RESPONSE
_SLOW_DOWN: Final = frozenset({Status.THROTTLED, Status.QUEUE_FULL})
_INBOUND: Final = frozenset({Command.DELIVER_SM, Command.DATA_SM})


class Fate(Enum):
    """What became of a submission: taken, refused for good, refused for now, perhaps taken, certainly not sent."""

    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"
    DOUBT = "doubt"
    UNSENT = "unsent"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the SMSC made of a submission. `message_id` is its own id, `status` the number of a refusal."""

    fate: Fate
    status: int = 0
    message_id: str = ""


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


class Batch:
    """Submissions made together: their answers come together."""

    def __init__(self, size: int, loop: asyncio.AbstractEventLoop) -> None:
        self.done: asyncio.Future[list[Answer]] = loop.create_future()
        self._answers: list[Answer | None] = [None] * size
        self._left = size

    def put(self, index: int, answer: Answer) -> None:
        """Note one answer."""
        self._answers[index] = answer
        self._left -= 1
        if self._left == 0 and not self.done.done():
            self.done.set_result([one for one in self._answers if one is not None])


class _Submission:
    __slots__ = ("batch", "body", "give_up_at", "index", "key", "sent_at", "tries")

    def __init__(self, body: bytes, key: object, batch: Batch, index: int, give_up_at: float) -> None:
        self.body, self.key, self.batch, self.index, self.give_up_at = body, key, batch, index, give_up_at
        self.sent_at = 0.0
        self.tries = 0


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
        self._queue: deque[_Submission] = deque()
        self._flying: dict[int, _Submission] = {}
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
            one.batch.put(one.index, Answer(Fate.DOUBT))
        while self._queue:
            one = self._queue.popleft()
            one.batch.put(one.index, Answer(Fate.UNSENT))
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

    def submit(self, bodies: Sequence[tuple[object, bytes]]) -> Batch:
        """Send submit_sm bodies, each with a key for a late answer. `Batch.done` has one answer for each, in order."""
        batch = Batch(len(bodies), self._loop)
        give_up_at = self._loop.time() + self._terms.patience_seconds
        for index, (key, body) in enumerate(bodies):
            one = _Submission(body, key, batch, index, give_up_at)
            if self._bound:
                self._queue.append(one)
            else:
                batch.put(index, Answer(Fate.UNSENT))
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
        while self._queue:
            one = self._queue.popleft()
            one.batch.put(one.index, Answer(Fate.UNSENT))
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

    def _answered(self, one: _Submission, pdu: Pdu) -> None:
        now = self._loop.time()
        if pdu.status == Status.OK and pdu.command == _SUBMIT_ANSWER:
            self._throttling.worked()
            one.batch.put(one.index, Answer(Fate.TAKEN, 0, decode_answer(pdu.body)))
        elif pdu.status in _SLOW_DOWN:
            self._throttling.slow_down(now)
            if now < one.give_up_at:
                self._queue.appendleft(one)
            else:
                one.batch.put(one.index, Answer(Fate.LATER, pdu.status))
        elif pdu.status == Status.SYSTEM_ERROR:
            one.tries += 1
            if one.tries < SYSTEM_ERROR_TRIES:
                self._loop.call_later(SYSTEM_ERROR_SECONDS * 2 ** (one.tries - 1), self._again, one)
            else:
                one.batch.put(one.index, Answer(Fate.LATER, pdu.status))
        elif pdu.status == Status.BAD_BIND_STATE:
            one.batch.put(one.index, Answer(Fate.LATER, pdu.status))
            self.abort()
        else:
            one.batch.put(one.index, Answer(Fate.REFUSED, pdu.status))

    def _again(self, one: _Submission) -> None:
        if self._bound:
            self._queue.appendleft(one)
            self._pump()
        else:
            one.batch.put(one.index, Answer(Fate.UNSENT))

    def _leave(self) -> None:
        """The SMSC logs us out: send nothing more, and wait a moment for the answers it still owes."""
        self._bound = False
        if self._transport is not None:
            self._loop.call_later(LEAVING_SECONDS, self._transport.close)

    # What goes.

    def _pump(self) -> None:
        """Write as many submissions as window, pace and the SMSC's patience allow."""
        if not self._queue or not self._bound or self._choked:
            return
        now = self._loop.time()
        frames: list[bytes] = []
        window = 1 if self._throttling.slow else self._terms.window
        while self._queue and len(self._flying) < window:
            wait = max(self._throttling.wait(now), self._pace.wait(now))
            if wait > 0:
                self._pump_in(wait)
                break
            one = self._queue.popleft()
            sequence = self._next()
            one.sent_at = now
            self._flying[sequence] = one
            self._pace.note(now)
            frames.append(HEADER.pack(16 + len(one.body), Command.SUBMIT_SM, 0, sequence) + one.body)
        if frames:
            self._write(b"".join(frames))

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
            self._overdue[sequence] = one.key
            one.batch.put(one.index, Answer(Fate.DOUBT))
        while len(self._overdue) > MOST_OVERDUE:
            del self._overdue[next(iter(self._overdue))]
        if self._queue and min(self._queue[0].give_up_at, self._queue[-1].give_up_at) < now:
            waiting, self._queue = self._queue, deque()
            for one in waiting:
                if one.give_up_at < now:
                    one.batch.put(one.index, Answer(Fate.LATER, Status.THROTTLED))
                else:
                    self._queue.append(one)
        self._pump()

    def _next(self) -> int:
        self._sequence = self._sequence % LAST_SEQUENCE + 1
        return self._sequence

    def _write(self, data: bytes) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
