"""Submissions a second over SMPP: `python -m tests.benchmarks.smpp_rates`.

The same texts through the same message centre (npm `smpp`, a process of its own), in turn: our session, smpplib and
aiosmpplib, with 1, 10 and 100 unanswered submissions, answered at once and after 20 ms. Each client starts from text and
number, and keeps the message id of every answer. smpplib leaves the window to its caller, and aiosmpplib has none: here
both are fed so that they never have more unanswered. No receipt is sent; aiosmpplib is not asked for one either, since it
slows down with every receipt it waits for. The last lines are the whole carrier, which
writes every submission down before and after, on SQLite.
"""

import argparse
import asyncio
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosmpplib
import smpplib.client
import smpplib.consts

from app.carriers.base import Accepted
from app.carriers.smpp.codec import Command, encode_message
from app.carriers.smpp.dial import Dial, open_session
from app.carriers.smpp.parts import TextOptions, build
from app.carriers.smpp.session import Session, Terms
from app.carriers.smpp.submissions import Answer, Fate, Outgoing
from app.core import clock
from app.db.session import Database
from tests.carriers.smpp.office import office, settings, submission
from tests.carriers.smpp.simulators import Simulator, node
from tests.databases import upgrade

TEXT = "Votre bulletin de novembre est pret: https://d.example/7k3m#4711 (code par courrier)"
WARM_UP = 2000
WINDOWS = (1, 10, 100)
SYSTEM_ID, PASSWORD = "esme1", "secret08"


@dataclass(frozen=True)
class Rate:
    """`cpu_ms` is the client's processor time for one message."""

    per_second: float
    cpu_ms: float


class Watch:
    """Measures from the login to the last answer."""

    def start(self) -> None:
        self._cpu, self._began = time.process_time(), time.perf_counter()

    def stop(self) -> None:
        self.took, self.spent = time.perf_counter() - self._began, time.process_time() - self._cpu


Client = Callable[[int, Sequence[str], int, Watch], list[str]]  # port, numbers, window -> message ids


def main() -> None:
    """Print a table for each delay of the answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=4000, help="for each measurement without delay")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    clients: dict[str, Client] = {"ours": ours, "smpplib": by_smpplib, "aiosmpplib": by_aiosmpplib}
    for delay in (0, 20):
        with (
            tempfile.TemporaryDirectory() as folder,
            node(Path(folder), RESP_MS=str(delay), LOG="") as centre,
        ):
            # The centre compiles what it runs often: nobody pays for that.
            for client in clients.values():
                measured(client, centre, WARM_UP, WINDOWS[-1])
            for window in WINDOWS:
                count = arguments.messages if not delay else min(arguments.messages, 100 * window)
                runs: dict[str, list[Rate]] = {name: [] for name in clients}
                for _ in range(arguments.rounds):
                    for name, client in clients.items():
                        runs[name].append(measured(client, centre, count, window))
                _print(f"answers after {delay} ms, window {window}, {count} messages", runs)
            carrier: dict[str, list[Rate]] = {"carrier with SQLite": []}
            for _ in range(arguments.rounds):
                carrier["carrier with SQLite"].append(
                    measured(with_database, centre, arguments.messages, 100)
                )
            _print(f"answers after {delay} ms, window 100, {arguments.messages} messages", carrier)


def measured(client: Client, centre: Simulator, count: int, window: int) -> Rate:
    """One client, once. Raises AssertionError when an answer is missing."""
    # The simulator takes a number that ends in 89 and sends no receipt for it.
    numbers = [f"+336{index:06}89" for index in range(count)]
    watch = Watch()
    ids = client(centre.port, numbers, window, watch)
    assert len(set(ids)) == count
    return Rate(count / watch.took, watch.spent / count * 1000)


def ours(port: int, numbers: Sequence[str], window: int, watch: Watch) -> list[str]:
    """Our session, without the database around it."""

    class Nobody:
        def inbound(self, session: Session, request: Any) -> None: ...
        def late(self, key: object, answer: Answer) -> None: ...

    async def run() -> list[str]:
        terms = Terms(window, 0, 30, 10, 30, 600)
        session = await open_session(Dial.of(settings(port)), Command.BIND_TRANSCEIVER, terms, Nobody())
        watch.start()
        bodies = []
        for index, number in enumerate(numbers):
            bodies += [
                Outgoing(None, encode_message(one))
                for one in build("PLI", number, TEXT, 900, index, TextOptions())
            ]
        answers = await session.submit(bodies).done
        watch.stop()
        await session.close(1)
        assert all(answer.fate is Fate.TAKEN for answer in answers)
        return [answer.message_id for answer in answers]

    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())


def by_smpplib(port: int, numbers: Sequence[str], window: int, watch: Watch) -> list[str]:
    """python-smpplib, blocking; its caller reads an answer whenever the window is full."""
    ids: list[str] = []
    client = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
    client.set_message_sent_handler(lambda pdu: ids.append(pdu.message_id.decode()))
    client.connect()
    client.bind_transceiver(system_id=SYSTEM_ID, password=PASSWORD)
    watch.start()
    text = TEXT.encode("ascii")
    for sent, number in enumerate(numbers):
        while sent - len(ids) >= window:
            client.read_once()
        client.send_message(
            source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
            source_addr="PLI",
            dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
            dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
            destination_addr=number[1:],
            short_message=text,
            data_coding=0,
            registered_delivery=True,
        )
    while len(ids) < len(numbers):
        client.read_once()
    watch.stop()
    client.unbind()
    client.disconnect()
    return ids


def by_aiosmpplib(port: int, numbers: Sequence[str], window: int, watch: Watch) -> list[str]:
    """aiosmpplib, given the next message with each answer."""

    class Hook(aiosmpplib.AbstractHook):  # type: ignore[misc]
        def __init__(self) -> None:
            self.ids: list[str] = []
            self.done = asyncio.Event()
            self.waiting = iter(numbers)
            self.esme: Any = None
            self.begun = False

        async def next(self) -> None:
            number = next(self.waiting, None)
            if number is not None:
                await self.esme.broker.enqueue(
                    aiosmpplib.SubmitSm(
                        short_message=TEXT,
                        source=aiosmpplib.PhoneNumber("PLI", aiosmpplib.TON.ALPHANUMERIC),
                        destination=aiosmpplib.PhoneNumber(number[1:]),
                        log_id=number,
                    )
                )

        async def sending(self, smpp_message: Any, pdu: bytes, client_id: str) -> None:
            if not self.ids and isinstance(smpp_message, aiosmpplib.SubmitSm) and not self.begun:
                self.begun = True
                watch.start()

        async def send_error(self, smpp_message: Any, error: Exception, client_id: str) -> None:
            raise error

        async def received(self, smpp_message: Any, pdu: bytes, client_id: str) -> None:
            if isinstance(smpp_message, aiosmpplib.SubmitSmResp):
                self.ids.append(smpp_message.message_id)
                await self.next()
                if len(self.ids) == len(numbers):
                    watch.stop()
                    self.done.set()

    async def run() -> list[str]:
        hook = Hook()
        hook.esme = aiosmpplib.ESME("127.0.0.1", port, SYSTEM_ID, PASSWORD, hook=hook, log_level="CRITICAL")
        for _ in range(window):
            await hook.next()
        running = asyncio.create_task(hook.esme.start())
        await hook.done.wait()
        await hook.esme.stop()
        await running
        return hook.ids

    return asyncio.run(run())


def with_database(port: int, numbers: Sequence[str], window: int, watch: Watch) -> list[str]:
    """The carrier as dispatch calls it, a hundred messages at a time."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/pli.db"
        upgrade(url)
        database = Database(url)
        with office(database, port, window=window) as opened:
            watch.start()
            ids = []
            for at in range(0, len(numbers), 100):
                messages = [submission(number, TEXT) for number in numbers[at : at + 100]]
                outcomes = opened.carrier.submit_all(messages, clock.now())
                ids += [one.reference for one in outcomes if isinstance(one, Accepted)]
            watch.stop()
        database.close()
        return ids


def _print(what: str, runs: dict[str, list[Rate]]) -> None:
    print(what)
    for name, rates in runs.items():
        per_second = statistics.median(rate.per_second for rate in rates)
        cpu = statistics.median(rate.cpu_ms for rate in rates)
        print(f"  {name:20} {per_second:8,.0f} a second   {cpu:6.3f} ms of processor each", flush=True)


if __name__ == "__main__":
    main()
