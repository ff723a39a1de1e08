"""A worker process for the tests that kill it: `python -m tests.engine.worker ADDRESS FOLDER`.

What happens is appended to FOLDER/log, one line each. `hold` in FOLDER makes a job wait, so that it can be killed.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from app.db.session import open_engine
from app.engine.dbos_engine import DbosEngine
from app.engine.handlers import Policy

EXECUTOR = "host-0"


def main(url: str, folder: Path) -> None:
    """Work until the process is told to stop."""
    guard = threading.Lock()

    def note(*words: str) -> None:
        with guard, (folder / "log").open("a") as log:
            log.write(" ".join(words) + "\n")

    def patient(name: str) -> None:
        note("start", name)
        while (folder / "hold").exists():
            time.sleep(0.02)
        note("end", name)

    def killer(name: str) -> None:
        note("start", name)
        os.kill(os.getpid(), signal.SIGKILL)

    engine = DbosEngine(open_engine(url, pool_size=8), EXECUTOR, policy=Policy(max_recoveries=1))
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    engine.start(
        {"patient": patient, "killer": killer},
        [],
        lambda kind, ids, code: note("dead", kind, *ids, code),
    )
    stopped.wait()
    note("stopped", str(engine.stop()))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
