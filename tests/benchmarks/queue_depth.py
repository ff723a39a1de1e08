"""What a message costs when many wait: `python -m tests.benchmarks.queue_depth`.

500 messages leave from a queue of 1,000 and from one of 1,000,000 (a thousand have their texts, the others stand behind
them), through a carrier that takes everything at once; some rounds, each filled up again. Each depth is measured on a
database of its own, on SQLite and on PostgreSQL; a message costs the same when the ratio is about 1.
"""

import argparse
import contextlib
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from app.usecases.messages.dispatch_sender import dispatch_sender
from tests.benchmarks.dispatching import DATABASES, CountingCarrier, Enough, Place, UntilEnough, place
from tests.queue import queue, rows

RATE = 1_000.0
LEAVING = 500
SPARE = 500  # slots are taken up to 0.3 s ahead, so more than those counted leave
CHUNK = 50_000


def main() -> None:
    """Print one line for each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deep", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    for database in DATABASES:
        costs = {depth: _costs(database, depth, arguments.rounds) for depth in (1_000, arguments.deep)}
        shallow, deep = (statistics.median(costs[depth]) for depth in costs)
        sys.stdout.write(
            f"{database}: {shallow:.2f} ms of processor time a message with 1,000 waiting,"
            f" {deep:.2f} ms with {arguments.deep:,} waiting; {deep / shallow:.2f} times\n"
        )


def _costs(database: str, depth: int, rounds: int) -> list[float]:
    """Milliseconds of this process for one message, each round on the same queue."""
    with place(database, RATE) as made:
        # What stands behind only has to be there.
        _crowd(made, rows(made.rt, made.sender, ["Bonjour"])[0], depth - LEAVING - SPARE)
        return [_one(made) for _ in range(rounds)]


def _crowd(made: Place, row: dict[str, Any], count: int) -> None:
    later = row["created_at"] + timedelta(days=1)
    for start in range(0, count, CHUNK):
        crowd: Sequence[dict[str, Any]] = [
            {**row, "id": uuid4(), "created_at": later} for _ in range(min(CHUNK, count - start))
        ]
        queue(made.rt, crowd, runs=0)


def _one(made: Place) -> float:
    carrier = CountingCarrier(LEAVING)
    rt = made.with_carriers({"simulator": carrier}, UntilEnough(carrier=carrier))
    (run,) = queue(rt, rows(rt, made.sender, ["Bonjour"] * (LEAVING + SPARE)), runs=1)
    began = time.process_time()
    with contextlib.suppress(Enough):
        dispatch_sender(rt, run)
    return (time.process_time() - began) / len(carrier.at) * 1000


if __name__ == "__main__":
    main()
