"""A link that is kept: one process at a time holds it, binds again when it breaks, and never hammers at the door.

The connection's lease chooses the process. Its loop runs on a thread of its own; what has to be written down is done on
a second one, in order, so that a slow database never keeps an idle check from being answered.
"""

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, ParamSpec, TypeVar

import uvloop

from app.carriers.smpp.codec import Command, Pdu
from app.carriers.smpp.dial import BindRefused, Dial, LinkFailed, open_session
from app.carriers.smpp.session import Session, Terms
from app.carriers.smpp.store import SmppStore
from app.carriers.smpp.submissions import Answer, Fate, Outgoing
from app.core.log import about, fields

AT_ONCE: Final = 500
DRAIN_SECONDS: Final = 5.0
STOP_SECONDS: Final = 15.0
SOUND_SECONDS: Final = 30.0  # a link that lived so long was a good one

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds. Between tries: `refused` is after a login that was refused, for the carrier must change something first.
    `enquire_answer` is how long an idle check may stay unanswered, `patience` how long a submission may wait here for the
    window or a throttled link before it is given back."""

    first: float = 1.0
    longest: float = 60.0
    refused: float = 5.0
    refused_longest: float = 300.0
    lease: float = 20.0
    renew: float = 5.0
    sweep: float = 60.0
    enquire_answer: float = 10.0
    patience: float = 20.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How the link stands: elsewhere, connecting, bound, refused or lost; `reason` is a status or `LinkFailed.reason`."""

    state: str
    reason: str = ""


@dataclass(frozen=True)
class Duties:
    """What the owner of a link does. All of it is called on the writing thread, one call after another."""

    receive: Callable[[Sequence[Pdu]], Sequence[int]]
    late: Callable[[object, Answer], None]
    begin: Callable[[], None]
    sweep: Callable[[], None]


class Link:
    """The binds of one connection. `commands` are the kinds of bind, the one that submits first."""

    def __init__(
        self,
        name: str,
        dial: Dial,
        commands: Sequence[Command],
        terms: Terms,
        store: SmppStore,
        owner: str,
        now: Callable[[], datetime],
        pauses: Pauses,
        duties: Duties,
    ) -> None:
        self._name, self._dial, self._commands, self._terms = name, dial, commands, terms
        self._store, self._owner, self._now, self._pauses, self._duties = store, owner, now, pauses, duties
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"smpp-{name}-writer")
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._bound = threading.Event()
        self._sessions: dict[Command, Session] = {}
        self._inbox: list[tuple[Session, Pdu]] = []
        self._draining: asyncio.Task[None] | None = None
        self.standing = Standing("connecting")

    @property
    def holds(self) -> bool:
        """Whether this process is the one that may use the connection."""
        return self._thread is not None and self.standing.state != "elsewhere"

    def start(self) -> None:
        """Begin to hold the link, as soon as no other process does."""
        self._thread = threading.Thread(target=self._main, name=f"smpp-{self._name}", daemon=True)
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Let what is on its way be answered, log out, let another process have the connection."""
        if self._thread is not None and self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(STOP_SECONDS)
            self._thread = None
        self._writer.shutdown()

    def wait_bound(self, seconds: float) -> bool:
        """Whether submissions can go, now or after so long at most."""
        return self._bound.wait(seconds)

    def wait_settled(self, seconds: float) -> bool:
        """Whether the link is bound here or held elsewhere, now or after so long at most; a refused login is the end."""
        ends_at = time.monotonic() + seconds
        while not self._bound.wait(0.05):
            if self.standing.state in ("elsewhere", "refused") or time.monotonic() > ends_at:
                return self.standing.state == "elsewhere"
        return True

    @property
    def pause(self) -> float:
        """For how many seconds the SMSC is to be left alone."""
        session = self._sessions.get(self._commands[0])
        return session.pause if session is not None else 0.0

    def submit(self, outgoing: Sequence[Outgoing]) -> list[Answer]:
        """Send them, and wait for the answers."""
        if self._loop is None or not self._bound.is_set():
            return [Answer(Fate.UNSENT)] * len(outgoing)
        return asyncio.run_coroutine_threadsafe(self._submit(outgoing), self._loop).result()

    def write(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something on the writing thread, after what is being done there, and wait for it."""
        return self._writer.submit(act, *args, **kwargs).result()

    # What follows runs in the loop.

    def inbound(self, session: Session, request: Pdu) -> None:
        """A receipt or a reply came: it is acknowledged when it is stored."""
        self._inbox.append((session, request))
        if self._draining is None or self._draining.done():
            self._draining = asyncio.get_running_loop().create_task(self._drain())

    def late(self, key: object, answer: Answer) -> None:
        """An answer nobody waits for any more."""
        self._soon(self._duties.late, key, answer)

    def _main(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                runner.run(self._run())
            except Exception as error:  # what ends this thread must be seen, for nothing else would tell
                log.error("an SMPP link ended", extra={**fields(carrier=self._name), **about(error)})
                self._ready.set()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._ready.set()
        while not self._stop.is_set():
            if await self._take_lease():
                await self._hold()
            else:
                self.standing = Standing("elsewhere")
                await self._sleep(self._pauses.renew)

    async def _hold(self) -> None:
        """Keep the binds until this process ends, or the lease is lost."""
        self.standing = Standing("connecting")
        await self._written(self._duties.begin)
        await self._wait_after_refusal()
        keeping = [asyncio.create_task(self._keep(command)) for command in self._commands]
        sweeping = asyncio.create_task(self._sweep())
        kept = await self._renew()
        for task in (*keeping, sweeping):
            task.cancel()
        sessions = list(self._sessions.values())
        if kept:
            await asyncio.gather(*(session.close(DRAIN_SECONDS) for session in sessions))
            while self._draining is not None and not self._draining.done():
                await asyncio.wait([self._draining])
        for session in sessions:
            session.abort()
        await asyncio.gather(*keeping, sweeping, return_exceptions=True)
        if kept:
            if self.standing.state == "bound":
                await self._noted(Standing("lost", "closed"))
            await self._in_transaction(lambda tx: tx.give_lease_back(self._owner, self._now()))

    async def _keep(self, command: Command) -> None:
        """Bind, wait for the end of it, bind again."""
        loop, main = asyncio.get_running_loop(), command is self._commands[0]
        pause, refused = self._pauses.first, self._pauses.refused
        while True:
            try:
                session = await open_session(self._dial, command, self._terms, self)
            except BindRefused as error:
                log.error(
                    "a carrier refused the login",
                    extra=fields(carrier=self._name, status=f"0x{error.status:02x}"),
                )
                await self._noted(Standing("refused", f"0x{error.status:02x}"))
                await asyncio.sleep(refused)
                refused = min(2 * refused, self._pauses.refused_longest)
                continue
            except LinkFailed as error:
                log.warning("no link to a carrier", extra=fields(carrier=self._name, code=error.reason))
                await self._noted(Standing("lost", error.reason))
            else:
                began = loop.time()
                self._sessions[command] = session
                await self._noted(Standing("bound"))
                log.info("bound to a carrier", extra=fields(carrier=self._name))
                if main:
                    self._bound.set()
                try:
                    await asyncio.wait([session.closed])
                finally:
                    if main:
                        self._bound.clear()
                await self._noted(Standing("lost", "closed"))
                refused = self._pauses.refused
                if loop.time() - began > SOUND_SECONDS:
                    pause = self._pauses.first
            await asyncio.sleep(pause * (1 + secrets.randbelow(250) / 1000))
            pause = min(2 * pause, self._pauses.longest)

    async def _submit(self, outgoing: Sequence[Outgoing]) -> list[Answer]:
        return await self._sessions[self._commands[0]].submit(outgoing).done

    async def _drain(self) -> None:
        """Store what came, then acknowledge it."""
        while self._inbox:
            group, self._inbox = self._inbox[:AT_ONCE], self._inbox[AT_ONCE:]
            statuses = await self._written(self._duties.receive, [request for _, request in group])
            by_session: dict[Session, list[tuple[Pdu, int]]] = {}
            for (session, request), status in zip(group, statuses, strict=True):
                by_session.setdefault(session, []).append((request, status))
            for session, answers in by_session.items():
                session.respond(answers)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._pauses.sweep)
            await self._written(self._duties.sweep)

    # The lease.

    async def _take_lease(self) -> bool:
        now = self._now()
        until = now + timedelta(seconds=self._pauses.lease)
        try:
            return await self._in_transaction(lambda tx: tx.take_lease(self._owner, now, until))
        except Exception as error:  # a database that is away for a while
            log.error("no lease for a carrier", extra={**fields(carrier=self._name), **about(error)})
            return False

    async def _renew(self) -> bool:
        """Until told to stop: True. Until the lease is lost, or might be: False."""
        assert self._stop is not None
        loop = asyncio.get_running_loop()
        sure_until = loop.time() + self._pauses.lease - self._pauses.renew
        while not await self._sleep(self._pauses.renew):
            asked_at = loop.time()
            try:
                renewed = await asyncio.wait_for(self._take_lease(), max(0.0, sure_until - asked_at))
            except TimeoutError:  # a database that hangs must not make us keep what another may hold by now
                renewed = False
            if renewed:
                sure_until = asked_at + self._pauses.lease - self._pauses.renew
            elif loop.time() >= sure_until:
                log.error("the lease of a carrier was lost", extra=fields(carrier=self._name))
                return False
        return True

    async def _wait_after_refusal(self) -> None:
        """Another process, or this one before it was started again, may have been refused a moment ago."""
        with_lease = await self._written(self._last_refusal)
        if with_lease is not None:
            since = (self._now() - with_lease).total_seconds()
            await self._sleep(max(0.0, self._pauses.refused - since))

    def _last_refusal(self) -> datetime | None:
        with self._store.read() as view:
            lease = view.lease()
            return lease.state_at if lease is not None and lease.state == "refused" else None

    async def _noted(self, standing: Standing) -> None:
        """Write down how the link stands, for the screens and the next holder; not worth a broken link."""
        self.standing = standing
        now = self._now()
        try:
            await self._in_transaction(
                lambda tx: tx.note_link(self._owner, standing.state, standing.reason, now)
            )
        except Exception as error:  # a database that is away for a while
            log.error(
                "the state of a link was not noted", extra={**fields(carrier=self._name), **about(error)}
            )

    async def _sleep(self, seconds: float) -> bool:
        """Wait; True when it is time to stop."""
        assert self._stop is not None
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _in_transaction(self, act: Callable[..., T]) -> T:
        def run() -> T:
            with self._store.begin() as transaction:
                return act(transaction)

        return await self._written(run)

    async def _written(self, act: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, act, *args)

    def _soon(self, act: Callable[..., None], *args: object) -> None:
        def ended(done: Future[None]) -> None:
            if (error := done.exception()) is not None:
                log.error(
                    "an answer was not written down", extra={**fields(carrier=self._name), **about(error)}
                )

        self._writer.submit(act, *args).add_done_callback(ended)
