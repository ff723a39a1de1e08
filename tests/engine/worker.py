"""A worker process for the tests that kill it: `python -m tests.engine.worker ADDRESS FOLDER [NAME DEAD_AFTER]`.

What happens is appended to FOLDER/log, one line each. `hold` in FOLDER makes a job wait, so that it can be killed.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from app.core import log
from app.db.session import open_engine
from app.engine.dbos_engine import DbosEngine
from app.engine.handlers import Policy
from app.engine.heartbeat import Pace

EXECUTOR = "host-0"
BEAT_SECONDS = 0.2


def main(url: str, folder: Path, name: str = EXECUTOR, dead_after: str = "60") -> None:
    """Work until the process is told to stop."""
    log.set_up()
    guard = threading.Lock()

    def note(*words: str) -> None:
        with guard, (folder / "log").open("a") as file:
            file.write(" ".join(words) + "\n")

    def patient(job: str) -> None:
        note("start", job)
        while (folder / "hold").exists():
            time.sleep(0.02)
        note("end", job)

    def killer(job: str) -> None:
        note("start", job)
        os.kill(os.getpid(), signal.SIGKILL)

    engine = DbosEngine(
        open_engine(url, pool_size=8),
        name,
        policy=Policy(max_recoveries=1),
        pace=Pace(BEAT_SECONDS, float(dead_after)),
    )
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    engine.start({"patient": patient, "killer": killer}, [])
    note("ready", name)
    stopped.wait()
    note("stopped", str(engine.stop()))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
