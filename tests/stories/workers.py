"""Workers of one queue, in processes that can be killed, and a carrier that writes down when it was called."""

import multiprocessing
import os
import threading
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from app.carriers.base import Accepted, Channel, Refused, RevokeOutcome, Submission
from app.settings import Settings
from app.usecases.messages.dispatch_sender import dispatch_sender
from app.wiring import build
from tests.pipeline import KeptJobs

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Call:
    """One call of a carrier. `at` is the machine's clock, the same for all processes."""

    at: float
    segments: int
    text: str
    worker: str


@dataclass
class LoggingCarrier:
    """Takes everything, and writes a line to a file that survives its process. A text begins with its segments."""

    path: Path
    delay: float = 0.0
    name: str = "simulator"
    channels: frozenset[Channel] = frozenset({"sms", "rcs"})
    idempotent: bool = True
    _file: int = field(init=False)

    def __post_init__(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def submit(self, submission: Submission, now: datetime) -> Accepted | Refused:
        line = f"{time.clock_gettime(time.CLOCK_REALTIME)} {submission.text} {os.getpid()}\n"
        os.write(self._file, line.encode())
        if self.delay:
            time.sleep(self.delay)
        return Accepted(submission.attempt_id.hex)

    def revoke(self, attempt_id: object, to: str, now: datetime) -> RevokeOutcome:
        return "unknown"

    def reaches_rcs(self, organisation_id: object, to: str) -> bool | None:
        return None


def calls(path: Path) -> list[Call]:
    """What a LoggingCarrier wrote, in order of time."""
    found = []
    for line in path.read_text().splitlines():
        at, segments, text, worker = line.split(" ")
        found.append(Call(float(at), int(segments), text, worker))
    return sorted(found, key=lambda call: call.at)


def busiest_second(made: Sequence[Call]) -> int:
    """The most segments in any sliding second."""
    busiest, total, first = 0, 0, 0
    for call in made:
        total += call.segments
        while made[first].at <= call.at - 1:
            total -= made[first].segments
            first += 1
        busiest = max(busiest, total)
    return busiest


def start(folder: Path, url: str, log: Path, runs: Sequence[str]) -> ForkServerProcess:
    """A process that works on these runs, each on a thread, and on the runs they leave behind."""
    process = _FORKS.Process(target=_work, args=(folder, url, log, tuple(runs)))
    process.start()
    return process


def _work(folder: Path, url: str, log: Path, runs: tuple[str, ...]) -> None:
    try:
        application = build(Settings(data_dir=folder, database_url=url))
        jobs, carrier = KeptJobs(), LoggingCarrier(log)
        rt = replace(application.runtime, jobs=jobs, carriers={"simulator": carrier})

        def work(run: str) -> None:
            dispatch_sender(rt, run)
            while True:
                with guard:
                    job = jobs.waiting.popleft() if jobs.waiting else None
                if job is None:
                    return
                dispatch_sender(rt, *job.ids)

        guard = threading.Lock()
        with ThreadPoolExecutor(len(runs)) as threads:
            list(threads.map(work, runs))
        application.close()
    except BaseException:
        (folder / f"{os.getpid()}.failed").write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)
