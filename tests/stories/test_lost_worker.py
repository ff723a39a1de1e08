"""A worker is lost in the middle of a payroll, for good or for a while; another one finishes it, and nobody has two
messages."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select

from app.db.models import Message
from app.db.session import open_engine
from tests.stories.killed import Kill, Place, end_of, start, team
from tests.stories.test_kill import (
    AFTER_THE_CALL,
    ANNOUNCE,
    HANDOVER,
    SPLIT,
    STAGES,
    assert_everybody_has_one_message,
    assert_nothing_is_left_over,
    opened,
)

LOST_AFTER = 1.5
TRIES = 20
RIGHT_BEFORE, WAITING = "right before a call", "while it waits for its turn"
ASLEEP = {
    # It wakes up between its last question and the call itself.
    RIGHT_BEFORE: Kill(f"{HANDOVER}:_one", "before", 3, signal.SIGSTOP),
    WAITING: Kill("app.core.clock:SystemTime.sleep", "after", 3, signal.SIGSTOP),
    "while links are minted": Kill(f"{ANNOUNCE}:_mint", "after", 3, signal.SIGSTOP),
    "in the middle of cutting": Kill(f"{SPLIT}:seal", "after", 3, signal.SIGSTOP),
}


def two_workers(place: Place) -> tuple[Place, Place]:
    """The same place with the names of two workers."""
    first = replace(place, lost_after=LOST_AFTER)
    return first, replace(first, slot="1")


def finish_elsewhere(place: Place, kill: Kill) -> None:
    """One worker dies; one of another name must find everything by itself."""
    first, second = two_workers(place)
    assert end_of(start(first, kill), first) == -signal.SIGKILL, first.log.read_text()[-4000:]
    assert end_of(start(second, None), second) == 0, second.log.read_text()[-4000:]


@pytest.mark.parametrize("stage", ["split", "announce", "dispatch"])
def test_what_a_lost_worker_held_is_finished_by_another(
    stage: str, sqlite_places: Callable[[str], Place]
) -> None:
    step, kill = list(STAGES[stage].items())[2]
    place = sqlite_places(step)
    finish_elsewhere(place, kill)
    with opened(place) as story:
        assert_everybody_has_one_message(story, 0)
        assert_nothing_is_left_over(story)


@pytest.mark.postgres
def test_the_same_holds_on_postgres(postgres_places: Callable[[str], Place]) -> None:
    place = postgres_places(AFTER_THE_CALL)
    finish_elsewhere(place, STAGES["dispatch"][AFTER_THE_CALL])
    with opened(place) as story:
        assert_everybody_has_one_message(story, 0)
        assert_nothing_is_left_over(story)


def fall_asleep(
    places: Callable[[str], Place], step: str, *, idempotent: bool
) -> tuple[Place, ForkServerProcess]:
    """A worker that is stopped at a step while no other thread of it holds anything in the database: whoever sleeps with
    a lock makes the others wait for it, and no test of ours."""
    for at in range(TRIES):
        first, _ = two_workers(replace(places(f"{step} {at}"), idempotent=idempotent))
        process = start(first, ASLEEP[step])
        assert process.pid is not None
        until_stopped(process.pid, first)
        if is_quiet(first):
            return first, process
        process.kill()
        process.join()
    raise AssertionError("it always slept with a lock in its hands")


def until_stopped(pid: int, place: Place) -> None:
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < deadline, place.log.read_text()[-4000:]
        time.sleep(0.02)


def is_quiet(place: Place) -> bool:
    """Whoever holds a row has a transaction number."""
    engine = open_engine(place.url, pool_size=1)
    with engine.connect() as connection:
        busy = connection.execute(
            sa.text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL"
            )
        ).scalar_one()
    engine.dispose()
    return bool(busy == 0)


@pytest.mark.postgres
@pytest.mark.parametrize("step", ASLEEP)
def test_a_worker_that_wakes_up_texts_nobody_a_second_time(
    step: str, postgres_places: Callable[[str], Place]
) -> None:
    first, sleeper = fall_asleep(postgres_places, step, idempotent=True)
    second = replace(first, slot="1")
    assert end_of(start(second, None), second) == 0, second.log.read_text()[-4000:]
    with opened(first) as story:
        assert_everybody_has_one_message(story, 0)
    assert sleeper.pid is not None
    os.kill(sleeper.pid, signal.SIGCONT)
    assert end_of(sleeper, first) == 0, first.log.read_text()[-4000:]
    with opened(first) as story:
        assert_everybody_has_one_message(story, 0)
        assert_nothing_is_left_over(story)


@pytest.mark.postgres
@pytest.mark.parametrize("step", [RIGHT_BEFORE, WAITING])
def test_neither_does_one_whose_carrier_does_not_know_a_repeat(
    step: str, postgres_places: Callable[[str], Place]
) -> None:
    first, sleeper = fall_asleep(postgres_places, step, idempotent=False)
    second = replace(first, slot="1")
    assert end_of(start(second, None), second) == 0, second.log.read_text()[-4000:]
    assert sleeper.pid is not None
    os.kill(sleeper.pid, signal.SIGCONT)
    assert end_of(sleeper, first) == 0, first.log.read_text()[-4000:]
    with opened(first) as story:
        for _ in range(3):
            story.clock.forward(seconds=2)
            story.hear()
        shown = [len(story.phone(one.phone)) for one in team(0)]
        assert max(shown) == 1
        with story.rt.read() as session:
            states = list(session.exec(select(Message.state)))
        assert len(states) == 6
        assert states.count("delivered") == sum(shown)
        assert not {"failed", "submitting"} & set(states)
        story.check_journal()
