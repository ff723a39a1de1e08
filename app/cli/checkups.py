"""The checks behind `pli doctor`, in the order in which a start needs what they look at."""

import os
import shutil
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from app import wiring
from app.cli.failures import sentence
from app.cli.setup import load_settings
from app.core import clock
from app.core.errors import InvalidInput
from app.db.blob_mark import Whose, whose_blobs
from app.db.models import StalledJob
from app.db.schema_state import schema_state
from app.engine.backlog import Backlog
from app.engine.heartbeat import Heard, Pace
from app.runtime import Runtime
from app.settings import Settings
from app.usecases.operations.find_foreign_epochs import find_foreign_epochs
from app.usecases.operations.find_missing_epochs import find_missing_epochs
from app.usecases.operations.list_stalled import list_stalled
from app.wiring import Application

LEAST_FREE = 1024**3
LONGEST_WAIT = timedelta(minutes=5)
OVERDUE = timedelta(days=1)
MOST_NAMED = 3


@dataclass(frozen=True)
class Checkup:
    """One thing looked at. `words` say what was found and, when it is not well, what to do."""

    name: str
    well: bool
    words: str


def examine() -> Iterator[Checkup]:
    """Stops early where the rest cannot be looked at."""
    try:
        settings = load_settings()
    except InvalidInput as error:
        yield Checkup("settings", False, error.message)
        return
    yield Checkup("settings", True, f"{settings.environment}, console at {settings.public}")
    folder = _data_folder(settings.data_dir)
    yield folder
    if settings.tls_cert:
        yield _certificate(settings)
    database = _database(settings)
    yield database
    if not (folder.well and database.well):
        return
    try:
        application = wiring.build(settings)
    except Exception as error:  # whatever stops a start is what this command is for
        yield Checkup("keys", False, _words(error))
        return
    try:
        yield Checkup("keys", True, f"application key {settings.app_key_id} is the one this database knows")
        yield _epochs(application.runtime, settings.epochs)
        yield _blobs(application.runtime)
        yield _workers(application)
        yield _jobs(application)
        yield _stalled(application.runtime)
    finally:
        application.close()


def _data_folder(folder: Path) -> Checkup:
    if not folder.is_dir():
        return Checkup("data folder", False, f"{folder} does not exist. Start Pli once, or set PLI_DATA_DIR.")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Checkup(
            "data folder", False, f"{folder} cannot be written. Give it to the user that runs Pli."
        )
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        return Checkup(
            "data folder", False, f"{folder} has {free // 1024**2} MB left. Make room on that disk."
        )
    return Checkup("data folder", True, f"{folder}, {free // 1024**3} GB free")


def _certificate(settings: Settings) -> Checkup:
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(settings.tls_cert), settings.tls_key and str(settings.tls_key))
    except OSError as error:
        text = (
            f"cannot be used ({error.strerror or type(error).__name__}). Check PLI_TLS_CERT and PLI_TLS_KEY."
        )
        return Checkup("certificate", False, text)
    return Checkup("certificate", True, "certificate and private key belong together")


def _database(settings: Settings) -> Checkup:
    kind = settings.database.partition(":")[0]
    if settings.database.startswith("sqlite") and not settings.database_url:
        path = settings.data_dir / "pli.db"
        if not path.exists():
            return Checkup(
                "database", False, f"{path} does not exist yet. Start Pli, or run `pli db upgrade`."
            )
    try:
        state = schema_state(settings.database)
    except Exception as error:  # whatever a driver raises
        return Checkup("database", False, _words(error))
    if state == "current":
        return Checkup("database", True, f"{kind}, schema up to date")
    found = "is empty" if state == "empty" else "has the schema of an earlier version"
    return Checkup("database", False, f"{kind} {found}. Take a backup, then run `pli db upgrade`.")


def _epochs(rt: Runtime, folder: Path) -> Checkup:
    try:
        names = list(rt.vault.epochs.list())
        strays = list(rt.vault.epochs.strays())
        missing = find_missing_epochs(rt)
        foreign = find_foreign_epochs(rt)
    except Exception as error:  # a damaged key, a folder that cannot be read
        return Checkup("epoch store", False, f"{_words(error)} Look at {folder}.")
    if missing:
        text = (
            f"{len(missing)} of the keys in use are not in {folder}: what they protect cannot be opened. Mount the "
            "volume of the epoch store, or set PLI_EPOCH_DIR."
        )
        return Checkup("epoch store", False, text)
    if foreign:
        text = (
            f"{len(foreign)} of the keys in {folder} are not those this database was sealed with: what they protect "
            "cannot be opened. Mount the right volume; change nothing until then."
        )
        return Checkup("epoch store", False, text)
    if strays:
        text = (
            f"{folder} holds what no epoch key is named like, as {strays[0]} ({len(strays)} in all). It is never "
            "destroyed, and a copy of a key keeps its day readable. Look at it and delete it."
        )
        return Checkup("epoch store", False, text)
    if any(name.destroy_at + OVERDUE < rt.now() for name in names):
        text = "keys that should be destroyed are still there. A worker must run: start `pli serve` or `pli worker`."
        return Checkup("epoch store", False, text)
    return Checkup("epoch store", True, f"{len(names)} keys, none missing")


def _blobs(rt: Runtime) -> Checkup:
    key, probe = f"doctor/{uuid4().hex}", b"pli"
    try:
        rt.blobs.put(key, probe)
        rt.blobs.sync([key])
        same = rt.blobs.get_range(key, 0, len(probe)) == probe
        rt.blobs.delete(key)
        whose = whose_blobs(rt.database, rt.blobs)
    except Exception as error:  # whatever a store raises
        return Checkup("blob store", False, f"{_words(error)} Check PLI_BLOB_URL and its access rights.")
    if whose is Whose.FOREIGN:
        text = (
            "holds what another database wrote. Check PLI_DATABASE_URL and PLI_BLOB_URL; nothing is swept there until "
            "both belong together. Two services cannot share one folder or bucket: give each a prefix of its own."
        )
        return Checkup("blob store", False, text)
    words = (
        "an object was written, read and deleted"
        if same
        else "an object came back changed. Stop and check it."
    )
    return Checkup("blob store", same, words)


def _jobs(application: Application) -> Checkup:
    try:
        backlog = application.engine.status()
    except Exception as error:  # whatever a driver raises
        return Checkup("jobs", False, _words(error))
    return judge_backlog(backlog, clock.now())


def judge_backlog(backlog: Backlog, now: datetime) -> Checkup:
    """Whether jobs get done."""
    figures = f"{backlog.waiting} waiting, {backlog.running} running, {backlog.delayed} for later"
    if backlog.oldest_waiting and now - backlog.oldest_waiting > LONGEST_WAIT:
        minutes = (now - backlog.oldest_waiting) // timedelta(minutes=1)
        text = f"{figures}; the oldest waits for {minutes} minutes. Start a worker: `pli worker`, or `pli serve`."
        return Checkup("jobs", False, text)
    return Checkup("jobs", True, figures)


def _workers(application: Application) -> Checkup:
    try:
        heard = application.engine.workers()
    except Exception as error:  # whatever a driver raises
        return Checkup("workers", False, _words(error))
    return judge_workers(heard)


def judge_workers(heard: Sequence[Heard]) -> Checkup:
    """Who works, who is not heard of, and whether jobs are left with them."""
    alive = [worker for worker in heard if worker.age <= Pace.dead_after]
    lost = [worker for worker in heard if worker.age > Pace.dead_after]
    figures = ", ".join(f"{worker.executor_id} ({worker.age:.0f} s ago)" for worker in alive) or "none runs"
    if not lost:
        return Checkup("workers", True, figures)
    names = ", ".join(f"{worker.executor_id} for {worker.age / 60:.0f} minutes" for worker in lost)
    if held := sum(worker.jobs for worker in lost):
        text = (
            f"{figures}; not heard of: {names}, with {held} unfinished jobs. Another worker takes them over within two "
            "minutes: start one with `pli worker` or `pli serve` if none runs."
        )
        return Checkup("workers", False, text)
    text = f"{figures}; not heard of: {names}. It left no job behind; start it again, or forget it if it is gone for good."
    return Checkup("workers", bool(alive), text)


def _stalled(rt: Runtime) -> Checkup:
    try:
        stalled = list_stalled(rt)
    except Exception as error:  # whatever a driver raises
        return Checkup("given up", False, _words(error))
    return judge_stalled(stalled)


def judge_stalled(stalled: Sequence[StalledJob]) -> Checkup:
    """Jobs that wait for a person."""
    if not stalled:
        return Checkup("given up", True, "no job waits for a person")
    named = "; ".join(
        f"batch {job.batch_id or 'none'}: {job.kind} ({job.code}, {job.stalled_at:%Y-%m-%d %H:%M} UTC)"
        for job in stalled[:MOST_NAMED]
    )
    more = f"; and {len(stalled) - MOST_NAMED} more" if len(stalled) > MOST_NAMED else ""
    text = (
        f"{len(stalled)} jobs were given up: {named}{more}. The log of the worker says why: look for `a job was given "
        "up`. Mend it, then run `pli retry` (all) or `pli retry BATCH`, or press the button in the console: they go on "
        "where they stood, and nobody is texted twice."
    )
    return Checkup("given up", False, text)


def _words(error: Exception) -> str:
    known = sentence(error)
    return known[:1].upper() + known[1:] if known else f"Failed with {type(error).__name__}."
