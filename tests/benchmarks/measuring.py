"""What a piece of work costs: processor time of this process and all its children, wall time, peak memory."""

import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MIB = 1024 * 1024


@dataclass(frozen=True)
class Cost:
    """Seconds of processor and wall time; `peak_mib` of this process and its children together."""

    cpu: float
    wall: float
    peak_mib: float = 0.0


class Meter:
    """Adds up the processor time that a thread spends in some functions."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def on(self, owner: Any, name: str) -> Iterator[None]:
        """Count every call of `owner.name` within the block."""
        function = getattr(owner, name)

        def counted(*arguments: Any, **named: Any) -> Any:
            started = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds += time.thread_time() - started

        setattr(owner, name, counted)
        try:
            yield
        finally:
            setattr(owner, name, function)


def measured(work: Callable[[], None]) -> Cost:
    """Run the work once."""
    before, started = _cpu(), time.monotonic()
    done = threading.Event()
    peaks = [0.0]
    watcher = threading.Thread(target=_watch_memory, args=(done, peaks))
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return Cost(_cpu() - before, time.monotonic() - started, peaks[0])


def _cpu() -> float:
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


def _watch_memory(done: threading.Event, peaks: list[float]) -> None:
    while not done.wait(0.1):
        peaks[0] = max(peaks[0], sum(map(_resident_mib, [os.getpid(), *_children()])))


def _children() -> list[int]:
    tasks = Path("/proc/self/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _resident_mib(process: int) -> float:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB
