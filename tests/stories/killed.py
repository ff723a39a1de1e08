"""A Pli process that kills itself, or falls asleep, at a chosen step: the real engine and worker, and a clerk who never
gives up.

Each process is forked from a clean server that has imported everything, so a restart costs no imports. Nothing of
this is in the product: the step is chosen by wrapping one function of it in the doomed process.
"""

import functools
import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from app.carriers.simulated import network as simulator_network
from app.carriers.simulated import numbers as simulator_numbers
from app.carriers.simulated.carrier import SimulatorCarrier
from app.db import block_run
from app.db.models import Batch
from app.db.queries import batches, messages
from app.documents.pdf import split
from app.engine import dbos_engine
from app.engine.dbos_engine import DbosEngine
from app.engine.handlers import Policy
from app.engine.heartbeat import Pace
from app.runtime import Runtime
from app.settings import Settings
from app.usecases.batches import receive_batch, release_batch
from app.usecases.batches.exclude_blocking import exclude_blocking
from app.usecases.batches.finish_batches import finish_batches
from app.usecases.batches.show_blocking import show_blocking
from app.wiring import build
from app.worker import Worker
from tests.stories.payroll import Employee, list_of, pdf_of

PATIENCE_SECONDS = 40.0
POLL_SECONDS = 0.05
CLERK = "clerk"

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])
# An exit code can be read once. `start` reads those of all children that have ended, so of two threads one would
# find nothing and take the code to be 255.
_READING_EXITS = threading.Lock()


@dataclass(frozen=True)
class Kill:
    """`module:name` of what is wrapped; the process gets the signal before or after its `nth` call."""

    target: str
    when: Literal["before", "after"] = "after"
    nth: int = 1
    signal: int = signal.SIGKILL


@dataclass(frozen=True)
class Place:
    """Where the doomed process works: its data folder, its database, its organisation, its name among the workers.
    A worker is taken for lost after `lost_after` seconds."""

    folder: Path
    url: str
    organisation: UUID
    idempotent: bool = True
    slot: str = "0"
    lost_after: float = 60

    @property
    def log(self) -> Path:
        return self.folder / "process.log"

    @property
    def reader(self) -> Path:
        """Names the process that was reading the PDF, for a test to see that it ends too."""
        return self.folder / "reader.pid"

    def settings(self) -> Settings:
        return Settings(data_dir=self.folder, database_url=self.url, workers_slot=self.slot)


def team(number: int, count: int = 6) -> list[Employee]:
    """The people of one payroll; those of another have other numbers and phones. The third phone has no RCS."""
    made = []
    for at in range(count):
        phone = f"06 {number:02d} 00 00 14" if at == 2 else f"06 {number:02d} 77 {at:02d} 30"
        made.append(Employee(f"{number:04d}{at:04d}", "EXEMPLE", f"Zoé{'abcdefgh'[at]}", phone))
    return made


def start(place: Place, kill: Kill | None, payrolls: int = 1) -> ForkServerProcess:
    """Begin a process that carries `payrolls` payrolls through, or dies on the way."""
    process = _FORKS.Process(target=_work, args=(place, kill, payrolls))
    with _READING_EXITS:
        process.start()
    return process


def end_of(process: ForkServerProcess, place: Place) -> int:
    """The exit code: 0, or minus the signal."""
    wait([process.sentinel], PATIENCE_SECONDS)
    with _READING_EXITS:
        code = process.exitcode
    if code is None:
        process.kill()
        wait([process.sentinel])
        raise AssertionError(f"the process did not come to an end\n{place.log.read_text()[-6000:]}")
    return code


def _work(place: Place, kill: Kill | None, payrolls: int) -> None:
    log = place.log.open("a")
    os.dup2(log.fileno(), sys.stdout.fileno())
    os.dup2(log.fileno(), sys.stderr.fileno())
    _hurry()
    application = build(place.settings())
    # So many deaths are no sign here of a job that kills its worker.
    application.engine._policy = Policy(max_recoveries=100)
    application.engine._heartbeat._pace = Pace(0.2, place.lost_after)
    if not place.idempotent:
        SimulatorCarrier.idempotent = False
    worker = Worker(application)
    if kill is not None:
        _note_reader(place)
        _arm(kill)
    try:
        # Armed before the handlers are collected: they hold what was wrapped.
        worker.start()
        for number in range(payrolls):
            _carry_through(application.runtime, place.organisation, number)
        finish_batches(application.runtime)  # as its timer does every ten seconds
        _wait_for_jobs(application.engine)
        worker.stop()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def _hurry() -> None:
    """The same steps with shorter waits."""
    simulator_numbers.NORMAL = replace(simulator_numbers.NORMAL, delivery_after=0.1)
    simulator_network.PAUSE_SECONDS = 0.1
    dbos_engine.POLLING_SECONDS = 0.05
    block_run.CONFIRMED_SECONDS, block_run.SETTLING_SECONDS = 0.2, 0.3


def _wait_for_jobs(engine: DbosEngine) -> None:
    """Until the jobs that an earlier process left have found that nothing is left to do."""
    while (backlog := engine.status()).waiting or backlog.running or backlog.delayed:
        time.sleep(POLL_SECONDS)


def _arm(kill: Kill) -> None:
    module, _, path = kill.target.partition(":")
    *way, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for step in way:
        owner = getattr(owner, step)
    original: Callable[..., Any] = owner[name] if isinstance(owner, dict) else getattr(owner, name)
    guard, calls = threading.Lock(), 0

    @functools.wraps(original, updated=())
    def doomed(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        with guard:
            calls += 1
            now = calls == kill.nth
        if now and kill.when == "before":
            os.kill(os.getpid(), kill.signal)
        outcome = original(*args, **kwargs)
        if now and kill.when == "after":
            os.kill(os.getpid(), kill.signal)
        return outcome

    if isinstance(owner, dict):
        owner[name] = doomed
    else:
        setattr(owner, name, doomed)


def _note_reader(place: Place) -> None:
    """Write down which process reads PDFs for this one."""
    begin = split._started

    def noted() -> subprocess.Popen[bytes]:
        process = begin()
        place.reader.write_text(str(process.pid))
        return process

    split._started = noted


def _carry_through(rt: Runtime, organisation_id: UUID, number: int) -> None:
    """What a clerk does with payroll `number`, from wherever it stands."""
    if _batch(rt, organisation_id, number) is None:
        _upload(rt, organisation_id, number)
    while True:
        batch = _batch(rt, organisation_id, number)
        if batch is None:
            raise AssertionError("a batch that was there is lost")
        if batch.state == "finished":
            return
        if batch.state in ("failed", "cancelled"):
            raise AssertionError(f"a good payroll ended as {batch.state}: {batch.failure}")
        if batch.state == "in_review":
            seen = [line.id for line in show_blocking(rt, organisation_id, batch.id).lines]
            exclude_blocking(rt, organisation_id, batch.id, seen, CLERK)
            release_batch.release_batch(rt, organisation_id, batch.id, CLERK)
        elif batch.state == "released" and not _on_their_way(rt, batch):
            finish_batches(rt)
        else:
            time.sleep(POLL_SECONDS)


def _batch(rt: Runtime, organisation_id: UUID, number: int) -> Batch | None:
    with rt.read() as session:
        found = [
            one for one in batches.recent(session, organisation_id, limit=50) if one.title == _title(number)
        ]
    if len(found) > 1:
        raise AssertionError("the same upload made two batches")
    return found[0] if found else None


def _upload(rt: Runtime, organisation_id: UUID, number: int) -> None:
    people = team(number)
    last_day = (rt.now() + timedelta(days=20)).date()
    with receive_batch.BatchIntake(rt, organisation_id, CLERK) as intake:
        for role, name, data in _files(people):
            with intake.add_file(role, name) as file:
                for at in range(0, len(data), 4096):
                    file.write(data[at : at + 4096])
        intake.commit(
            receive_batch.BatchOptions(
                title=_title(number), password_policy="none", expires_on=last_day.isoformat()
            )
        )


def _files(people: Sequence[Employee]) -> list[tuple[receive_batch.Role, str, bytes]]:
    return [
        ("documents", "bulletins.pdf", pdf_of(people)),
        ("people", "salaries.csv", list_of(people, without=["Code d'accès"])),
    ]


def _title(number: int) -> str:
    return f"Paie {number}"


def _on_their_way(rt: Runtime, batch: Batch) -> int:
    with rt.read() as session:
        return messages.unfinished(session, batch.id)
