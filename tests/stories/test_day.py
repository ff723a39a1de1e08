"""A day of an office that sends 20,000 messages, with every number known beforehand."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from app.carriers.base import Inbound, Report
from app.core.jobs import Job
from app.db.models import Message
from app.db.queries import consents
from app.db.queries.consents import Line
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.category_rules import priority
from app.messaging.permission.consent import Fact
from app.messaging.permission.consent_proof import How
from app.messaging.texts.segmentation import GSM7_SEGMENT
from app.runtime import Runtime
from app.usecases.messages.expire_attempts import expire_attempts
from app.usecases.messages.record_inbound import record_inbound
from app.usecases.messages.record_report import record_reports
from app.usecases.messages.release_held import release_held
from app.usecases.operations.verify_journal import verify_journal
from app.worker import PIPELINE
from tests.databases import SqliteDatabases
from tests.pipeline import KeptJobs, pipeline
from tests.queue import number, queue, rows, sms_sender
from tests.stories.simulated import Network, Sent, SimulatedTime, Threads
from tests.stories.workers import Call, busiest_second

PARIS, REUNION, GUADELOUPE = map(ZoneInfo, ("Europe/Paris", "Indian/Reunion", "America/Guadeloupe"))
RATE = 100  # segments a second, of the only sender
TICK = 60.0  # seconds between two rounds of the timers while nothing else happens

NOTICES, ADVERTS, IN_REUNION, IN_GUADELOUPE = 9_000, 8_000, 600, 400
LATE, ALERTS, LOST_CODES, CODES = 1_600, 100, 200, 100
# Of those who get an advertisement, by their place in the list:
STOPPED_BEFORE = range(300)
NEVER_AGREED = range(300, 400)
OBJECTED = range(400, 420)  # to everything, so they get no notice either
STOP_AT_TEN = range(ADVERTS - 50, ADVERTS)


def paris(hour: int, minute: int = 0, second: int = 0, day: int = 12) -> datetime:
    """On Tuesday, 12 January 2027."""
    return datetime(2027, 1, day, hour, minute, second, tzinfo=PARIS)


def in_reunion(at: int) -> str:
    return f"+262692{at:06d}"


def in_guadeloupe(at: int) -> str:
    return f"+590690{at:06d}"


def fate_of(to: str) -> tuple[str, str]:
    """What the networks make of a message to a number, by its last digits: state and reason in the end."""
    digits = int(to[-2:])
    if digits < 90:
        return "delivered", ""
    if digits < 94:
        return "failed", "unknown_number"
    if digits < 96:
        return "failed", "phone_absent"
    if digits == 96:
        return "failed", "carrier_stop"
    if digits < 99:
        return "delivered", ""
    return "submitted", ""  # no report comes


@dataclass
class Day:
    """An office, its network and the time of both."""

    rt: Runtime
    time: SimulatedTime
    network: Network
    jobs: KeptJobs
    organisation: Any
    reports: list[Report] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sender = sms_sender(self.rt, self.organisation.id)

    def queue(self, what: str, count: int, category: str, segments: int = 1, **more: Any) -> None:
        """So many messages, now, in their order."""
        # Dispatch counts the segments of each text itself.
        text = f"{segments} {what}".ljust(GSM7_SEGMENT * segments if segments > 1 else 0, ".")
        found = rows(
            self.rt,
            self.sender,
            [text] * count,
            category=category,
            segments=segments,
            template_key=what,
            **more,
        )
        for at, row in enumerate(found):
            row["created_at"] += timedelta(microseconds=at)
        queue(self.rt, found)

    def play(self, until: datetime) -> None:
        """Work as a worker does until then: jobs, what networks tell, timers."""
        while self.time() < until:
            self.time.happen()
            if self.jobs.waiting:
                job: Job = self.jobs.waiting.popleft()
                PIPELINE[job.kind](self.rt, *job.ids)
                continue
            self.time.go_to((self.time.now() // TICK + 1) * TICK)
            release_held(self.rt)
            expire_attempts(self.rt)

    def report(self, sent: Sent) -> None:
        """What comes back of a message some seconds later: twice, or out of order, for some."""
        state, code = fate_of(sent.to)
        at = self.time.now()

        def later(seconds: float, told: Literal["enroute", "delivered", "failed"], key: str) -> None:
            report = Report(sent.attempt_id, key, told, code, datetime.fromtimestamp(at, UTC))
            self.time.plan(at + seconds, partial(self._hear, report))

        match sent.to[-2:]:
            case "99":
                return
            case "98":
                later(2, "delivered", "delivered")
                later(4, "enroute", "enroute")
            case "97":
                later(3, "delivered", "delivered")
                later(5, "delivered", "delivered")
            case _ if state == "failed":
                later(3, "failed", code)
            case _:
                later(3, "delivered", "delivered")

    def _hear(self, report: Report) -> None:
        """Told with those of the same second, as a link hands them on."""
        if not self.reports:
            self.time.plan(self.time.now() + 1, self._tell)
        self.reports.append(report)

    def _tell(self) -> None:
        told, self.reports = self.reports, []
        record_reports(self.rt, told)

    def stop(self, to: str) -> None:
        """The person answers STOP."""
        record_inbound(
            self.rt,
            Inbound(self.organisation.id, to, self.sender.address, "STOP", self.rt.now(), f"stop-{to}"),
        )

    def agree(self, fact: Fact, people: Sequence[int], numbers: Callable[[int], str] = number) -> None:
        """The ledger of these people, from yesterday."""
        yesterday = self.rt.now() - timedelta(days=1)
        line = Line(fact, How.FORM, "form", yesterday)
        with self.rt.begin() as session:
            for at in people:
                consents.append(
                    session, self.rt.vault, self.organisation.id, numbers(at), line, self.rt.now()
                )

    def ended(self, what: str) -> Counter[tuple[str, str]]:
        """State and reason of every message of that name."""
        query = select(Message.state, Message.reason).where(Message.template_key == what)
        with self.rt.read() as session:
            return Counter((state, reason) for state, reason in session.exec(query))

    def left(self, what: str) -> list[Sent]:
        """What the network took under that name, in order."""
        return [one for one in self.network.sent if one.what == what]


@pytest.fixture
def day(sqlite_databases: SqliteDatabases, tmp_path: Path) -> Iterator[Day]:
    """On SQLite, whose clock is the worker's own: that of a server could not be moved."""
    time = SimulatedTime(paris(5, 50))
    with (
        sqlite_databases.migrated() as url,
        pipeline(tmp_path / "data", database_url=url, now=time) as made,
    ):
        network = Network(time)
        rt = replace(
            made.rt, timepiece=time, threads=lambda _count: Threads(time), carriers={"simulator": network}
        )
        played = Day(rt, time, network, made.jobs, made.organisation)
        network.after = played.report
        yield played
        assert verify_journal(rt, made.organisation.id).sound


def expected(people: Sequence[int], numbers: Callable[[int], str] = number) -> Counter[tuple[str, str]]:
    """What becomes of messages to these people that leave."""
    return Counter(fate_of(numbers(at)) for at in people)


def hours(sent: Sequence[Sent], zone: ZoneInfo) -> tuple[str, str]:
    """The first and the last instant, on that clock."""
    first, last = (datetime.fromtimestamp(one.at, zone) for one in (sent[0], sent[-1]))
    return f"{first:%H:%M}", f"{last:%H:%M}"


def begin(day: Day) -> None:
    """The office hands in at six what it has; the rest comes during the day."""
    marketing = range(ADVERTS)
    day.agree(Fact.OPT_IN, [at for at in marketing if at not in NEVER_AGREED])
    day.agree(Fact.STOP, STOPPED_BEFORE)
    day.agree(Fact.OBJECTION_ALL, OBJECTED)
    day.agree(Fact.OPT_IN, range(IN_REUNION), in_reunion)
    day.agree(Fact.OPT_IN, range(IN_GUADELOUPE), in_guadeloupe)
    day.agree(Fact.OPT_IN, range(50_000, 50_000 + LATE))
    plan = day.time.plan
    plan(paris(6), lambda: day.queue("notice", NOTICES, "transactional"))
    plan(paris(6), lambda: day.queue("advert", ADVERTS, "marketing", segments=2))
    plan(paris(6), lambda: day.queue("reunion", IN_REUNION, "marketing", numbers=in_reunion))
    plan(paris(6), lambda: day.queue("guadeloupe", IN_GUADELOUPE, "marketing", numbers=in_guadeloupe))
    late: dict[str, Any] = {
        "first": 50_000,
        "state": "held",
        "reason": "scheduled",
        "not_before": paris(19, 59, 50),
    }
    plan(paris(6), lambda: day.queue("late", LATE, "marketing", segments=2, **late))
    code: dict[str, Any] = {
        "kind": Kind.ACCESS_CODE,
        "priority": priority(Category.TRANSACTIONAL, Kind.ACCESS_CODE),
        "valid": timedelta(minutes=5),
    }
    plan(paris(19, 59, 50), lambda: None)  # the timers look at that very instant
    plan(paris(12), lambda: setattr(day.network, "down", True))
    plan(paris(12), lambda: day.queue("lost code", LOST_CODES, "transactional", first=60_000, **code))
    plan(paris(12, 10), lambda: setattr(day.network, "down", False))
    plan(paris(14), lambda: day.queue("code", CODES, "transactional", first=61_000, **code))
    plan(paris(21), lambda: day.queue("alert", ALERTS, "alert", first=62_000))
    for at in STOP_AT_TEN:
        plan(paris(10, 1), partial(day.stop, number(at)))


def test_a_day_of_20000_messages(day: Day) -> None:
    assert NOTICES + ADVERTS + IN_REUNION + IN_GUADELOUPE + LATE + ALERTS + LOST_CODES + CODES == 20_000
    begin(day)
    day.play(paris(23))
    late = day.left("late")
    held = LATE - len(late)
    assert day.ended("late")["held", "house-marketing"] == held
    assert not day.jobs.waiting
    day.play(paris(11, day=13))

    # Reported: every message came to what the network said of it, however often and in whatever order.
    blocked = [at for at in range(NOTICES) if fate_of(number(at))[1] == "carrier_stop"]
    assert day.ended("notice") == expected([at for at in range(NOTICES) if at not in OBJECTED]) + Counter(
        {("cancelled", "consent-objection-all"): len(OBJECTED)}
    )
    assert day.ended("reunion") == expected(range(IN_REUNION), in_reunion)
    assert day.ended("guadeloupe") == expected(range(IN_GUADELOUPE), in_guadeloupe)
    assert day.ended("late") == expected(range(50_000, 50_000 + LATE))
    codes = expected(range(61_000, 61_000 + CODES))
    codes["expired", "deadline"] = codes.pop(("submitted", ""))  # no report came within its five minutes
    assert day.ended("code") == codes
    assert day.ended("alert") == expected(range(62_000, 62_000 + ALERTS))

    # Stopped: before the day, during it, and by the operator when the notice was refused.
    silent = {*STOPPED_BEFORE, *NEVER_AGREED, *OBJECTED, *STOP_AT_TEN, *blocked}
    stopped = [at for at in (*STOPPED_BEFORE, *STOP_AT_TEN) if at not in blocked]
    never = [at for at in NEVER_AGREED if at not in blocked]
    assert day.ended("advert") == expected([at for at in range(ADVERTS) if at not in silent]) + Counter(
        {
            ("cancelled", "consent-stop"): len(stopped),
            ("cancelled", "consent-cpce-l34-5"): len(never),
            ("cancelled", "consent-objection-all"): len(OBJECTED),
            ("cancelled", "consent-carrier-block"): len(
                [at for at in blocked if at < ADVERTS and at not in OBJECTED]
            ),
        }
    )
    # Each STOP is confirmed, but not to a number the operator has closed.
    confirmed = [number(at) for at in STOP_AT_TEN if at not in blocked]
    assert sorted(one.to for one in day.left("answer")) == confirmed
    assert day.ended("stop_done").total() == len(confirmed) == len(STOP_AT_TEN) - 1
    assert not {one.to for one in day.left("advert")} & {number(at) for at in silent}

    # Held and released: each at ten on its own clock, and what is left at eight in the evening on the next day.
    assert hours(day.left("notice"), PARIS)[0] == "06:00"
    assert hours(day.left("advert"), PARIS) == ("10:00", "10:02")
    assert hours(day.left("reunion"), REUNION) == ("10:00", "10:00")
    assert hours(day.left("guadeloupe"), GUADELOUPE) == ("10:00", "10:00")
    assert hours(late, PARIS) == ("19:59", "19:59")
    assert hours(day.left("late")[len(late) :], PARIS) == ("10:00", "10:00")
    assert 0.9 * 10 * RATE <= sum(one.segments for one in late) <= 10 * RATE
    assert held > LATE / 2

    # An access code is worth nothing after its five minutes; an alert waits for no hour.
    assert day.ended("lost code") == Counter({("cancelled", "validity_over"): LOST_CODES})
    assert day.network.refused >= LOST_CODES
    assert not day.left("lost code")
    assert day.left("alert")[-1].at - paris(21).timestamp() < ALERTS / RATE + 1

    # Throttled: never above the rate, and hardly below it while something waits. Nobody was written to twice.
    calls = [Call(one.at, one.segments, one.what, "") for one in day.network.sent]
    assert busiest_second(calls) <= RATE
    for what in ("notice", "advert"):
        left = day.left(what)
        took = left[-1].at - left[0].at
        assert sum(one.segments for one in left) >= 0.95 * RATE * took
    texts = Counter((one.what, one.to) for one in day.network.sent)
    assert max(texts.values()) == 1
