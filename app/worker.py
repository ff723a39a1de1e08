"""Which job runs which use case, in pipeline order, and the loops a worker holds."""

import gc
from collections.abc import Callable, Sequence
from functools import partial

from app.carriers.base import Inbound, Report
from app.carriers.simulated.network import SimulatorLoop
from app.core.jobs import Handlers, Schedule
from app.runtime import Runtime
from app.usecases.batches.cancel_overdue import cancel_overdue
from app.usecases.batches.finish_batches import finish_batches
from app.usecases.batches.split_batch import split_batch
from app.usecases.callbacks.match_early import forget_matched, match_early
from app.usecases.documents.announce_block import announce_block
from app.usecases.messages.dispatch_sender import dispatch_sender
from app.usecases.messages.expire_attempts import expire_attempts
from app.usecases.messages.record_inbound import record_inbound
from app.usecases.messages.record_report import record_report, record_reports
from app.usecases.messages.release_held import release_held
from app.usecases.opening.note_downloads import note_downloads
from app.usecases.operations.delete_packs import delete_packs
from app.usecases.operations.delete_strays import delete_strays
from app.usecases.operations.destroy_past import destroy_past
from app.usecases.operations.forget_jobs import forget_jobs
from app.usecases.operations.notice_stalled import notice_stalled
from app.usecases.operations.wipe_texts import wipe_texts
from app.wiring import Application


def record_early(rt: Runtime) -> None:
    """Reports that came before the carrier's answer was written down, once it is."""
    matched = match_early(rt)
    if matched:
        record_reports(rt, [one.report for one in matched])
        forget_matched(rt, matched)


PIPELINE: dict[str, Callable[..., None]] = {
    "split_batch": split_batch,
    "announce_block": announce_block,
    "dispatch_sender": dispatch_sender,
}
TIMERS: dict[str, tuple[Callable[..., None], str]] = {
    "expire_attempts": (expire_attempts, "*/5 * * * * *"),
    "release_held": (release_held, "*/5 * * * * *"),
    "record_early": (record_early, "*/10 * * * * *"),
    "note_downloads": (note_downloads, "*/5 * * * * *"),
    "finish_batches": (finish_batches, "*/10 * * * * *"),
    "notice_stalled": (notice_stalled, "*/10 * * * * *"),
    "wipe_texts": (wipe_texts, "0 */10 * * * *"),
    "cancel_overdue": (cancel_overdue, "30 */10 * * * *"),
    "forget_jobs": (forget_jobs, "0 20 * * * *"),
    "destroy_past": (destroy_past, "0 5 * * * *"),
    "delete_packs": (delete_packs, "0 35 * * * *"),
    "delete_strays": (delete_strays, "0 50 */6 * * *"),
}


def handlers(rt: Runtime) -> Handlers:
    """Every job by kind."""
    timers = {kind: use_case for kind, (use_case, _) in TIMERS.items()}
    return {kind: partial(use_case, rt) for kind, use_case in {**PIPELINE, **timers}.items()}


def schedules() -> list[Schedule]:
    """Every timer, in UTC."""
    return [Schedule(kind, cron) for kind, (_, cron) in TIMERS.items()]


def settle() -> None:
    """Take what is loaded so far out of the collector's rounds: it stays as long as the process, and walking through
    it again and again during a large batch costs a tenth of the work."""
    gc.collect()
    gc.freeze()


class Worker:
    """Runs jobs, timers and the simulated network in threads of this process."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._loop = SimulatorLoop(application.network, self._record, application.runtime.now)

    def start(self) -> None:
        """Take up unfinished jobs first, then new ones."""
        rt = self._application.runtime
        settle()
        self._application.carriers.start(self._record_all)
        self._application.engine.start(handlers(rt), schedules())
        self._loop.start()

    def stop(self, seconds: float = 10) -> bool:
        """Finish what is in hand within `seconds`; False when a job was left running."""
        self._loop.stop()
        ended = self._application.engine.stop(seconds)
        self._application.carriers.stop()
        return ended

    def _record_all(self, events: Sequence[Report | Inbound]) -> None:
        reports = [event for event in events if isinstance(event, Report)]
        record_reports(self._application.runtime, reports)
        for event in events:
            if isinstance(event, Inbound):
                self._record(event)

    def _record(self, event: Report | Inbound) -> None:
        if isinstance(event, Report):
            record_report(self._application.runtime, event)
        else:
            record_inbound(self._application.runtime, event)
