"""Messages a second from the queue to the network: `python -m tests.benchmarks.dispatch_rates`.

A whole worker (job engine, timers, an SMPP link) takes messages of one segment from the queue of a sender and hands them
to a message centre (npm `smpp`, a process of its own), which answers and sends a receipt for each. Measured from the
first attempt to the last answer that is written down, and to the last receipt. First without a limit that matters, then
as a sender of 100 segments a second, which must reach its rate. SQLite and PostgreSQL, both writing durably.
"""

import argparse
import logging
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.db.models import Attempt, DeliveryReport, Message
from app.db.sending.connections import NewConnection
from app.usecases.carriers.add_connection import add_connection
from app.usecases.carriers.use_connection import use_connection
from app.worker import Worker
from tests.benchmarks.dispatching import DATABASES, Place, place
from tests.carriers.smpp.office import settings
from tests.carriers.smpp.simulators import node
from tests.queue import queue, rows

TEXT = "Votre bulletin de novembre est pret: https://d.example/7k3m#4711 (code par courrier)"
WINDOW = 100
UNLIMITED = 2_000.0
ORDINARY = 80  # of a hundred numbers; the centre does something of its own with the others
LONGEST_SECONDS = 300


@dataclass(frozen=True)
class Measured:
    """`handed` and `reported` a second, and the worker's processor time for one message."""

    handed: float
    reported: float
    cpu_ms: float


def main() -> None:
    """Print a line for each database and rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=4_000)
    parser.add_argument("--rates", type=float, nargs="*", default=[UNLIMITED, 100.0])
    parser.add_argument("--databases", nargs="*", default=DATABASES)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    for database in arguments.databases:
        for rate in arguments.rates:
            count = arguments.messages if rate == UNLIMITED else int(rate * 15)
            found = measured(database, rate, count)
            limit = "no limit" if rate == UNLIMITED else f"a sender of {rate:.0f} a second"
            sys.stdout.write(
                f"{database}, {limit}, {count} messages: {found.handed:.1f} a second handed over,"
                f" {found.reported:.1f} reported; {found.cpu_ms:.2f} ms of processor each\n"
            )
            sys.stdout.flush()


def measured(database: str, rate: float, count: int) -> Measured:
    """One queue, from the first attempt to the last receipt."""
    with (
        tempfile.TemporaryDirectory() as folder,
        node(Path(folder), LOG="") as centre,
        place(database, rate) as made,
    ):
        rt = made.application.runtime
        given = settings(centre.port, window=WINDOW)
        text = given.model_dump_json(exclude={"password"})[:-1] + ',"password":"secret08"}'
        add_connection(rt, NewConnection("operator", "smpp", text, rate=UNLIMITED))
        use_connection(rt, made.sender.organisation_id, "operator", "", actor="operator")
        found: list[dict[str, Any]] = []
        for at in range(0, count, ORDINARY):
            texts = [TEXT] * min(ORDINARY, count - at)
            found += rows(rt, made.sender, texts, first=at * 100 // ORDINARY)
        worker = Worker(made.application)
        worker.start()
        try:
            began = time.process_time()
            queue(rt, found, runs=2)
            _wait(made, count)
            spent = time.process_time() - began
        finally:
            worker.stop()
        started, answered, reported = _instants(made)
        return Measured(
            count / (answered - started).total_seconds(),
            count / (reported - started).total_seconds(),
            spent / count * 1000,
        )


def _wait(made: Place, count: int) -> None:
    delivered = sa.select(sa.func.count()).where(col(Message.state) == "delivered")
    ends_at = time.monotonic() + LONGEST_SECONDS
    while True:
        time.sleep(0.5)
        with made.rt.read() as session:
            if session.execute(delivered).scalar_one() == count:
                return
        if time.monotonic() > ends_at:
            raise TimeoutError("messages are left")


def _instants(made: Place) -> tuple[datetime, datetime, datetime]:
    """First attempt, last answer, last receipt."""
    with made.rt.read() as session:
        started, answered = session.execute(
            sa.select(sa.func.min(Attempt.started_at), sa.func.max(Attempt.submitted_at))
        ).one()
        (reported,) = session.execute(sa.select(sa.func.max(DeliveryReport.received_at))).one()
    return started, answered, reported


if __name__ == "__main__":
    main()
