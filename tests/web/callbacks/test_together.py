"""Requests that come at the same moment share one writing, and each gets its own answer."""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa
from sqlmodel import select

from app.carriers.http.calls import CallbackRequest
from app.db.models import Attempt
from app.runtime import Runtime
from app.usecases.callbacks.open_connection import open_connection
from app.web.callbacks.routes import take
from app.web.callbacks.together import Together
from tests.carriers.http.double import Say
from tests.stories.payroll import crew
from tests.web.callbacks.conftest import Office
from tests.web.callbacks.test_callbacks import KANNEL

LINE = "kannel"
RT, OTHER = cast(Runtime, object()), cast(Runtime, object())


class Writer:
    """Writes when it is let, and fails for what is named `bad`."""

    def __init__(self) -> None:
        self.written: list[list[str]] = []
        self.begun, self.let = Event(), Event()

    def __call__(self, _rt: Runtime, what: Sequence[str]) -> None:
        self.begun.set()
        assert self.let.wait(10)
        self.written.append(list(what))
        if "bad" in what:
            raise ValueError("bad")


def given(together: Together[str], writer: Writer, *names: str) -> list[Future[None]]:
    """The first is being written while the others come."""
    with ThreadPoolExecutor(len(names)) as threads:
        first = threads.submit(together, RT, LINE, names[0])
        assert writer.begun.wait(10)
        others = []
        for name in names[1:]:
            others.append(threads.submit(together, RT, LINE, name))
            time.sleep(0.05)
        writer.let.set()
    return [first, *others]


def test_what_comes_while_one_is_written_is_written_in_one_go() -> None:
    writer = Writer()
    done = given(Together(writer), writer, "a", "b", "c", "d")
    assert writer.written == [["a"], ["b", "c", "d"]]
    assert [one.exception() for one in done] == [None] * 4


def test_one_that_cannot_be_written_fails_alone() -> None:
    writer = Writer()
    done = given(Together(writer), writer, "a", "b", "bad", "d")
    assert writer.written == [["a"], ["b", "bad", "d"], ["b"], ["bad"], ["d"]]
    assert [type(one.exception()) for one in done] == [type(None), type(None), ValueError, type(None)]


def test_one_alone_is_tried_once_and_the_next_is_not_held_up() -> None:
    writer = Writer()
    writer.let.set()
    together = Together(writer)
    with pytest.raises(ValueError, match="bad"):
        together(RT, LINE, "bad")
    together(OTHER, LINE, "b")
    assert writer.written == [["bad"], ["b"]]


def test_nobody_waits_for_what_another_connection_brought() -> None:
    writer = Writer()
    together = Together(writer)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(together, RT, LINE, "a")
        assert writer.begun.wait(10)
        writer.begun.clear()
        other = threads.submit(together, RT, "twilio", "b")
        assert writer.begun.wait(10)
        writer.let.set()
    assert [one.exception() for one in (first, other)] == [None, None]
    assert sorted(writer.written) == [["a"], ["b"]]


def test_nobody_is_thanked_for_what_was_not_stored_because_the_writing_thread_ended() -> None:
    begun, let = Event(), Event()

    def write(_rt: Runtime, what: Sequence[str]) -> None:
        begun.set()
        assert let.wait(10)
        if "b" in what:
            raise SystemExit

    together: Together[str] = Together(write)
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(together, RT, LINE, "a")
        assert begun.wait(10)
        others = [threads.submit(together, RT, LINE, name) for name in ("b", "c")]
        time.sleep(0.2)
        let.set()
    assert first.exception() is None
    assert all(one.exception() is not None for one in others)


def test_reports_of_one_moment_are_stored_in_one_transaction(office: Office) -> None:
    rt, people = office.story.rt, crew(12)
    office.provider.answers["/cgi-bin/sendsms"] = Say(202, b"0: Accepted for delivery")
    office.connect("kannel", **KANNEL)
    batch = office.story.sent(*people, channels=("sms",))
    found = open_connection(rt, "kannel")
    assert found is not None
    with rt.read() as session:
        addresses = [found[1].of_attempt(one.id) for one in session.exec(select(Attempt))]
    commits: list[Any] = []
    note = commits.append
    sa.event.listen(rt.database.engine, "commit", note)

    def call(address: str) -> None:
        query = {**dict(parse_qsl(urlsplit(address).query)), "status": "1"}
        take(rt, "kannel", "GET", CallbackRequest(address, query, (), {}, b""), "192.0.2.1")

    with ThreadPoolExecutor(len(addresses)) as threads:
        with rt.begin():
            done = [threads.submit(call, address) for address in addresses]
            time.sleep(1)
        for one in done:
            one.result()
    sa.event.remove(rt.database.engine, "commit", note)
    assert set(office.story.states(batch).values()) == {"delivered"}
    assert len(commits) <= 6  # ours, that of the first, and those of who came meanwhile, one or a few
