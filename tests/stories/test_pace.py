"""Four workers on one sender: nearly all of its rate, never more in any second, whatever dies on the way."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from app.db.models import Message
from app.db.queries import consents, organisations
from app.db.queries.consents import Line
from app.db.queries.messages import EXPRESS
from app.db.sending import connections
from app.db.sending.connections import NewConnection
from app.messaging.permission.consent import Fact
from app.messaging.permission.consent_proof import How
from app.messaging.sending.senders import Kind
from app.messaging.texts.segmentation import GSM7_SEGMENT
from app.runtime import Runtime
from app.usecases.messages.dispatch_sender import dispatch_sender
from tests.databases import PostgresDatabases, SqliteDatabases
from tests.pipeline import KeptJobs, Pipeline, pipeline
from tests.queue import number, queue, rows, sms_sender
from tests.senders import add_sender
from tests.stories.workers import Call, LoggingCarrier, busiest_second, calls, start

pytestmark = pytest.mark.alone
RATE = 100
WORKERS = 4
COUNT = 1_200
TUESDAY = datetime(2027, 1, 12, 13, 0, tzinfo=UTC)


@contextmanager
def waiting(
    folder: Path, url: str, costs: Sequence[int], runs: int = WORKERS
) -> Iterator[tuple[Pipeline, list[str]]]:
    """Messages of these lengths in the queue of a sender of 100 segments a second."""
    with pipeline(folder, database_url=url) as made:
        found = []
        sender = sms_sender(made.rt, made.organisation.id)
        for at, segments in enumerate(costs):
            text = f"{segments} {at}"
            text += "." * (GSM7_SEGMENT * segments - len(text)) if segments > 1 else ""
            found += rows(made.rt, sender, [text], segments=segments, first=at)
        yield made, queue(made.rt, found, runs=runs)


def wait_for(log: Path, count: int) -> None:
    for _ in range(600):
        if log.exists() and log.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.05)
    raise AssertionError(f"fewer than {count} calls were made")


def ended(processes: Sequence[ForkServerProcess], folder: Path) -> None:
    for process in processes:
        process.join(60)
        failures = [path.read_text() for path in folder.glob("*.failed")]
        assert process.exitcode == 0, failures


def rate_of(made: Sequence[Call]) -> float:
    """Segments a second from the first call to the last."""
    return sum(call.segments for call in made[:-1]) / (made[-1].at - made[0].at)


def assert_each_left_once(made: Pipeline, log: Path, count: int, *, doubts: int) -> None:
    """Every message is submitted. Only what was in doubt was asked again, with the same reference."""
    with made.rt.read() as session:
        assert set(session.exec(select(Message.state))) == {"submitted"}
    texts = [call.text for call in calls(log)]
    assert len(set(texts)) == count
    assert len(texts) - count <= doubts


def test_four_workers_of_one_process_keep_the_pace_across_its_death(
    sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    """SQLite: the process is killed half-way and started again at once. What it left in the log still counts."""
    log = tmp_path / "calls"
    with (
        sqlite_databases.migrated() as url,
        waiting(tmp_path / "data", url, [1] * COUNT) as (made, runs),
    ):
        doomed = start(tmp_path / "data", url, log, runs)
        wait_for(log, COUNT // 2)
        doomed.kill()
        doomed.join()
        before = len(calls(log))
        ended([start(tmp_path / "data", url, log, runs)], tmp_path / "data")
        assert_each_left_once(made, log, COUNT, doubts=60)
    found = calls(log)
    assert busiest_second(found) <= RATE
    for life in (found[:before], found[before:]):
        assert rate_of(life) >= 0.98 * RATE


@pytest.mark.postgres
def test_four_processes_keep_the_pace_when_one_dies(
    postgres_databases: PostgresDatabases, tmp_path: Path
) -> None:
    """PostgreSQL: the others take over at once, and the dead one's doubts are settled when its run begins again."""
    log, folder = tmp_path / "calls", tmp_path / "data"
    with postgres_databases.migrated() as url, waiting(folder, url, [1] * COUNT) as (made, runs):
        workers = [start(folder, url, log, [run]) for run in runs]
        wait_for(log, COUNT // 2)
        workers[0].kill()
        workers[0].join()
        ended(workers[1:], folder)
        before = len(calls(log))
        ended([start(folder, url, log, runs[:1])], folder)
        assert_each_left_once(made, log, COUNT, doubts=40)
    found = calls(log)
    assert busiest_second(found) <= RATE
    assert rate_of(found[:before]) >= 0.98 * RATE
    assert len({call.worker for call in found[:before]}) == WORKERS


def test_messages_of_several_segments_count_as_such(database_url: str, tmp_path: Path) -> None:
    costs = [1, 2, 1, 4, 1, 1, 10, 1] * 12
    with waiting(tmp_path / "data", database_url, costs, runs=2) as (made, runs):
        log = tmp_path / "calls"
        rt = replace(made.rt, carriers={"simulator": LoggingCarrier(log)})
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda run: dispatch_sender(rt, run), runs))
    found = calls(log)
    assert sum(call.segments for call in found) == sum(costs)
    assert busiest_second(found) <= RATE
    assert rate_of(found) >= 0.85 * RATE


def test_a_slow_carrier_does_not_hold_the_pace_back(database_url: str, tmp_path: Path) -> None:
    """Each call takes longer than ten slots, and one run still reaches the rate: calls overlap."""
    with waiting(tmp_path / "data", database_url, [1] * 250, runs=1) as (made, runs):
        log = tmp_path / "calls"
        rt = replace(made.rt, carriers={"simulator": LoggingCarrier(log, delay=0.11)})
        dispatch_sender(rt, *runs)
    found = calls(log)
    assert busiest_second(found) <= RATE
    assert rate_of(found) >= 0.93 * RATE


@pytest.mark.parametrize("limits", [(100, 40), (25, 100)], ids=["the connection", "one sender"])
def test_senders_that_share_a_connection_keep_its_limit_together(
    limits: tuple[int, int], database_url: str, tmp_path: Path
) -> None:
    """Two senders, two runs each: whichever limit is the lower one holds, in segments, and is used."""
    of_each, of_the_line = limits
    log, costs = tmp_path / "calls", [1, 1, 3] * 12
    with pipeline(tmp_path / "data", database_url=database_url) as made:
        rt = replace(made.rt, carriers={"line": LoggingCarrier(log, name="line")})
        add_sender(rt, made.organisation.id, Kind.LONG_CODE_09, "+33937000000")
        with rt.begin() as session:
            new = NewConnection("line", "kannel", "{}", rate=of_the_line)
            connections.add(session, rt.vault.columns, new, rt.now())
            senders = [
                one
                for one in organisations.every_sender(session, made.organisation.id)
                if one.kind != "rcs_agent"
            ]
            for sender in senders:
                sender.carrier, sender.rate = "line", of_each
                session.add(sender)
        runs = []
        for place, sender in enumerate(senders):
            texts = [f"{cost} s{place}".ljust(GSM7_SEGMENT * cost if cost > 1 else 0, ".") for cost in costs]
            runs += queue(rt, rows(rt, sender, texts, first=100 * place), runs=2)
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda run: dispatch_sender(rt, run), runs))
    found = calls(log)
    assert sum(call.segments for call in found) == 2 * sum(costs)
    assert busiest_second(found) <= min(of_the_line, 2 * of_each)
    for place in range(len(senders)):
        assert busiest_second([call for call in found if call.text.startswith(f"s{place}")]) <= of_each
    assert rate_of(found) >= 0.85 * min(of_the_line, 2 * of_each)


class Stop(BaseException):
    """The worker ends."""


@dataclass
class StoppingJobs(KeptJobs):
    """Jobs of a process that ends when told to."""

    stopping: threading.Event = field(default_factory=threading.Event)

    def checkpoint(self) -> None:
        if self.stopping.is_set():
            raise Stop


@pytest.mark.parametrize(
    "urgent", [{"category": "alert"}, {"priority": EXPRESS}], ids=["alert", "access code"]
)
def test_what_is_urgent_leaves_within_a_second_while_100000_segments_wait(
    urgent: dict[str, Any], database_url: str, tmp_path: Path
) -> None:
    """And advertising goes on meanwhile."""
    log, jobs = tmp_path / "calls", StoppingJobs()
    with pipeline(tmp_path / "data", database_url=database_url, now=lambda: TUESDAY) as made:
        rt = replace(made.rt, carriers={"simulator": LoggingCarrier(log)}, jobs=jobs)
        sender = sms_sender(rt, made.organisation.id)
        adverts = rows(rt, sender, [f"1 advert{at}" for at in range(400)], category="marketing")
        consent_to_marketing(rt, made.organisation.id, len(adverts))
        runs = queue(rt, adverts, runs=2)
        later = TUESDAY + timedelta(seconds=1)
        queue(rt, [{**adverts[0], "id": uuid4(), "created_at": later} for _ in range(100_000)], runs=0)
        asked = []
        with ThreadPoolExecutor(6) as threads:
            working = [threads.submit(dispatch_sender, rt, run) for run in runs]
            wait_for(log, 30)
            for at in range(3):
                message = rows(rt, sender, [f"1 urgent{at}"], first=900 + at, **urgent)
                asked.append(time.time())
                working += [threads.submit(dispatch_sender, rt, run) for run in queue(rt, message)]
                time.sleep(0.5)
            jobs.stopping.set()
        assert all(isinstance(one.exception(), Stop) for one in working[:2])
    found = calls(log)
    assert busiest_second(found) <= RATE
    for at, instant in enumerate(asked):
        left = next(call.at for call in found if call.text == f"urgent{at}")
        assert left - instant < 1.0
        meanwhile = [
            call for call in found if call.text.startswith("advert") and instant < call.at < left + 0.5
        ]
        assert len(meanwhile) > 20


def consent_to_marketing(rt: Runtime, organisation_id: UUID, count: int) -> None:
    line = Line(Fact.OPT_IN, How.FORM, "form", TUESDAY - timedelta(days=1))
    with rt.begin() as session:
        for at in range(count):
            consents.append(session, rt.vault, organisation_id, number(at), line, TUESDAY)
